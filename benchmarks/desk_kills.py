"""Does a decision survive the app being killed? SIGKILL strikes the real `miniatures app` while two people review.

Two reviewers, each signed in by name, go through a campaign's drafts over HTTP as the page's script does: they open a
draft, decide, and send the decision again under the same id until the app has answered, signing in anew where a restart
has forgotten them. Now and then one opens the draft that lies before the other. The app is killed after a few decisions
were sent, or while it starts, and is started again on the same port, until enough kills have struck and no draft waits.

Checked at the end, of what the store holds against what the reviewers were told: each decision that was acknowledged is
there once, by its reviewer, with its action and its words; each that was refused because the other was first is not
there, and the other's is; every draft is decided exactly once; nothing else is there; and SQLite's integrity check
passes. Checked after each kill: no process that the app had started is left.

    python -m benchmarks.desk_kills [--kills 200] [--seed 7]
"""

from __future__ import annotations

import argparse
import os
import random
import re
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from threading import Condition

import httpx

from benchmarks.kills import kill
from miniatures.datamodel.review import RejectReason, Review
from miniatures.inputs.campaign import LoadedCampaign
from miniatures.store.open import open_store
from tests.app.web.desk_campaign import drafts_of, write_campaign

PASSWORD = "four words of mine"
NAMES = ("ada", "bo")
MOST_SENT = 6
"""Decisions that are sent between two kills, at most."""
STRIKES_WITHIN_S = 0.02
STARTS_WITHIN_S = 60.0
OVER_THE_SHOULDER = 0.25
"""How often a reviewer opens the draft that the other has before them."""
WHILE_IT_STARTS = 0.1
_FIELD = re.compile(r'name="(csrf|id|text_hash|seen)" value="([^"]*)"')
_CHECKED = re.compile(r'name="checked" value="([^"]*)"')
_TEXT = re.compile(r'name="subject" value="([^"]*)".*?<textarea name="body"[^>]*>(.*?)</textarea>', re.DOTALL)


@dataclass(frozen=True)
class Told:
    """What a reviewer was told of a decision: `kept`, or that the other one was first."""

    draft: str
    reviewer: str
    action: str
    fields: dict[str, str]
    kept: bool
    last_sent: datetime
    """When it was sent for the last time."""


@dataclass
class Sent:
    """The decisions that were sent, as the killer sees them."""

    count: int = 0
    on_the_way: int = 0
    changed: Condition = field(default_factory=Condition)

    @contextmanager
    def one(self) -> Iterator[None]:
        """While a decision is sent and not answered; one that reached nobody was not sent."""
        with self.changed:
            self.count += 1
            self.on_the_way += 1
            self.changed.notify_all()
        reached = True
        try:
            yield
        except httpx.ConnectError:
            reached = False
            raise
        finally:
            with self.changed:
                self.count -= not reached
                self.on_the_way -= 1


@dataclass
class Tally:
    """What the kills did, and what was found after them."""

    kills: int = 0
    moments: Counter[str] = field(default_factory=Counter)
    sent: int = 0
    told: dict[str, Told] = field(default_factory=dict)
    kept_before_the_answer: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)

    @property
    def decisions(self) -> int:
        return sum(one.kept for one in self.told.values())

    @property
    def conflicts(self) -> int:
        return len(self.told) - self.decisions


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        tally = strike(Path(folder), options.kills, random.Random(options.seed))
    moments = ", ".join(f"{count} {moment}" for moment, count in sorted(tally.moments.items()))
    print(f"{tally.kills} kills in {time.monotonic() - began:.0f} s: {moments}")
    print(f"{tally.decisions} decisions kept, {tally.sent} times sent; {tally.conflicts} conflicts")
    print(f"{tally.kept_before_the_answer} decisions were kept by an app that was killed before it could say so")
    print(f"{len(tally.lost)} lost, {len(tally.doubled)} doubled; the store is sound")
    sys.exit(bool(tally.lost or tally.doubled))


def strike(folder: Path, kills: int, dice: random.Random) -> Tally:
    """Kill the app so often while its drafts are reviewed, let the reviewers end, and compare."""
    loaded, sent, tally = write_campaign(folder / "desk", 6 * kills + 20), Sent(), Tally()
    app = App(loaded, folder)
    for name in NAMES:
        app.add_user(name)
    reviewers = [Reviewer(name, app.url, loaded.name, sent, random.Random(dice.random())) for name in NAMES]
    for one, other in zip(reviewers, reversed(reviewers), strict=True):
        one.other = other
    app.start()
    try:
        with ThreadPoolExecutor(len(reviewers)) as pool:
            working = [pool.submit(one.review) for one in reviewers]
            try:
                while tally.kills < kills:
                    _strike_once(app, sent, working, dice, tally)
            except BaseException:
                for one in reviewers:
                    one.stopped = True
                raise
    finally:
        app.kill()
    for one in working:
        one.result()
    tally.sent = sent.count
    tally.told = {id: told for one in reviewers for id, told in one.told.items()}
    compare(loaded, tally)
    return tally


def _strike_once(app: App, sent: Sent, working: list[Future[None]], dice: random.Random, tally: Tally) -> None:
    target = sent.count + dice.randint(1, MOST_SENT)
    with sent.changed:
        while sent.count < target:
            for one in working:
                if one.done():
                    one.result()
            assert not all(one.done() for one in working), "the drafts were decided before the last kill"
            sent.changed.wait(timeout=1)
    time.sleep(dice.uniform(0, STRIKES_WITHIN_S))
    tally.moments["with a decision on its way" if sent.on_the_way else "between decisions"] += 1
    app.kill()
    tally.kills += 1
    if dice.random() < WHILE_IT_STARTS:
        app.launch()
        time.sleep(dice.uniform(0, 2))
        tally.moments["while it started"] += 1
        app.kill()
        tally.kills += 1
    app.start()
    print(f"{tally.kills} kills", file=sys.stderr, end="\r")


class App:
    """The real app, at one port for all of its lives."""

    def __init__(self, loaded: LoadedCampaign, folder: Path) -> None:
        self._campaign = loaded.path
        self._log = folder / "app.log"
        self._environment = {**os.environ, "MINIATURES_HOME": str(folder / "home"), "PYTHONUNBUFFERED": "1"}
        with socket.create_server(("127.0.0.1", 0)) as free:
            self._port = free.getsockname()[1]
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"http://127.0.0.1:{self._port}"

    def add_user(self, name: str) -> None:
        """Give a reviewer a password."""
        subprocess.run(
            [sys.executable, "-m", "miniatures", "users", "add", name],
            input=f"{PASSWORD}\n".encode(),
            env=self._environment,
            stdout=subprocess.DEVNULL,
            check=True,
        )

    def start(self) -> None:
        """Start it, and wait until it listens."""
        self.launch()
        until = time.monotonic() + STARTS_WITHIN_S
        while b"\nOpen " not in b"\n" + self._log.read_bytes():
            assert self._process is not None
            assert self._process.poll() is None and time.monotonic() < until, self._log.read_text()
            time.sleep(0.02)

    def launch(self) -> None:
        """Start it; what it says is in its log alone."""
        command = [sys.executable, "-m", "miniatures", "app", str(self._campaign), "--port", str(self._port)]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [*command, "--reviewer", "owner"], env=self._environment, stdout=log, stderr=log
            )

    def kill(self) -> None:
        """SIGKILL, whatever it is at."""
        assert self._process is not None
        kill(self._process)


class Reviewer:
    """Somebody who decides about whatever waits, until nothing does."""

    other: Reviewer

    def __init__(self, name: str, url: str, campaign: str, sent: Sent, dice: random.Random) -> None:
        self.name = name
        self.told: dict[str, Told] = {}
        self.open_draft = ""
        self.stopped = False
        self._dice = dice
        self._sent = sent
        self._base = f"/c/{campaign}"
        self._http = httpx.Client(base_url=url, timeout=60)
        self._csrf = ""

    def review(self) -> None:
        """Open a draft and decide about it, one after the other."""
        with self._http:
            while page := self._next_page():
                fields = dict(_FIELD.findall(page.text))
                self.open_draft = page.url.path.rpartition("/")[2]
                if fields["seen"] == "0":
                    self._decide(self.open_draft, fields, page.text)

    def _next_page(self) -> httpx.Response | None:
        """The draft that is next, or that lies before the other one; None if none waits."""
        over = self.other.open_draft if self._dice.random() < OVER_THE_SHOULDER else ""
        page = self._asked("GET", f"{self._base}/drafts/{over}" if over else f"{self._base}/review")
        while page.status_code == 303 and not page.headers["location"].startswith(f"{self._base}/queue"):
            page = self._asked("GET", page.headers["location"])
        assert page.status_code in (200, 303), (page.status_code, page.text)
        return page if page.status_code == 200 else None

    def _decide(self, draft: str, fields: dict[str, str], page: str) -> None:
        action, words = self._choice(page)
        fields |= words
        address = f"{self._base}/drafts/{draft}"
        if action == "edit":
            read, _ = self._answered(f"{address}/check", fields)
            fields["checked"] = "".join(_CHECKED.findall(read.text))
        reply, now = self._answered(f"{address}/{action}", fields)
        kept = reply.status_code == 200
        assert kept or reply.headers.get("x-error", "").startswith(self.other.name), (reply.status_code, reply.text)
        assert not kept or reply.json() == {"kept": action}, reply.text
        self.told[fields["id"]] = Told(draft, self.name, action, words, kept, now)

    def _answered(self, address: str, fields: dict[str, str]) -> tuple[httpx.Response, datetime]:
        """What the app says at last, and when it was asked for that."""
        while True:
            now = datetime.now(UTC)
            reply = self._answer(address, {**fields, "csrf": self._csrf})
            if reply is None:
                self._wait()
            elif reply.status_code in (401, 403):
                self._sign_in()
            else:
                return reply, now

    def _choice(self, page: str) -> tuple[str, dict[str, str]]:
        chance = self._dice.random()
        if chance < 0.6:
            return "accept", {}
        if chance < 0.85:
            return "reject", {"reason": self._dice.choice(list(RejectReason)).value, "comment": f"{self.name}: no"}
        found = _TEXT.search(page)
        assert found is not None, page
        subject, body = map(unescape, found.groups())
        return "edit", {"subject": subject, "body": f"{body}\nPS by {self.name}", "anyway": "true"}

    def _answer(self, address: str, fields: dict[str, str]) -> httpx.Response | None:
        """What the app says of a decision that is sent; None if it does not answer."""
        try:
            with self._sent.one():
                headers = {"X-Background": "1", "HX-Request": "true"}
                return self._http.post(address, data=fields, headers=headers)
        except httpx.TransportError:
            return None

    def _asked(self, method: str, address: str, **fields: str) -> httpx.Response:
        """What the app answers once it does, to somebody who is signed in."""
        while True:
            try:
                reply = self._http.request(method, address, data=fields or None)
            except httpx.TransportError:
                self._wait()
                continue
            if reply.status_code != 303 or reply.headers["location"] != "/login":
                return reply
            self._sign_in()

    def _sign_in(self) -> None:
        """Come in by name, and learn what stands in the forms of this session."""
        while True:
            try:
                entered = self._http.post("/login", data={"name": self.name, "password": PASSWORD})
                assert entered.status_code == 303, entered.text
                page = self._http.get(f"{self._base}/queue")
            except httpx.TransportError:
                self._wait()
                continue
            if page.status_code == 200:
                self._csrf = dict(_FIELD.findall(page.text))["csrf"]
                return

    def _wait(self) -> None:
        assert not self.stopped, "the killer has left off"
        time.sleep(0.05)


def compare(loaded: LoadedCampaign, tally: Tally) -> None:
    """Hold the store against what the reviewers were told."""
    with sqlite3.connect(loaded.store_url.removeprefix("sqlite:///")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    with open_store(loaded.store_url) as store:
        reviews = list(store.reviews(loaded.name))
        drafts = {draft.id for draft in drafts_of(store, loaded)}
    times = Counter(review.id for review in reviews)
    by_id = {review.id: review for review in reviews}
    decided = Counter(review.draft for review in reviews)
    for id, told in tally.told.items():
        if told.kept and not (id in by_id and _is_as_told(by_id[id], told)):
            tally.lost.append(id)
        if told.kept and id in by_id:
            tally.kept_before_the_answer += by_id[id].created_at < told.last_sent
        if not told.kept and id in by_id:
            tally.doubled.append(id)
    tally.lost += [draft for draft in drafts if not decided[draft]]
    tally.doubled += [draft or "" for draft, count in decided.items() if count > 1]
    tally.doubled += [id for id, count in times.items() if count > 1 or id not in tally.told]


def _is_as_told(review: Review, told: Told) -> bool:
    """Whether the store has the decision that was acknowledged."""
    same = (review.draft, review.reviewer, review.action.value) == (told.draft, told.reviewer, told.action)
    edited = (review.edited or {}) == {name: told.fields[name] for name in ("subject", "body") if name in told.fields}
    reason = review.reason.value if review.reason else None
    return same and edited and reason == told.fields.get("reason")


if __name__ == "__main__":
    main()
