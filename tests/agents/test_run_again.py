"""A second run does again what a changed file changes, and nothing else. Nobody is asked: the pages hold no news."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from miniatures.agents.run_events import RunSummary
from miniatures.agents.runs import run_campaign
from miniatures.inputs.campaign import load_campaign
from miniatures.inputs.scaffold import create_campaign
from tests.agents.tools.test_search_providers import standing_in

CAMPAIGN = """
name: autumn
brief: brief.md
prospects: prospects.csv
search: {use: 'local:./sites', spacing_s: 0}
backends: {writer: {use: 'openai-compatible:http://127.0.0.1:1/v1#small', temperature: 0.2}}
roles: {writer: writer}
hosts: {'*.example': '127.0.0.1:1'}
research: {seconds: 300}
"""
PROSPECTS = """email,company,website
kim@kelder.example,Kelder,http://kelder.example/
sam@brigg.example,Brigg,http://brigg.example/
"""
Change = Callable[[Path], object]


@pytest.fixture
async def folder(tmp_path: Path) -> AsyncIterator[Path]:
    """A campaign of two prospects whose pages are empty of news, and the addresses of two search servers."""
    folder = tmp_path / "autumn"
    create_campaign(folder)
    (folder / "prospects.csv").write_text(PROSPECTS)
    for name in ("sites", "elsewhere"):
        (folder / name / "kelder.example").mkdir(parents=True)
        (folder / name / "kelder.example" / "index.html").write_text("<p>Eel.</p>")
    async with AsyncExitStack() as servers:
        addresses = [
            (await servers.enter_async_context(standing_in(200, b'{"results": []}')))[0].replace("//", "//ana:pw@")
            for _ in range(2)
        ]
        (folder / "servers.txt").write_text("\n".join(addresses))
        (folder / "campaign.yaml").write_text(CAMPAIGN)
        yield folder


async def run(folder: Path) -> RunSummary:
    return await run_campaign(load_campaign(folder, trusted=True))


def rewritten(name: str, old: str, new: str) -> Change:
    def change(folder: Path) -> None:
        file = folder / name
        first, second = (folder / "servers.txt").read_text().split()
        old_text, new_text = (text.format(first=first, second=second) for text in (old, new))
        text = file.read_text()
        assert old_text in text
        file.write_text(text.replace(old_text, new_text))

    return change


def nothing(_: Path) -> None:
    pass


SEARXNG = rewritten("campaign.yaml", "local:./sites", "searxng:{first}?key=one")


@pytest.mark.parametrize(
    ("before", "change", "done_again"),
    [
        pytest.param(nothing, nothing, 0, id="nothing"),
        pytest.param(nothing, rewritten("prospects.csv", "Kelder,", "Kelder & Zoon,"), 1, id="a company"),
        pytest.param(nothing, rewritten("prospects.csv", "http://brigg", "http://www.brigg"), 1, id="a website"),
        pytest.param(nothing, SEARXNG, 2, id="the search provider"),
        pytest.param(nothing, rewritten("campaign.yaml", "./sites", "./elsewhere"), 2, id="the path of a local search"),
        pytest.param(
            nothing, rewritten("sites/kelder.example/index.html", "Eel.", "Smoked."), 2, id="what stands in local files"
        ),
        pytest.param(
            nothing,
            lambda folder: os.utime(folder / "sites/kelder.example/index.html", (1, 1)),
            0,
            id="the date of a local file",
        ),
        pytest.param(SEARXNG, nothing, 0, id="nothing, on the web"),
        pytest.param(SEARXNG, rewritten("campaign.yaml", "{first}", "{second}"), 2, id="the address of a search"),
        pytest.param(SEARXNG, rewritten("campaign.yaml", "key=one", "key=two"), 0, id="the key of a search"),
        pytest.param(nothing, rewritten("campaign.yaml", "0.2", "0.4"), 2, id="a temperature"),
        pytest.param(nothing, rewritten("campaign.yaml", "seconds: 300", "seconds: 60"), 0, id="the time for reading"),
    ],
)
async def test_what_a_change_does_again(folder: Path, before: Change, change: Change, done_again: int) -> None:
    before(folder)
    first = await run(folder)
    assert (first.new, first.reused) == (2, 0)
    change(folder)
    second = await run(folder)
    assert (second.new, second.reused) == (done_again, 2 - done_again)


async def test_no_secret_of_a_search_address_is_kept(folder: Path) -> None:
    SEARXNG(folder)
    await run(folder)
    kept = [path.read_bytes() for path in (folder / "runs").rglob("*") if path.is_file()]
    assert kept and not any(secret in content for content in kept for secret in (b"ana:pw", b"key=one"))
