"""A database that fails: links still lead on where they can be looked up, and nobody is told `done` who is not."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import pytest

from miniatures.app.track import tracker as module
from miniatures.datamodel.errors import StoreError
from miniatures.delivery.tokens import TokenKind
from miniatures.store.engine import database_at
from miniatures.store.store import Store
from tests.app.track.served import LINK, Served, served, write_campaign


async def _fails(*_: object, **__: object) -> None:
    raise StoreError("the disk is full")


async def _hangs(*_: object, **__: object) -> None:
    import asyncio

    await asyncio.sleep(60)


@pytest.mark.parametrize("broken", [_fails, _hangs])
def test_a_hit_that_cannot_be_kept_stands_in_nobodys_way(
    tmp_path: Path, broken: Callable[..., object], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "HIT_SECONDS", 0.2)

    def no_hits(store: Store) -> None:
        monkeypatch.setattr(store.mail.hits, "add", broken)

    with served(write_campaign(tmp_path / "autumn"), broken=no_hits) as tracker:
        assert tracker.ask("GET", tracker.path(TokenKind.CLICK, 1)).headers["location"] == LINK
        assert tracker.ask("GET", tracker.path(TokenKind.OPEN)).status_code == 200
        reply = tracker.ask("POST", tracker.path(TokenKind.OPT_OUT))
        assert (reply.status_code, tracker.opted_out()) == (200, True)
    warnings = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert len(warnings) == 3
    assert "depot" not in caplog.text


@pytest.mark.parametrize("broken", [_fails, _hangs])
def test_an_opt_out_that_was_not_kept_is_told_so(
    tmp_path: Path, broken: Callable[..., object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "DATABASE_SECONDS", 0.5)

    def no_list(store: Store) -> None:
        monkeypatch.setattr(store.mail.suppressions, "add", broken)

    with served(write_campaign(tmp_path / "autumn", language="de"), broken=no_list) as tracker:
        reply = tracker.ask("POST", tracker.path(TokenKind.OPT_OUT))
        assert (reply.status_code, reply.headers["retry-after"]) == (503, "60")
        assert "Sie sind noch nicht abgemeldet." in reply.text
        assert "STOP" in reply.text
        assert "Sie erhalten keine E-Mails mehr" not in reply.text
        assert tracker.hits() == []


def test_a_file_that_can_no_longer_be_read_is_told_and_heals(tmp_path: Path) -> None:
    with served(write_campaign(tmp_path / "autumn")) as tracker:
        path = tmp_path / "autumn" / "runs" / "autumn" / "campaign.sqlite"
        database = database_at(str(path))
        with database.change() as connection:
            connection.exec_driver_sql("ALTER TABLE messages RENAME TO elsewhere")
        click = tracker.ask("GET", tracker.path(TokenKind.CLICK, 1))
        opt_out = tracker.ask("POST", tracker.path(TokenKind.OPT_OUT))
        assert (click.status_code, click.headers["retry-after"], click.headers.get("location")) == (503, "60", None)
        assert (opt_out.status_code, opt_out.headers["retry-after"]) == (503, "60")
        assert tracker.ask("GET", tracker.path(TokenKind.OPEN)).content[:6] == b"GIF89a"
        with database.change() as connection:
            connection.exec_driver_sql("ALTER TABLE elsewhere RENAME TO messages")
        database.engine.dispose()
        assert tracker.ask("GET", tracker.path(TokenKind.CLICK, 1)).status_code == 302
        assert tracker.ask("POST", tracker.path(TokenKind.OPT_OUT)).status_code == 200


def connections_killed(tracker: Served) -> None:
    """What a server does to everybody when it is restarted."""
    database = database_at(tracker.loaded.store_url)
    others = "datname = current_database() AND pid <> pg_backend_pid()"
    with database.change() as connection:
        connection.exec_driver_sql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}")
    database.engine.dispose()


@pytest.mark.slow
def test_on_a_server_as_well_and_after_its_connections_were_killed(tmp_path: Path, postgres_url: str) -> None:
    with served(write_campaign(tmp_path / "autumn", store=postgres_url)) as tracker:
        assert tracker.ask("GET", tracker.path(TokenKind.CLICK, 1)).status_code == 302
        connections_killed(tracker)
        assert tracker.ask("GET", tracker.path(TokenKind.CLICK, 1)).status_code == 302
        connections_killed(tracker)
        assert tracker.ask("POST", tracker.path(TokenKind.OPT_OUT)).status_code == 200
        assert tracker.opted_out()
        assert len(tracker.hits()) == 3


def test_where_an_opt_out_cannot_be_looked_up_the_button_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unread(*_: object) -> None:
        raise StoreError("the disk is gone")

    def no_list(store: Store) -> None:
        monkeypatch.setattr(store.mail.suppressions, "listed", unread)

    with served(write_campaign(tmp_path / "autumn"), broken=no_list) as tracker:
        reply = tracker.ask("GET", tracker.path(TokenKind.OPT_OUT))
        assert reply.status_code == 200 and "<button>" in reply.text
