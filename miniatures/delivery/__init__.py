"""Sending, and what comes back."""
