"""What models do here, one role a file: what it is told, what it answers, how it is held and what counts as right."""
