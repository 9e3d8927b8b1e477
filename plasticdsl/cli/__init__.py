"""The command line: `app` names the commands, which are in `run`, `test` and `files`; what they share is in `console` and `choices`."""
