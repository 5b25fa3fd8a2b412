"""Fetching a page from a hostile web: politely, within caps, and never from a private address."""
