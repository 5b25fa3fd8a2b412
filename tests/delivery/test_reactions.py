"""What comes back counts as what it is: by a person's correction, by the email that it is about, by who did it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from miniatures.datamodel.hit import HitKind
from miniatures.datamodel.inbound import Inbound, InboundKind, ReplyClass
from miniatures.datamodel.message import MessageState
from miniatures.delivery.reactions import Reactions, reactions
from miniatures.store.mail.people import Mailed
from tests.delivery.ab_campaign import SENT, hit, inbound, message_id, prospect

ADA = prospect("student", 1)
DAY = timedelta(days=1)
FOLLOW_UP = SENT + 4 * DAY


def mailed(step: int = 0) -> Mailed:
    sent_at = FOLLOW_UP if step else SENT
    return Mailed(
        message_id(ADA, step), step, MessageState.ACCEPTED, "", "mail.example", sent_at, "policy", "draft", "hash"
    )


BOTH = [mailed(), mailed(1)]


def did(*mails: Inbound, hits: Any = ()) -> Reactions:
    by_message: dict[str, list[Any]] = {}
    for one in hits:
        by_message.setdefault(one.message, []).append(one)
    return reactions(BOTH, mails, by_message)


def kinds(found: Reactions) -> set[str]:
    """The things that were done at all."""
    return {name.removesuffix("_at") for name, moment in vars(found).items() if moment is not None}


@pytest.mark.parametrize(
    ("kind", "reply_class", "counted"),
    [
        (InboundKind.REPLY, None, {"replied"}),
        (InboundKind.REPLY, ReplyClass.POSITIVE, {"replied", "positive"}),
        (InboundKind.REPLY, ReplyClass.NEUTRAL, {"replied"}),
        (InboundKind.REPLY, ReplyClass.NEGATIVE, {"replied"}),
        (InboundKind.REPLY, ReplyClass.OPT_OUT, {"unsubscribed"}),
        (InboundKind.REPLY, ReplyClass.OUT_OF_OFFICE, set()),
        (InboundKind.REFERRAL, None, {"replied"}),
        (InboundKind.REFERRAL, ReplyClass.WRONG_PERSON, {"replied"}),
        (InboundKind.OPT_OUT, ReplyClass.OPT_OUT, {"unsubscribed"}),
        (InboundKind.OPT_OUT, None, {"unsubscribed"}),
        (InboundKind.OPT_OUT, ReplyClass.POSITIVE, {"replied", "positive"}),
        (InboundKind.AUTOMATIC, None, set()),
        (InboundKind.AUTOMATIC, ReplyClass.POSITIVE, {"replied", "positive"}),
        (InboundKind.OUT_OF_OFFICE, None, set()),
        (InboundKind.GONE, None, set()),
        (InboundKind.DELAY, None, set()),
        (InboundKind.DELIVERED, None, set()),
        (InboundKind.OWN, None, set()),
        (InboundKind.COMPLAINT, None, {"complained"}),
        (InboundKind.BOUNCE, None, {"bounced"}),
    ],
)
def test_a_mail_counts_by_its_class_and_without_one_by_its_kind(
    kind: InboundKind, reply_class: ReplyClass | None, counted: set[str]
) -> None:
    assert kinds(did(inbound(ADA, kind, SENT + DAY, reply_class=reply_class))) == counted


def test_the_first_of_each_counts() -> None:
    found = did(
        inbound(ADA, InboundKind.REPLY, SENT + 3 * DAY, reply_class=ReplyClass.POSITIVE),
        inbound(ADA, InboundKind.REPLY, SENT + 2 * DAY, reply_class=ReplyClass.NEGATIVE),
    )
    assert (found.replied_at, found.positive_at) == (SENT + 2 * DAY, SENT + 3 * DAY)


def test_a_follow_up_that_came_back_does_not_undo_what_arrived() -> None:
    assert kinds(did(inbound(ADA, InboundKind.BOUNCE, FOLLOW_UP + DAY, step=1))) == set()
    assert kinds(did(inbound(ADA, InboundKind.BOUNCE, FOLLOW_UP + DAY, step=None))) == set()
    assert kinds(did(inbound(ADA, InboundKind.BOUNCE, SENT + DAY, step=None))) == {"bounced"}
    assert kinds(did(inbound(ADA, InboundKind.BOUNCE, FOLLOW_UP + DAY, step=0))) == {"bounced"}


def test_whoever_answers_was_reached_whatever_a_server_reported() -> None:
    bounce = inbound(ADA, InboundKind.BOUNCE, SENT + DAY)
    assert kinds(did(bounce, inbound(ADA, InboundKind.REPLY, SENT + 2 * DAY))) == {"replied"}
    assert kinds(did(bounce, hits=[hit(ADA, HitKind.UNSUBSCRIBE_POST, SENT + DAY)])) == {"unsubscribed"}
    assert "bounced" in kinds(did(bounce, hits=[hit(ADA, HitKind.OPEN, SENT + DAY)])), "a machine on the way may open"


def test_what_a_person_perhaps_did_may_be_earlier_than_what_they_surely_did() -> None:
    quick, person = hit(ADA, HitKind.CLICK, SENT + timedelta(minutes=5)), hit(ADA, HitKind.CLICK, FOLLOW_UP + DAY, 1)
    found = did(hits=[person, quick])
    assert (found.perhaps_clicked_at, found.clicked_at) == (SENT + timedelta(minutes=5), FOLLOW_UP + DAY)


def test_hits_count_as_the_rules_tell_persons() -> None:
    own = hit(ADA, HitKind.CLICK, SENT + DAY, headers={"own": "a cookie"})
    scan = hit(ADA, HitKind.CLICK, SENT + timedelta(seconds=1))
    apple = hit(ADA, HitKind.OPEN, SENT + DAY, user_agent="Mozilla/5.0")
    person = hit(ADA, HitKind.CLICK, FOLLOW_UP + DAY, step=1)
    quick = hit(ADA, HitKind.CLICK, SENT + timedelta(minutes=5))
    assert kinds(did(hits=[own, scan])) == set()
    assert kinds(did(hits=[apple])) == {"perhaps_opened"}
    assert kinds(did(hits=[person])) == {"clicked", "perhaps_clicked"}
    assert kinds(did(hits=[quick])) == {"perhaps_clicked"}
    assert kinds(did(hits=[hit(ADA, HitKind.OPEN, SENT + DAY)])) == {"opened", "perhaps_opened"}
    assert kinds(did(hits=[hit(ADA, HitKind.UNSUBSCRIBE_VIEW, SENT + DAY)])) == set()
