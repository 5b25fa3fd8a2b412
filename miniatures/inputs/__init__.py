"""Reads what people write: campaign files, briefs and lists of prospects, with errors that name file and line."""
