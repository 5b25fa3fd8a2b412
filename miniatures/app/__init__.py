"""Servers: the OpenAI-compatible endpoint now, the review and tracking app later."""
