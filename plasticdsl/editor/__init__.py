"""What editors ask about a text: where things are declared and used, what they are, what could be written, and what is wrong. Pure functions from an
`Analysis` to frozen values; `server` speaks the Language Server Protocol, `preview` serves pages to a browser.
"""
