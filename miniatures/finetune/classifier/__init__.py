"""Trains encoders that answer closed questions: what a sentence is, whether a statement is supported."""
