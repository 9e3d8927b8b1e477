"""Plain programs, each with the numbers that one example expects; none of them knows plasticdsl."""
