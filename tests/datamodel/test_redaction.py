"""No password and no key of an address leaves the campaign file."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miniatures.backends.errors import UnknownSpec
from miniatures.backends.spec import open_backend
from miniatures.datamodel.errors import StoreError
from miniatures.datamodel.redaction import without_secrets
from miniatures.store.open import open_store


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("searxng:https://ana:hunter2@search.example/x", "searxng:https://search.example/x"),
        ("https://search.example/?q=1&api_key=hunter2&lang=en", "https://search.example/?q=1&api_key=***&lang=en"),
        ("https://search.example/?Access-Token=hunter2#top", "https://search.example/?Access-Token=***#top"),
        ("postgresql://ana:hun/ter2@db.example/x", "postgresql://db.example/x"),
        ("postgresql://db.example/x?password=hunter2", "postgresql://db.example/x?password=***"),
        ("http://127.0.0.1:8080/a@b", "http://127.0.0.1:8080/a@b"),
        (
            "see https://medium.example/@ana, or ana@frost.example",
            "see https://medium.example/@ana, or ana@frost.example",
        ),
        ("sqlite:///runs/campaign.sqlite", "sqlite:///runs/campaign.sqlite"),
        ("ddgs", "ddgs"),
    ],
)
def test_what_is_shown_of_an_address(text: str, shown: str) -> None:
    assert without_secrets(text) == shown


@given(st.text(), st.from_regex(r"[a-zA-Z0-9:!$&'()*+,;=%._~-]{8,20}", fullmatch=True))
def test_userinfo_never_stays(before: str, secret: str) -> None:
    assert f"{secret}@" not in without_secrets(f"{before} https://{secret}@host.example/x")


@given(st.text())
def test_it_is_done_once(text: str) -> None:
    assert without_secrets(without_secrets(text)) == without_secrets(text)


@pytest.mark.parametrize("piece", ["?key", "?", "&key?", "://a:b", "://a:", "://a:1", "key=", "a@", "://a@", "?key="])
def test_the_time_it_takes_grows_with_the_length_alone(piece: str) -> None:
    started = time.monotonic()
    without_secrets(piece * 100_000)
    assert time.monotonic() - started < 5


@pytest.mark.parametrize(
    "address", ["https://ana:hunter2@gateway.example/v1", "https://gateway.example/v1?key=hunter2"]
)
@pytest.mark.parametrize("model", ["#small", ""])
def test_a_backends_address_holds_no_secret_and_the_refusal_repeats_none(address: str, model: str) -> None:
    with pytest.raises(UnknownSpec) as raised:
        open_backend(f"openai-compatible:{address}{model}")
    assert "hunter2" not in raised.value.message + str(raised.value) + raised.value.hint


@pytest.mark.parametrize(
    "url", ["mysql://ana:hunter2@db.example/x", "://ana:hunter2@db.example", "postgresql://[x:hunter2@"]
)
def test_a_stores_refusal_repeats_no_password(url: str) -> None:
    with pytest.raises(StoreError) as raised:
        open_store(url)
    assert "hunter2" not in raised.value.message


def test_a_store_that_cannot_be_reached_tells_no_password(tmp_path: Path) -> None:
    with pytest.raises(StoreError) as raised:
        open_store("postgresql://ana:hunter2@127.0.0.1:1/x?password=hunter2")
    assert "hunter2" not in raised.value.message
