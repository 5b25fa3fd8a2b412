"""`make ab-demo`: from a list of prospects to a verdict on two arms, on one machine.

Every part is the one that a real campaign has: `miniatures run`, `send`, `track` and `inbox`, a Postfix and a Dovecot
with a mailbox for each person, web sites over HTTP. Only the people are simulated; what they do is set in `rates.yaml`,
drawn by its seed, and written down by themselves. At the end the report is held against what they wrote down.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from random import Random
from string import Template

import httpx

from examples.ab_demo.check import Compared, compared
from examples.ab_demo.habits import Person
from examples.ab_demo.journal import read_journal
from examples.ab_demo.mailbox import PASSWORD
from examples.ab_demo.rates import MailServerKind, Rates, load_rates
from examples.ab_demo.recipients import PEOPLE
from examples.ab_demo.replies import load_replies
from examples.ab_demo.sites import write_sites
from examples.ab_demo.stand_in import decide_all
from examples.ab_demo.world import Contact, contacts_of, write_list
from miniatures.agents.tools.site_server import serve_sites
from miniatures.cli.ab_screen import show_report
from miniatures.cli.terminal import show_table, table
from miniatures.datamodel.arms import AbTest
from miniatures.datamodel.inbound import ReplyClass
from miniatures.datamodel.prospect import prospect_key
from miniatures.delivery.ab_report import AbReport, ab_report
from miniatures.inputs.campaign import LoadedCampaign, load_campaign
from miniatures.store.open import open_store
from miniatures.store.store import Store
from tests.mail_servers.real_mail import HOST, MailServer, why_unavailable

_HERE = Path(__file__).parent
_ROOT = _HERE.parents[1]
_SENDER = "maren.holloway@tarnwick.example"
_COMMAND = Path(sys.executable).with_name("miniatures")
_QUIET_S = 3.0
_SHOWN_LINES = 18


@dataclass(frozen=True)
class Demo:
    """One run: its folder, who is on the list, and what is set for them."""

    folder: Path
    rates_file: Path
    rates: Rates
    contacts: Sequence[Contact]
    server: MailServer

    @property
    def journal(self) -> Path:
        return self.folder / "journal.jsonl"

    @property
    def campaign(self) -> LoadedCampaign:
        return load_campaign(self.folder)

    def command(self, name: str, *words: str, shown: int = _SHOWN_LINES) -> None:
        """Run one of the commands on the campaign, and show the last lines of what it says."""
        self.program([str(_COMMAND), name, str(self.folder), *words], f"miniatures {name} {self.folder}", shown)

    def program(self, words: Sequence[str], told: str, shown: int) -> None:
        """Run a program.

        Raises:
            subprocess.CalledProcessError: it failed; all that it said is shown then.
        """
        print(f"$ {told}", flush=True)
        done = subprocess.run(
            words, cwd=_ROOT, env=_environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
        )
        said = done.stdout.decode(errors="replace").splitlines()
        print("\n".join(["...", *said[-shown:]] if len(said) > shown and not done.returncode else said), flush=True)
        done.check_returncode()


def main(arguments: Sequence[str] | None = None) -> int:
    """The whole demo. Returns 0 if the report agrees with the journal."""
    options = _options(arguments)
    if not sys.stdout.isatty():
        os.environ.setdefault("COLUMNS", "120")
    if reason := why_unavailable():
        print(f"The demo needs a real mail server: {reason}", file=sys.stderr)
        return 2
    changed = {name: value for name in ("people", "companies", "seed") if (value := getattr(options, name)) is not None}
    rates = load_rates(options.rates, **changed)
    began = time.monotonic()
    with MailServer() as server:
        demo = Demo(options.folder, options.rates, rates, contacts_of(rates), server)
        rows = _live(demo)
    print(f"From the list to the verdict: {time.monotonic() - began:.0f} s.")
    print(f"Look at it: {_shown(_COMMAND)} app {_shown(demo.folder)}")
    return int(not all(row.agrees or row.by_model for row in rows))


def _live(demo: Demo) -> list[Compared]:
    """From the list to the check."""
    ports = {"smtp_port": demo.server.smtp_port, "imaps_port": demo.server.imaps_port, "track_port": _free_port()}
    with _step("Companies, web sites and a list"):
        _write_folder(demo)
    with serve_sites(demo.folder / "sites") as sites:
        _write_campaign(demo, sites_port=sites.port, **ports)
        with _step("What this list can show, if the rates of the reference arm are known"):
            demo.command("trust", "--yes")
            _settle_salt(demo)
            demo.command("plan-test", *_expected(demo))
        with _step("Research and writing, each arm by its own policy"):
            demo.command("run")
    with _step("A stand-in for the reviewers decides"):
        _review(demo)
    with _step("Everybody has a mailbox, and some are away"):
        _open_mailboxes(demo)
    with _tracker(demo):
        with _step("Sending"):
            demo.command("send", shown=3)
        with _step("People read their mail, or do not; and machines do"):
            _let_live(demo)
    with _step("Hearing back"):
        _await_quiet(demo.server)
        demo.command("inbox", shown=12)
    with open_store(demo.campaign.store_url) as store:
        with _step("The verdict, as of tomorrow: the rule gives everybody a day to answer, and by then it is over"):
            report = _report(demo, store)
            show_report(report)
        with _step("What people did by their own journal, and what the report says"):
            rows = compared(report, store, demo.contacts, read_journal(demo.journal))
            _show_check(rows)
    return rows


def _write_folder(demo: Demo) -> None:
    """The list, the sites and the brief, in a fresh folder; that of an earlier run goes."""
    folder = demo.folder
    if folder.exists() and any(folder.iterdir()) and not (folder / "rates.yaml").exists():
        raise SystemExit(f"{folder} is not of this demo: name another folder with --folder.")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    shutil.copy(_HERE / "brief.md", folder)
    shutil.copy(demo.rates_file, folder / "rates.yaml")
    shutil.copy(demo.server.ca_file, folder / "ca.pem")
    write_list(demo.contacts, folder / "prospects.csv")
    companies = list(dict.fromkeys(one.company for one in demo.contacts))
    write_sites(companies, folder, today=date.today(), seed=demo.rates.seed)
    print(f"{len(demo.contacts)} people at {len(companies)} companies, in {_shown(folder)}")


def _write_campaign(demo: Demo, **ports: int) -> None:
    text = Template((_HERE / "campaign.yaml").read_text(encoding="utf-8")).substitute(ports)
    (demo.folder / "campaign.yaml").write_text(text, encoding="utf-8")


def _settle_salt(demo: Demo) -> None:
    """Have the companies assigned by the seed, so that a second run of the demo has the same arms."""
    loaded = demo.campaign
    with open_store(loaded.store_url) as store:
        settings = loaded.campaign
        rule = settings.test.version if settings.test else ""
        salt, now = f"seed {demo.rates.seed}", store.now()
        test = AbTest(campaign=loaded.name, salt=salt, shares=settings.shares, rule=rule, started_at=now)
        asyncio.run(store.mail.enrolments.settle(test))


def _expected(demo: Demo) -> list[str]:
    """The set rates of the reference arm, as `plan-test` takes them."""
    test = demo.campaign.campaign.test
    assert test is not None
    arm = demo.rates.arms[test.reference]
    replies = sum(arm.replies.values())
    rates = {"open": arm.opens, "click": arm.clicks, "reply": replies, "positive": arm.replies[ReplyClass.POSITIVE]}
    return [f"--{name}-rate={rate:.3f}" for name, rate in rates.items()]


def _review(demo: Demo) -> None:
    with open_store(demo.campaign.store_url) as store:
        done = asyncio.run(decide_all(store, demo.campaign.name))
    print(", ".join(f"{number} {action}ed" for action, number in done.items()))


def _open_mailboxes(demo: Demo) -> None:
    """Give everybody who is still there a mailbox, and write down who they are; some are away."""
    exist = [one for one in demo.contacts if one.exists]
    demo.server.add_users(dict.fromkeys([_SENDER, *(one.email for one in exist)], PASSWORD))
    with open_store(demo.campaign.store_url) as store:
        arms = {key: one.arm for key, one in store.mail.enrolments.of(demo.campaign.name).items()}
    texts = [one.text for one in load_replies() if one.meaning is ReplyClass.OUT_OF_OFFICE]
    draw = Random(f"{demo.rates.seed} away")
    notes = {one.email: draw.choice(texts) for one in exist if draw.random() < demo.rates.away}
    for one in exist:
        if one.email in notes and one.company.server is MailServerKind.SIEVE:
            demo.server.set_vacation(one.email, notes[one.email])
    people = [_person(one, arms[prospect_key(one.email)], notes.get(one.email)) for one in exist]
    (demo.folder / "people.json").write_bytes(PEOPLE.dump_json(people, indent=1))
    print(f"{len(people)} mailboxes; {len(demo.contacts) - len(exist)} addresses exist no more; {len(notes)} are away")


def _person(one: Contact, arm: str, note: str | None) -> Person:
    return Person(
        email=one.email,
        name=f"{one.first_name} {one.last_name}",
        arm=arm,
        scanned=one.company.scanned,
        away=note is not None,
        note="" if note is None or one.company.server is MailServerKind.SIEVE else note,
    )


@contextmanager
def _tracker(demo: Demo) -> Iterator[None]:
    """`miniatures track` beside everything else. Each request says for whom it asks, as one through a proxy does."""
    tracking = demo.campaign.campaign.send.tracking  # type: ignore[union-attr]
    url = tracking.url  # type: ignore[union-attr]
    words = [str(_COMMAND), "track", str(demo.folder), "--port", url.rpartition(":")[2], "--proxy", HOST]
    with (demo.folder / "track.log").open("wb") as log:
        process = subprocess.Popen(words, cwd=_ROOT, env=_environment(), stdout=log, stderr=log)
    try:
        _await_health(url)
        yield
    finally:
        process.terminate()
        process.wait()


def _await_health(url: str) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            httpx.get(f"{url}/health").raise_for_status()
            return
        except httpx.HTTPError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def _let_live(demo: Demo) -> None:
    files = [
        "--people",
        str(demo.folder / "people.json"),
        "--rates",
        str(demo.rates_file),
        "--journal",
        str(demo.journal),
    ]
    ports = ["--smtp-port", str(demo.server.smtp_port), "--imap-port", str(demo.server.imap_port)]
    module = "examples.ab_demo.recipients"
    seed = ["--seed", str(demo.rates.seed)]
    demo.program([sys.executable, "-m", module, *files, *ports, *seed], f"python -m {module} ...", _SHOWN_LINES)
    counts: dict[str, int] = {}
    for entry in read_journal(demo.journal):
        counts[entry.deed] = counts.get(entry.deed, 0) + 1
    print(", ".join(f"{number} {deed}" for deed, number in counts.items()))


def _await_quiet(server: MailServer) -> None:
    """Wait until nothing more comes to the sender's mailbox: reports of servers take a moment."""
    since, known = time.monotonic(), -1
    while time.monotonic() - since < _QUIET_S:
        if (number := len(server.messages(_SENDER))) != known:
            since, known = time.monotonic(), number
        time.sleep(0.2)


def _report(demo: Demo, store: Store) -> AbReport:
    loaded = demo.campaign
    assert loaded.campaign.test is not None
    return ab_report(loaded, store, store.now() + timedelta(days=loaded.campaign.test.answer_days))


def _show_check(rows: Sequence[Compared]) -> None:
    listing = table("Arm", "What", ">They did", ">The report", "")
    for row in rows:
        differs = "differs, as a model reads" if row.by_model else "DIFFERS"
        listing.add_row(row.arm, row.what, f"{row.did:,}", row.reported, "" if row.agrees else differs)
    show_table(listing)
    wrong = sum(not row.agrees and not row.by_model for row in rows)
    print(
        "The report agrees with the journal." if not wrong else f"{wrong} counts of the report differ from the journal."
    )


@contextmanager
def _step(title: str) -> Iterator[None]:
    print(f"\n== {title}", flush=True)
    began = time.monotonic()
    yield
    print(f"   ({time.monotonic() - began:.1f} s)", flush=True)


def _environment() -> dict[str, str]:
    return {**os.environ, "AB_DEMO_PASSWORD": PASSWORD, "COLUMNS": str(shutil.get_terminal_size().columns)}


def _free_port() -> int:
    with socket.create_server((HOST, 0)) as probe:
        return int(probe.getsockname()[1])


def _shown(path: Path) -> Path:
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=_ROOT / "runs" / "ab-demo", help="made anew")
    parser.add_argument("--rates", type=Path, default=_HERE / "rates.yaml", help="what is set for the people")
    for name in ("people", "companies", "seed"):
        parser.add_argument(f"--{name}", type=int, help="instead of what the rates say")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    raise SystemExit(main())
