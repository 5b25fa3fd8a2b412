"""Every test of the store runs on both databases."""

from tests.store.databases import postgres_server, postgres_url, store, store_url

__all__ = ["postgres_server", "postgres_url", "store", "store_url"]
