"""What is wrong with a model: as data (`diagnostic`), as text (`render`), and the list of all codes (`codes`)."""
