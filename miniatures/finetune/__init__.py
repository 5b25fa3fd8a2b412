"""Traces become a dataset, a dataset becomes a miniature."""
