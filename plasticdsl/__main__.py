"""`python -m plasticdsl` is the command `plasticdsl`."""

from plasticdsl.cli.app import main

main()
