"""`make ab-demo`: from a list of prospects to a verdict on two arms, on one machine.

Every part is the one that a real campaign has: `miniatures run`, `send`, `track` and `inbox`, a Postfix and a Dovecot
with a mailbox for each person, web sites over HTTP. Only the people are simulated; what they do is set in `rates.yaml`,
drawn by its seed, and written down by themselves. At the end the report is held against what they wrote down.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import socket
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from examples.ab_demo.check import Compared, compared
from examples.ab_demo.demo import Demo, as_typed, run_and_tell
from examples.ab_demo.journal import read_journal
from examples.ab_demo.prepare import SENDER, move_home, open_mailboxes, settle_salt, write_campaign, write_folder
from examples.ab_demo.rates import load_rates
from examples.ab_demo.stand_in import decide_all
from examples.ab_demo.world import contacts_of
from miniatures.agents.tools.site_server import serve_sites
from miniatures.cli.ab_screen import show_report
from miniatures.cli.terminal import show_table, table
from miniatures.datamodel.inbound import ReplyClass
from miniatures.delivery.ab_report import AbReport, ab_report
from miniatures.store.open import open_store
from miniatures.store.store import Store
from tests.mail_servers.real_mail import HOST, MailServer, why_unavailable

_RATES = Path(__file__).with_name("rates.yaml")
_QUIET_S = 3.0
_TOMORROW = "examples.ab_demo.tomorrow"


def main(arguments: Sequence[str] | None = None) -> int:
    """The whole demo. Returns 0 if the report agrees with the journal."""
    options = _options(arguments)
    if reason := why_unavailable():
        print(f"The demo needs a real mail server: {reason}", file=sys.stderr)
        return 2
    if not sys.stdout.isatty():
        os.environ.setdefault("COLUMNS", "120")
    changed = {name: value for name in ("people", "companies", "seed") if (value := getattr(options, name)) is not None}
    rates, began = load_rates(options.rates, **changed), time.monotonic()
    with MailServer() as server:
        demo = Demo(options.folder.resolve(), options.rates.resolve(), rates, contacts_of(rates), server)
        rows = _live(demo)
    print(f"\nFrom the list to the verdict: {time.monotonic() - began:.0f} s.")
    print(f"Look at it, as it is tomorrow: {as_typed(Path(sys.executable))} -m {_TOMORROW} app {as_typed(demo.folder)}")
    return int(any(row.differs for row in rows))


def _live(demo: Demo) -> list[Compared]:
    """From the list to the check."""
    track_port = _free_port()
    with _step("Companies, their web sites and a list of people"):
        write_folder(demo)
        move_home(demo)
    with serve_sites(demo.folder / "sites") as sites:
        write_campaign(demo, sites_port=sites.port, track_port=track_port)
        with _step("What this list can show, at the rates that are set for the reference arm"):
            demo.command("trust", "--yes")
            settle_salt(demo)
            demo.command("plan-test", *_expected(demo))
        with _step("Research and writing, each arm by its own policy"):
            demo.command("run", shown=None)
    with _step("A stand-in for the reviewers decides"):
        _review(demo)
    with _step("Everybody gets a mailbox"):
        open_mailboxes(demo)
    with demo.tracker(track_port):
        with _step("Sending"):
            demo.command("send", shown=3)
        with _step("People read their mail or do not, and machines do as machines do"):
            _let_live(demo)
    with _step("Hearing back"):
        _await_quiet(demo.server)
        demo.command("inbox", shown=12)
    with open_store(demo.campaign.store_url) as store:
        return _judge(demo, store)


def _expected(demo: Demo) -> list[str]:
    """The set rates of the reference arm, as `plan-test` takes them."""
    arm = demo.rates.arms[demo.rule.reference]
    replies, positive = sum(arm.replies.values()), arm.replies[ReplyClass.POSITIVE]
    rates = {"open": arm.opens, "click": arm.clicks, "reply": replies, "positive": positive}
    return [f"--{name}-rate={rate:g}" for name, rate in rates.items()]


def _review(demo: Demo) -> None:
    with open_store(demo.campaign.store_url) as store:
        done = asyncio.run(decide_all(store, demo.campaign.name))
    print(", ".join(f"{number} {action}ed" for action, number in done.items()))


def _let_live(demo: Demo) -> None:
    """The recipients are a process of their own, which knows nothing of the campaign's store."""
    options = {
        "people": demo.people,
        "rates": demo.rates_file,
        "seed": demo.rates.seed,
        "journal": demo.journal,
        "smtp-port": demo.server.smtp_port,
        "imap-port": demo.server.imap_port,
    }
    words = [part for name, value in options.items() for part in (f"--{name}", str(value))]
    module = "examples.ab_demo.recipients"
    run_and_tell([sys.executable, "-m", module, *words], f"python -m {module} --people {as_typed(demo.people)} ...")
    done = Counter(entry.deed for entry in read_journal(demo.journal))
    print(", ".join(f"{number} {deed.replace('_', ' ')}" for deed, number in done.items()))


def _await_quiet(server: MailServer) -> None:
    """Wait until nothing more comes to the sender's mailbox: reports of servers take a moment."""
    since, known = time.monotonic(), -1
    while time.monotonic() - since < _QUIET_S:
        if (number := len(server.messages(SENDER))) != known:
            since, known = time.monotonic(), number
        time.sleep(0.2)


def _judge(demo: Demo, store: Store) -> list[Compared]:
    """The verdict, and what it is worth. It is asked for as of the day when everybody has had their time to answer:
    nobody does anything further until then, and nothing is counted that was not done."""
    later = timedelta(days=demo.rule.answer_days)
    with _step(f"The verdict as of {later.days} day later: the rule gives everybody so long to answer"):
        report = ab_report(demo.campaign, store, store.now() + later)
        show_report(report)
    with _step("What people did by their own journal, and what the report says"):
        return _check(demo, report, store)


def _check(demo: Demo, report: AbReport, store: Store) -> list[Compared]:
    rows = compared(report, store, demo.contacts, read_journal(demo.journal))
    listing = table("Arm", "What", ">They did", ">The report", "")
    for row in rows:
        told = "" if row.agrees else "DIFFERS" if row.differs else "as a model reads replies"
        listing.add_row(row.arm, row.what, f"{row.did:,}", row.reported, told)
    show_table(listing)
    wrong = sum(row.differs for row in rows)
    print(f"{wrong} counts differ from the journal." if wrong else "The report agrees with the journal.")
    return rows


@contextmanager
def _step(title: str) -> Iterator[None]:
    print(f"\n== {title}", flush=True)
    began = time.monotonic()
    yield
    print(f"   ({time.monotonic() - began:.1f} s)", flush=True)


def _free_port() -> int:
    with socket.create_server((HOST, 0)) as probe:
        return int(probe.getsockname()[1])


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("runs/ab-demo"), help="made anew")
    parser.add_argument("--rates", type=Path, default=_RATES, help="what is set for the people")
    for name in ("people", "companies", "seed"):
        parser.add_argument(f"--{name}", type=int, help="instead of what the rates say")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    raise SystemExit(main())
