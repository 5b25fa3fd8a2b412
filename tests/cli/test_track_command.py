"""`miniatures track`: it serves what the campaigns say, tells what has to lead to it, and refuses what cannot be."""

from __future__ import annotations

import inspect
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from miniatures.app.track.serve import serve_tracker
from miniatures.cli.track import _ready, track
from miniatures.datamodel.errors import InputError
from miniatures.delivery.doctor.tracker import USUAL_PORT
from miniatures.delivery.tokens import TokenKind, Tokens
from miniatures.inputs.scaffold import create_campaign
from tests.app.track.served import LINK, URL, email_to, queued, write_campaign

_COMMAND = "import typer; from miniatures.cli.track import track; typer.run(track)"


@contextmanager
def tracking(folder: Path, *options: str) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    """The command in a process of its own, and what it said when it was ready."""
    command = [sys.executable, "-c", _COMMAND, str(folder), "--port", "0", *options]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr is not None
        said = [process.stderr.readline()]
        while said[-1] and not said[-1].startswith("Open this once"):
            said.append(process.stderr.readline())
        yield process, said
    finally:
        process.kill()
        process.wait(10)


def address_in(said: list[str]) -> str:
    return next(word for word in said[0].split() if word.startswith("http"))


@pytest.mark.slow
def test_it_listens_says_what_is_needed_and_keeps_an_opt_out_through_a_kill(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MINIATURES_HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "pseudonyms.secret").write_bytes(b"s" * 32)
    loaded = write_campaign(tmp_path / "autumn")
    email = email_to(loaded, "kim@depot.example")
    queued(loaded, email)
    tokens = Tokens(b"s" * 32)
    with tracking(loaded.folder) as (process, said):
        told = "".join(said)
        here = address_in(said)
        assert f"The emails name {URL}: see to it that this address leads here" in told
        assert "--proxy 127.0.0.1" in told
        assert f"{URL}/own/" in said[-1]
        click = httpx.get(f"{here}/c/{tokens.sign(TokenKind.CLICK, email.id, 1)}")
        assert click.headers["location"] == LINK
        assert httpx.post(f"{here}/u/{tokens.sign(TokenKind.OPT_OUT, email.id)}").status_code == 200
        os.kill(process.pid, signal.SIGKILL)
    with tracking(loaded.folder, "--proxy", "127.0.0.1") as (_, said):
        assert "Warning" not in "".join(said)
    from miniatures.store.open import open_store

    with open_store(loaded.store_url) as store:
        assert store.mail.suppressions.listed("kim@depot.example", loaded.name) is not None


def listening(url: str):  # type: ignore[no-untyped-def]
    from miniatures.app.track.serve import Listening

    return Listening("http://127.0.0.1:8085", url, ("autumn",), f"{url}/own/key")


def test_what_a_person_is_told() -> None:
    assert "nobody but this machine" in _ready(listening("http://127.0.0.1:8085"), "127.0.0.1", ())[-1]
    assert any("https://" in line for line in _ready(listening("http://track.example"), "0.0.0.0", ())[2:3])
    assert len(_ready(listening("https://track.example"), "127.0.0.1", ("127.0.0.1",))) == 3


def test_a_port_that_the_emails_do_not_name_is_told() -> None:
    told = _ready(listening("http://127.0.0.1:8099"), "127.0.0.1", ())
    assert "Warning: it listens at 8085, and your emails name 8099: give --port 8099" in told
    assert not any("--port" in line for line in _ready(listening("http://127.0.0.1:8085"), "127.0.0.1", ()))
    assert any("by a proxy that asks http://127.0.0.1:8085" in line for line in _ready(listening(URL), "0.0.0.0", ()))


def test_the_doctor_looks_for_it_at_its_usual_port() -> None:
    assert inspect.signature(track).parameters["port"].default == USUAL_PORT


@pytest.mark.parametrize(
    ("proxies", "message"), [(("somewhere",), "--proxy: 'somewhere'"), (("10.0.0.0/99",), "--proxy")]
)
def test_a_proxy_is_named_by_its_address(tmp_path: Path, proxies: tuple[str, ...], message: str) -> None:
    loaded = write_campaign(tmp_path / "autumn")
    with pytest.raises(InputError, match=message):
        serve_tracker([loaded.path], host="127.0.0.1", port=0, proxies=proxies, on_ready=lambda _: None)


def test_a_campaign_without_an_address_for_its_links_is_refused(tmp_path: Path) -> None:
    create_campaign(tmp_path / "autumn")
    with pytest.raises(InputError, match="says nowhere where its links lead"):
        serve_tracker([tmp_path / "autumn"], host="127.0.0.1", port=0, on_ready=lambda _: None)


def test_campaigns_of_two_addresses_are_served_one_by_one(tmp_path: Path) -> None:
    one = write_campaign(tmp_path / "autumn")
    other = write_campaign(tmp_path / "spring", url="https://other.waymark.example")
    with pytest.raises(InputError, match="different tracking addresses"):
        serve_tracker([one.path, other.path], host="127.0.0.1", port=0, on_ready=lambda _: None)
