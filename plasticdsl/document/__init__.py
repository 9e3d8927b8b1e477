"""The model as a methods section: what was written and what it means come in, a `description.Document` goes out, and text in several formats."""
