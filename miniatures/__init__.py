"""Trained Miniatures: agents that research and write outreach, on a teacher or a small model trained on it."""

__version__ = "0.1.0"
