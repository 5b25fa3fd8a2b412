"""`miniatures outbox` and `miniatures send`: what is told of an outbox that may be long."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from miniatures.cli.main import app
from miniatures.delivery.queueing import queue_approved
from miniatures.store.open import open_store
from tests.delivery.approved import sending_campaign
from tests.delivery.conftest import own_list

__all__ = ["own_list"]


async def nobodys(domain: str) -> str:
    return domain


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A campaign of which three emails wait."""
    loaded = sending_campaign(tmp_path / "desk", 25, approve=3)
    with open_store(loaded.store_url) as store:
        asyncio.run(queue_approved(loaded, store, now=store.now(), provider_of=nobodys))
    return tmp_path / "desk"


def said(*arguments: str) -> str:
    result = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
    return result.output


def test_a_long_outbox_is_cut_and_counted(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("miniatures.cli.outbox._SHOWN", 2)
    for options, more in (((), 1), (("--state", "queued"), 1), (("--state", "accepted"), 0)):
        told = said("outbox", str(folder), *options)
        assert "3 queued" in told
        assert ("1 more; --json prints all." in told) is bool(more)
    assert len(json.loads(said("outbox", str(folder), "--json"))) == 3


def test_a_pause_is_told_and_resumed(folder: Path) -> None:
    told = said("outbox", str(folder), "--pause", "lunch")
    assert "Paused: everything" in told
    assert "lunch" in told
    assert "it is paused" in said("send", str(folder))
    assert "Paused" not in said("outbox", str(folder), "--resume")
