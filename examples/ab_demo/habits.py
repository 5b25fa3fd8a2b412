"""Who does what: drawn once for each person, by the seed and the rates of the arm that their company is in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from random import Random

from examples.ab_demo.rates import OptOut, Program, Rates, drawn
from examples.ab_demo.replies import ReplyText
from miniatures.datamodel.frozen import Strict
from miniatures.datamodel.inbound import ReplyClass


class Person(Strict):
    """Somebody with a mailbox, in an arm of the test. Who is away does nothing; `note` is what their program says."""

    email: str
    name: str
    arm: str
    scanned: bool
    away: bool
    note: str


class Complaint(StrEnum):
    """What somebody presses who is asked nothing further."""

    SPAM = "spam"


Act = ReplyClass | OptOut | Complaint
"""What somebody does besides reading: answers so, opts out so, or complains."""


@dataclass(frozen=True)
class Habit:
    """What one person does with an email, and with which program; `answer` is the text of a reply."""

    program: Program
    opens: bool = False
    clicks: bool = False
    act: Act | None = None
    answer: ReplyText | None = None


def habit_of(person: Person, rates: Rates, texts: Sequence[ReplyText]) -> Habit:
    """What the person does; `texts` are what people write, each with what it means."""
    draw = Random(f"{rates.seed} {person.email}")
    program = drawn(rates.mail_programs, draw.random()) or Program.OUTLOOK
    arm = rates.arms[person.arm]
    if person.away or draw.random() >= arm.opens:
        return Habit(program)
    acts: list[tuple[Act, float]] = [*arm.replies.items(), *arm.opts_out.items(), (Complaint.SPAM, arm.complains)]
    act = drawn({one: share / arm.opens for one, share in acts}, draw.random())
    answer = draw.choice([text for text in texts if text.meaning is act]) if isinstance(act, ReplyClass) else None
    return Habit(program, True, draw.random() < arm.clicks / arm.opens, act, answer)
