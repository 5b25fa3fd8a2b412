"""Forgetting a person: in stores, caches, previews, reports, datasets and the registry."""
