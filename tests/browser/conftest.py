"""A real browser, and the real app in a process of its own, for tests of what people see and press."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from miniatures.inputs.campaign import LoadedCampaign
from miniatures.store.open import open_store
from miniatures.store.store import Store
from tests.app.web.desk_campaign import write_campaign

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_QUIET = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking")
_WAIT_MS = 15_000
expect.set_options(timeout=_WAIT_MS)
REQUIRED = "MINIATURES_TESTS_SKIP_NOTHING"
"""Set where a missing browser is a failure and no reason to skip."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, or Chrome, without a window. It is gone after its module: its loop runs in this thread, and no
    asynchronous test could run beside it.
    """
    found = next(filter(None, map(shutil.which, _NAMES)), None)
    if found is None:
        missing = "no Chromium here, so what people see in the browser is not tested: apt-get install chromium"
        pytest.fail(missing) if os.environ.get(REQUIRED) else pytest.skip(missing)
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path=found, args=[*_QUIET, "--disable-component-update", "--disable-sync"]
        )
        yield opened
        opened.close()


@dataclass(frozen=True)
class RunningApp:
    """The app as it listens, its campaign, and somebody who was let in."""

    url: str
    loaded: LoadedCampaign
    context: BrowserContext
    process: subprocess.Popen[str]
    script_errors: list[str] = field(default_factory=list)

    @property
    def base(self) -> str:
        """The campaign's own page."""
        return f"{self.url}/c/{self.loaded.name}"

    def open(self, path: str = "") -> Page:
        """A page of the campaign, in a tab of its own; if a script of it fails, so does the test."""
        page = self.context.new_page()
        page.set_default_timeout(_WAIT_MS)
        page.on("pageerror", lambda error: self.script_errors.append(str(error)))
        page.goto(f"{self.base}{path}")
        return page

    def store(self) -> Store:
        """The campaign's store, opened beside the app."""
        return open_store(self.loaded.store_url, create=False)


_T = TypeVar("_T")


def elsewhere(work: Callable[[], _T]) -> _T:
    """Do it in a thread of its own: Playwright's loop runs in this one, and no second may."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(work).result()


def awaited(work: Coroutine[Any, Any, _T]) -> _T:
    """What comes of a coroutine, awaited in a thread of its own."""
    return elsewhere(lambda: asyncio.run(work))


@pytest.fixture
def desk(tmp_path: Path, browser: Browser) -> Iterator[RunningApp]:
    """The app on a campaign of forty drafts, with its owner signed in."""
    with running_app(elsewhere(lambda: write_campaign(tmp_path / "desk")), browser) as app:
        yield app


@contextmanager
def running_app(loaded: LoadedCampaign, browser: Browser, **context: object) -> Iterator[RunningApp]:
    """The app on a campaign, until the block ends."""
    command = [sys.executable, "-m", "miniatures", "app", str(loaded.path), "--port", "0", "--reviewer", "ada"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr is not None
        enter = next(line.split()[1] for line in process.stderr if line.startswith("Open "))
        opened = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **context})  # type: ignore[arg-type]
        page = opened.new_page()
        page.goto(enter)
        page.close()
        parts = urlsplit(enter)
        app = RunningApp(f"{parts.scheme}://{parts.netloc}", loaded, opened, process)
        yield app
        opened.close()
        assert app.script_errors == []
    finally:
        process.terminate()
        process.wait(timeout=20)
