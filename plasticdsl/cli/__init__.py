"""The command line: `app` names the commands, each has a module of its own; what they share is in `console` and `choices`."""
