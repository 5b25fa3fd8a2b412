"""Measures backends on the cases of a dataset: every check with its interval, compared pair by pair."""
