"""`python -m miniatures` is the command line, for machines whose scripts folder is not on the path."""

from miniatures.cli.main import run

run()
