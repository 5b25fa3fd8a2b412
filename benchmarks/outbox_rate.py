"""The durable outbox beside bare aiosmtplib, into the same real Postfix in the same run; and memory with a long queue.

Checked: every row says `accepted`, and as many emails as were sent come to lie in the mailbox; each run begins once all
of the one before do, so that none pays for another's. The rates: the bare library sends the same bytes, one after the
other on each connection; once more it composes each email before it sends it; the outbox claims, composes, freezes,
notes `sending` and settles each row on a SQLite store that is flushed at each commit.

`python -m benchmarks.outbox_rate [--emails 2000] [--rounds 3] [--queued 100000]`
"""

from __future__ import annotations

import argparse
import asyncio
import resource
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from aiosmtplib import SMTP

from miniatures.datamodel.message import Message, MessageState
from miniatures.delivery.compose import Composed, Composer
from miniatures.delivery.job import Clock, Job
from miniatures.delivery.send import composing, send_queued
from miniatures.inputs.brief import load_brief
from miniatures.store.open import open_store
from miniatures.store.store import Store
from tests.delivery.sending import settings_for
from tests.mail_servers.real_mail import MailServer
from tests.store.mail.emails import CAMPAIGN, MAILBOX, MONDAY, email_to

_BRIEF = Path("examples/cold_storage/brief.md")
_SECRET = b"s" * 32
_SINK = "sink@sink.example"
_KINDS = ("bare", "bare, composing", "outbox")
_CONNECTIONS = (1, 2, 4)


def emails(number: int, start: int) -> list[Message]:
    return [email_to(start + place, address=f"sink+{start + place}@sink.example") for place in range(number)]


def composer(port: int) -> Composer:
    return Composer.of(load_brief(_BRIEF), settings_for(port), Path(), _SECRET)


async def bare(server: MailServer, sent: Sequence[Callable[[], Composed]], connections: int) -> float:
    """Emails a second with the library alone, the emails dealt out to so many connections and each made when it is
    its turn."""

    async def work(mine: Sequence[Callable[[], Composed]]) -> None:
        async with SMTP(hostname="127.0.0.1", port=server.smtp_port, start_tls=False) as smtp:
            for make in mine:
                one = make()
                await smtp.mail(one.envelope_from)
                await smtp.rcpt(one.envelope_to)
                await smtp.data(one.mime)

    began = time.perf_counter()
    await asyncio.gather(*(work(sent[place::connections]) for place in range(connections)))
    return len(sent) / (time.perf_counter() - began)


async def durable(server: MailServer, store: Store, queued: Sequence[Message], connections: int) -> float:
    """Emails a second through the outbox."""
    await store.mail.outbox.queue(queued, due_at=MONDAY, decisions={})
    settings = settings_for(server.smtp_port, per_hour=10_000_000, connections=connections)
    compose = composing(composer(server.smtp_port), store)
    clock = Clock(lambda: datetime.now(UTC))
    job = Job(CAMPAIGN, settings, f"sender {queued[0].id}", compose, clock, timedelta(seconds=1), asyncio.Event())
    began = time.perf_counter()
    sent = await send_queued(job, store)
    seconds = time.perf_counter() - began
    assert sent.count(MessageState.ACCEPTED) >= len(queued), sent
    return len(queued) / seconds


async def delivered(server: MailServer, number: int) -> None:
    """Wait until so many emails lie in the mailbox."""
    folder, deadline = server.maildir(_SINK) / "new", time.monotonic() + 120
    while (there := len(list(folder.iterdir()))) < number:
        assert time.monotonic() < deadline, f"{there} of {number} emails arrived"
        await asyncio.sleep(0.2)
    assert there == number, f"{there} emails arrived, and {number} were sent"


async def rates(number: int, rounds: int) -> None:
    with MailServer() as server, tempfile.TemporaryDirectory() as folder:
        server.add_user(_SINK)
        found: defaultdict[tuple[str, int], list[float]] = defaultdict(list)
        with open_store(str(Path(folder) / "store.sqlite"), flushed=True) as store:
            compose, start = composer(server.smtp_port).compose, 0
            for connections in _CONNECTIONS * rounds:
                for kind in _KINDS:
                    mails = emails(number, start)
                    match kind:
                        case "bare":
                            ready = [partial(lambda made: made, compose(one, MONDAY)) for one in mails]
                            rate = await bare(server, ready, connections)
                        case "bare, composing":
                            rate = await bare(server, [partial(compose, one, MONDAY) for one in mails], connections)
                        case _:
                            rate = await durable(server, store, mails, connections)
                    found[kind, connections].append(rate)
                    start += number
                    await delivered(server, start)
            counts = store.mail.outbox.counts(CAMPAIGN)
            assert counts[MessageState.ACCEPTED] == len(_CONNECTIONS) * rounds * number, counts
    show({key: statistics.median(each) for key, each in found.items()})


def show(rate: Mapping[tuple[str, int], float]) -> None:
    print("| emails a second | 1 connection | 2 | 4 |\n|---|---|---|---|")
    for kind in _KINDS:
        print(f"| {kind} | " + " | ".join(f"{rate[kind, one]:.0f}" for one in _CONNECTIONS) + " |")
    for kind in _KINDS[:-1]:
        shares = [rate[_KINDS[-1], one] / rate[kind, one] for one in _CONNECTIONS]
        print(f"| outbox, share of {kind} | " + " | ".join(f"{share:.0%}" for share in shares) + " |")


async def memory(queued: int) -> None:
    """Resident memory while a long queue is sent from: at its beginning, and after 20 claims of 50."""
    with tempfile.TemporaryDirectory() as folder, open_store(str(Path(folder) / "store.sqlite")) as store:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        for start in range(0, queued, 1_000):
            await store.mail.outbox.queue(emails(1_000, start), due_at=MONDAY, decisions={})
        filled = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        from miniatures.store.mail.outbox_claim import Claim  # The claims below are what a sender does.

        began = time.perf_counter()
        for _ in range(20):
            claim = Claim(CAMPAIGN, MAILBOX, "one", MONDAY + timedelta(minutes=1), 50)
            assert len(await store.mail.outbox.claim(claim)) == 50
        seconds = (time.perf_counter() - began) / 20
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(
        f"{queued:,} queued: peak memory {before / 1024:.0f} MB before, {filled / 1024:.0f} once queued, "
        f"{after / 1024:.0f} after 1,000 claims; a claim of 50 takes {1000 * seconds:.1f} ms"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--emails", type=int, default=1_000, help="In each run of each kind.")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--queued", type=int, default=100_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        import os

        os.environ["MINIATURES_HOME"] = home
        asyncio.run(rates(options.emails, options.rounds))
        asyncio.run(memory(options.queued))


if __name__ == "__main__":
    main()
