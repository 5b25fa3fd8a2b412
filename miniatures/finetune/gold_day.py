"""The day on which all gold data plays: what is news and what is stale in it is meant as of then."""

from __future__ import annotations

from datetime import UTC, datetime

WRITTEN_AT = datetime(2026, 11, 22, tzinfo=UTC)
