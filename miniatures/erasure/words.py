"""What the tables of a store hold, in words for whoever has never heard of a table."""

from __future__ import annotations

_IN_WORDS = {
    "claims": "reviews under way",
    "stages": "steps of a run",
    "results": "outcomes",
    "spans": "timings",
    "traces": "model calls",
    "hits": "opens and clicks",
    "mail_events": "what became of emails",
    "inbound": "what came back",
    "messages": "emails",
    "enrolments": "parts in a test",
    "prospects": "rows of the list",
    "ab_tests": "tests of arms",
    "ab_decisions": "decisions about arms",
}


def in_words(table: str) -> str:
    """What the rows of a table are; its own name where that says it."""
    return _IN_WORDS.get(table, table)
