"""kill -9 while two senders empty one queue: no email is sent twice, none is lost, and what is not known is named."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from benchmarks.outbox_kills import strike
from miniatures.datamodel.message import MessageState
from tests.store.databases import postgres_server, postgres_url, store_url

__all__ = ["postgres_server", "postgres_url", "store_url"]


@pytest.mark.slow
def test_no_email_is_sent_twice_or_lost_when_senders_are_killed(
    store_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MINIATURES_HOME", str(tmp_path / "home"))
    tally = strike(store_url, tmp_path, 25, random.Random(7))
    assert tally.kills == 25
    assert (tally.twice, tally.lost) == ([], [])
    assert tally.states.total() == tally.emails
    assert tally.states[MessageState.ACCEPTED] > 300
