"""The people of the list, as a process of its own: it reads real mailboxes and does what people and their programs do.

It knows what an email says, where a mailbox is and which arm a company is in, for the rates are set by arm. It never
looks into the store of the campaign: whatever the report comes to know, it knows from the mail and the tracker.
"""

from __future__ import annotations

import argparse
import heapq
import smtplib
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from email.utils import parseaddr
from itertools import count
from pathlib import Path
from random import Random
from typing import assert_never

import httpx
from pydantic import TypeAdapter

from examples.ab_demo.answers import FEEDBACK_ADDRESS, complaint_about, note_about, reply_to
from examples.ab_demo.habits import Complaint, Habit, Person, habit_of
from examples.ab_demo.journal import Deed, Journal
from examples.ab_demo.mailbox import Letter, unread
from examples.ab_demo.programs import Web
from examples.ab_demo.rates import OptOut, Rates, load_rates
from examples.ab_demo.replies import load_replies
from miniatures.datamodel.inbound import ReplyClass
from tests.mail_servers.layout import HOST

PEOPLE = TypeAdapter(list[Person])
_AT_ONCE = 4
_BEFORE_ANYBODY_S = 33
"""Seconds after the email was sent in which only machines are at work: a click so soon is held for one of theirs."""
_SPREAD_S = 20
"""Seconds over which people come to look at it."""
_LOOK_AGAIN_S = 3

Doing = Callable[[], None]


@dataclass
class Timeline:
    """What is still to be done, the earliest first."""

    _waiting: list[tuple[float, int, Doing]] = field(default_factory=list)
    _number: Iterator[int] = field(default_factory=count)

    def add(self, at: float, doing: Doing) -> None:
        """Let it be done at this moment, in seconds since 1970."""
        heapq.heappush(self._waiting, (at, next(self._number), doing))

    def run(self) -> None:
        """Wait for each moment, and do it."""
        while self._waiting:
            at, _, doing = heapq.heappop(self._waiting)
            time.sleep(max(0.0, at - time.time()))
            doing()


@dataclass(frozen=True)
class Post:
    """Sends what people write."""

    port: int

    def send(self, content: bytes, sender: str, to: str) -> None:
        with smtplib.SMTP(HOST, self.port, timeout=30) as server:
            server.sendmail(sender, [to], content)


@dataclass(frozen=True)
class Reader:
    """One person with one email."""

    person: Person
    habit: Habit
    letter: Letter
    web: Web
    post: Post
    journal: Journal

    def machines(self) -> None:
        """What happens before anybody looks."""
        self._note(Deed.RECEIVED)
        if self.person.note:
            self._reply_automatically(self.person.note)
            self._note(Deed.AUTO_REPLIED)
        if self.person.scanned:
            self.web.scan(self.letter, self.person.email.rpartition("@")[2])
            self._note(Deed.SCANNED)
        if self.web.prefetch(self.letter, self.habit.program, self.person.email):
            self._note(Deed.PREFETCHED, self.habit.program)

    def plan(self, timeline: Timeline, draw: Random) -> None:
        """When the person does what they do."""
        looked = self.letter.sent_at.timestamp() + _BEFORE_ANYBODY_S + draw.uniform(0, _SPREAD_S)
        if self.habit.opens:
            timeline.add(looked, self._open)
        if self.habit.clicks:
            timeline.add(looked + draw.uniform(2, 6), self._click)
        if self.habit.act is not None:
            timeline.add(looked + draw.uniform(7, 12), self._act)

    def _open(self) -> None:
        self.web.open(self.letter, self.habit.program, self.person.email)
        self._note(Deed.OPENED, self.habit.program)

    def _click(self) -> None:
        self.web.click(self.letter, self.habit.program, self.person.email)
        self._note(Deed.CLICKED)

    def _act(self) -> None:
        act = self.habit.act
        match act:
            case ReplyClass():
                assert self.habit.answer is not None
                self._reply(self.habit.answer.text)
                self._note(Deed.REPLIED, act)
            case OptOut():
                self._opt_out(act)
                self._note(Deed.OPTED_OUT, act)
            case Complaint():
                self.post.send(complaint_about(self.letter).as_bytes(), FEEDBACK_ADDRESS, self._sender)
                self._note(Deed.COMPLAINED)
            case None:
                raise AssertionError("only who does something is planned for")
            case _:
                assert_never(act)

    def _opt_out(self, how: OptOut) -> None:
        match how:
            case OptOut.ONE_CLICK:
                self.web.opt_out_by_one_click(self.letter, self.person.email)
            case OptOut.PAGE:
                self.web.opt_out_by_page(self.letter, self.habit.program, self.person.email)
            case OptOut.STOP:
                self._reply("STOP")
            case _:
                assert_never(how)

    def _reply(self, text: str) -> None:
        person = self.person
        reply = reply_to(self.letter, text, person.name, person.email, self.habit.program)
        self.post.send(reply.as_bytes(), person.email, self._sender)

    def _reply_automatically(self, note: str) -> None:
        reply = note_about(self.letter, note, self.person.name, self.person.email)
        self.post.send(reply.as_bytes(), "", self.letter.envelope_sender)

    @property
    def _sender(self) -> str:
        return parseaddr(str(self.letter.message["From"]))[1]

    def _note(self, deed: Deed, detail: str = "") -> None:
        self.journal.note(self.person.email, self.person.arm, deed, detail)


def live(people: Sequence[Person], rates: Rates, *, smtp_port: int, imap_port: int, journal: Journal) -> None:
    """Let everybody read their mail and do with it what they do, until nobody has new mail or plans any more."""
    texts, timeline = load_replies(), Timeline()
    with httpx.Client(timeout=30) as client, ThreadPoolExecutor(_AT_ONCE) as threads:
        web, post = Web(client), Post(smtp_port)

        def look_in(person: Person) -> list[Reader]:
            habit, letters = habit_of(person, rates, texts), unread(HOST, imap_port, person.email)
            readers = [Reader(person, habit, letter, web, post, journal) for letter in letters]
            for reader in readers:
                reader.machines()
            return readers

        while found := [reader for readers in threads.map(look_in, people) for reader in readers]:
            for reader in found:
                reader.plan(timeline, Random(f"{rates.seed} {reader.person.email} moments"))
            time.sleep(_LOOK_AGAIN_S)  # the server may be at work on what it took
        timeline.run()


def main() -> None:
    """Live through one campaign, then end."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=Path, required=True, help="who has a mailbox, as JSON")
    parser.add_argument("--rates", type=Path, required=True)
    parser.add_argument("--journal", type=Path, required=True)
    parser.add_argument("--smtp-port", type=int, required=True)
    parser.add_argument("--imap-port", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    options = parser.parse_args()
    people = PEOPLE.validate_json(options.people.read_bytes())
    rates, journal = load_rates(options.rates, seed=options.seed), Journal(options.journal)
    live(people, rates, smtp_port=options.smtp_port, imap_port=options.imap_port, journal=journal)


if __name__ == "__main__":
    main()
