"""One run of the demo: its folder, its people, and the commands of ours that are run on its campaign."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from examples.ab_demo.mailbox import PASSWORD
from examples.ab_demo.rates import Rates
from examples.ab_demo.world import Contact
from miniatures.datamodel.arms import AbRule
from miniatures.inputs.campaign import LoadedCampaign, load_campaign
from tests.mail_servers.real_mail import HOST, MailServer

COMMAND = Path(sys.executable).with_name("miniatures")
_SHOWN_LINES = 18
_READY_S = 60


@dataclass(frozen=True)
class Demo:
    """One run."""

    folder: Path
    rates_file: Path
    rates: Rates
    contacts: Sequence[Contact]
    server: MailServer

    @property
    def journal(self) -> Path:
        """Where the people write down what they did."""
        return self.folder / "journal.jsonl"

    @property
    def home(self) -> Path:
        """The home of our commands: nobody who opts out in a demo is on the user's own list of suppressed people."""
        return self.folder / "home"

    @property
    def people(self) -> Path:
        """Who has a mailbox."""
        return self.folder / "people.json"

    @property
    def campaign(self) -> LoadedCampaign:
        """The campaign, once it is written."""
        return load_campaign(self.folder)

    @property
    def rule(self) -> AbRule:
        """The rule of its verdict."""
        test = self.campaign.campaign.test
        assert test is not None
        return test

    def command(self, name: str, *words: str, shown: int | None = _SHOWN_LINES) -> None:
        """Run one of our commands on the campaign; see `run_and_tell`."""
        line = [name, str(as_typed(self.folder)), *words]
        run_and_tell([str(COMMAND), *line], " ".join(["miniatures", *line]), shown)

    @contextmanager
    def tracker(self, port: int) -> Iterator[None]:
        """`miniatures track` beside everything else. Each request says for whom it asks, as a proxy has it."""
        words = [str(COMMAND), "track", str(self.folder), "--port", str(port), "--proxy", HOST]
        with (self.folder / "track.log").open("wb") as log:
            process = subprocess.Popen(words, env=_environment(), stdout=log, stderr=log)
        try:
            _await_health(f"http://{HOST}:{port}/health")
            yield
        finally:
            process.terminate()
            process.wait()


def run_and_tell(words: Sequence[str], told: str, shown: int | None = _SHOWN_LINES) -> None:
    """Run a program, and show the last lines of what it says; with None, all of it as it comes.

    Raises:
        subprocess.CalledProcessError: it failed; all that it said is shown then.
    """
    print(f"$ {told}", flush=True)
    if shown is None:
        subprocess.run(words, env=_environment(), check=True)
        return
    done = subprocess.run(words, env=_environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    said = done.stdout.decode(errors="replace").splitlines()
    is_cut = len(said) > shown and not done.returncode
    print("\n".join(["...", *said[-shown:]] if is_cut else said), flush=True)
    done.check_returncode()


def as_typed(path: Path) -> Path:
    """The path as one would write it here."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def _await_health(url: str) -> None:
    deadline = time.monotonic() + _READY_S
    while True:
        try:
            httpx.get(url).raise_for_status()
            return
        except httpx.HTTPError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def _environment() -> dict[str, str]:
    return {**os.environ, "AB_DEMO_PASSWORD": PASSWORD, "COLUMNS": str(shutil.get_terminal_size().columns)}
