"""A page in the browser with sliders for the numbers of a model: a checked model comes in, a server on the loopback address goes out."""
