"""The durable outbox beside bare aiosmtplib, into the same real Postfix in the same run; and memory with a long queue.

Checked: every row says `accepted`, and the server's queue took as many emails as were sent. The rates: the bare library
sends the same bytes, one after the other on each connection; the outbox claims, freezes, notes `sending` and settles
each row on a SQLite store that is flushed at each commit.

`python -m benchmarks.outbox_rate [--emails 2000] [--rounds 3] [--queued 100000]`
"""

from __future__ import annotations

import argparse
import asyncio
import resource
import statistics
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
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
from tests.store.mail.emails import CAMPAIGN, MONDAY, email_to

_BRIEF = Path("examples/cold_storage/brief.md")
_SECRET = b"s" * 32


def emails(number: int, start: int) -> list[Message]:
    return [email_to(start + place, address=f"sink+{start + place}@sink.example") for place in range(number)]


def composer(port: int) -> Composer:
    return Composer.of(load_brief(_BRIEF), settings_for(port), Path(), _SECRET)


async def bare(server: MailServer, sent: Sequence[Composed], connections: int) -> float:
    """Emails a second with the library alone, the emails dealt out to so many connections."""

    async def work(mine: Sequence[Composed]) -> None:
        async with SMTP(hostname="127.0.0.1", port=server.smtp_port, start_tls=False) as smtp:
            for one in mine:
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


async def rates(number: int, rounds: int) -> None:
    with MailServer() as server, tempfile.TemporaryDirectory() as folder:
        server.add_user("sink@sink.example")
        found: dict[str, list[float]] = {}
        with open_store(str(Path(folder) / "store.sqlite"), flushed=True) as store:
            start = 0
            for _ in range(rounds):
                for connections in (1, 2, 4):
                    made = composer(server.smtp_port)
                    plain = [made.compose(one, MONDAY) for one in emails(number, start)]
                    found.setdefault(f"bare {connections}", []).append(await bare(server, plain, connections))
                    start += number
                    ours = await durable(server, store, emails(number, start), connections)
                    found.setdefault(f"outbox {connections}", []).append(ours)
                    start += number
            counts = store.mail.outbox.counts(CAMPAIGN)
            assert counts[MessageState.ACCEPTED] == 3 * rounds * number, counts
    median = {name: statistics.median(each) for name, each in found.items()}
    best = max(rate for name, rate in median.items() if name.startswith("bare"))
    print("| emails a second | 1 connection | 2 | 4 |\n|---|---|---|---|")
    for kind in ("bare", "outbox"):
        print(f"| {kind} | " + " | ".join(f"{median[f'{kind} {one}']:.0f}" for one in (1, 2, 4)) + " |")
    shares = [median[f"outbox {one}"] / median[f"bare {one}"] for one in (1, 2, 4)]
    print("| share | " + " | ".join(f"{share:.0%}" for share in shares) + " |")
    print(f"outbox with 2 connections, of the best bare rate: {median['outbox 2'] / best:.0%}")


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
            claim = Claim(CAMPAIGN, "sales", "one", MONDAY + timedelta(minutes=1), 50)
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
