"""Who is written to once more: nobody who answered, nobody too early, nobody while something is not known."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miniatures.datamodel.hit import Hit
from miniatures.datamodel.inbound import Inbound, InboundKind
from miniatures.datamodel.message import MessageState, OutboxRow
from miniatures.datamodel.send_settings import FollowUp
from miniatures.delivery.follow_ups import Hindrance, Known, hindrance
from tests.delivery.hits.stories import GATEWAY, GATEWAY_2, HOUR, SENT, clicked, opened
from tests.store.mail.emails import CAMPAIGN, email_to

DAY = timedelta(days=1)
RULES = (FollowUp(after_days=4), FollowUp(after_days=7, when="no_click"))
LATE = SENT + 40 * DAY
SECOND_DUE = SENT + 11 * DAY


def emails(*states: MessageState) -> tuple[OutboxRow, ...]:
    """A thread; each email that was accepted left four days after the one before."""
    return tuple(
        OutboxRow(
            message=email_to(1, step=step, id=f"m{step}"),
            state=state,
            due_at=SENT,
            queued_at=SENT,
            sent_at=SENT + 4 * step * DAY if state is MessageState.ACCEPTED else None,
        )
        for step, state in enumerate(states)
    )


def came(kind: InboundKind, at: datetime = SENT + DAY, **fields: object) -> Inbound:
    plain = {"campaign": CAMPAIGN, "mailbox": "sales", "kind": kind, "received_at": at}
    return Inbound.model_validate(plain | fields)


def why(
    *states: MessageState,
    inbound: Sequence[Inbound] = (),
    hits: Sequence[Hit] = (),
    now: datetime = LATE,
    suppressed: bool = False,
) -> Hindrance | None:
    known = Known(emails(*states), inbound, lambda: suppressed, lambda message: hits if message == "m0" else ())
    return hindrance(known, RULES, now)


SENT_ONCE = (MessageState.ACCEPTED,)
SENT_TWICE = (MessageState.ACCEPTED, MessageState.ACCEPTED)


def test_it_is_due_once_the_days_have_passed() -> None:
    assert why(*SENT_ONCE, now=SENT + 4 * DAY - timedelta(seconds=1)) is Hindrance.EARLY
    assert why(*SENT_ONCE, now=SENT + 4 * DAY) is None
    assert why(*SENT_TWICE, now=SECOND_DUE - timedelta(seconds=1)) is Hindrance.EARLY
    assert why(*SENT_TWICE, now=SECOND_DUE) is None


def test_after_the_last_one_there_is_none() -> None:
    assert why(MessageState.ACCEPTED, MessageState.ACCEPTED, MessageState.ACCEPTED) is Hindrance.ALL_SENT


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (MessageState.QUEUED, Hindrance.ON_ITS_WAY),
        (MessageState.CLAIMED, Hindrance.ON_ITS_WAY),
        (MessageState.SENDING, Hindrance.ON_ITS_WAY),
        (MessageState.UNCERTAIN, Hindrance.UNCERTAIN),
        (MessageState.REJECTED, Hindrance.NOT_SENT),
        (MessageState.CANCELLED, Hindrance.NOT_SENT),
    ],
)
def test_an_email_that_was_not_accepted_is_not_followed_up(state: MessageState, said: Hindrance) -> None:
    assert why(state) is said
    assert why(MessageState.ACCEPTED, state) is said


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (InboundKind.REPLY, Hindrance.ANSWERED),
        (InboundKind.REFERRAL, Hindrance.ANSWERED),
        (InboundKind.OPT_OUT, Hindrance.OPTED_OUT),
        (InboundKind.COMPLAINT, Hindrance.COMPLAINED),
        (InboundKind.BOUNCE, Hindrance.BOUNCED),
        (InboundKind.GONE, Hindrance.GONE),
        (InboundKind.OWN, None),
        (InboundKind.DELAY, None),
        (InboundKind.DELIVERED, None),
        (InboundKind.AUTOMATIC, None),
    ],
)
def test_what_came_back_decides(kind: InboundKind, said: Hindrance | None) -> None:
    assert why(*SENT_ONCE, inbound=[came(kind)]) is said


def test_whoever_is_on_the_suppression_list_is_not_written_to() -> None:
    assert why(*SENT_ONCE, suppressed=True) is Hindrance.OPTED_OUT


def test_a_note_of_an_absence_is_waited_out() -> None:
    named = [came(InboundKind.OUT_OF_OFFICE, back_on=date(2026, 10, 26))]
    assert why(*SENT_ONCE, inbound=named, now=datetime.fromisoformat("2026-10-25T23:59:00+00:00")) is Hindrance.AWAY
    assert why(*SENT_ONCE, inbound=named, now=datetime.fromisoformat("2026-10-26T00:00:00+00:00")) is None
    unnamed = [came(InboundKind.OUT_OF_OFFICE, SENT + 2 * DAY)]
    assert why(*SENT_ONCE, inbound=unnamed, now=SENT + 8 * DAY) is Hindrance.AWAY
    assert why(*SENT_ONCE, inbound=unnamed, now=SENT + 9 * DAY) is None


def test_a_persons_click_counts_where_the_condition_says_so() -> None:
    hits = [clicked(3 * HOUR)]
    assert why(*SENT_ONCE, hits=hits) is None, "the first follow-up asks for no reply alone"
    assert why(*SENT_TWICE, hits=hits) is Hindrance.CLICKED


def test_whoever_may_have_followed_a_link_is_not_written_to_as_if_they_had_not() -> None:
    assert why(*SENT_TWICE, hits=[clicked(120)]) is Hindrance.CLICKED


def test_neither_an_opening_nor_a_scanner_is_a_click() -> None:
    scanned = [clicked(link, link, address=address) for link in (1, 2, 3) for address in (GATEWAY, GATEWAY_2)]
    assert why(*SENT_TWICE, hits=[*scanned, opened(3 * HOUR)]) is None


KINDS = st.lists(st.sampled_from(InboundKind), max_size=4)
ENDING = {
    InboundKind.REPLY,
    InboundKind.REFERRAL,
    InboundKind.OPT_OUT,
    InboundKind.COMPLAINT,
    InboundKind.BOUNCE,
    InboundKind.GONE,
}


@given(
    states=st.lists(st.sampled_from(MessageState), min_size=1, max_size=4),
    kinds=KINDS,
    hours=st.integers(0, 24 * 60),
    suppressed=st.booleans(),
)
def test_whoever_is_due_has_every_email_accepted_long_enough_ago_and_ended_nothing(
    states: list[MessageState], kinds: list[InboundKind], hours: int, suppressed: bool
) -> None:
    now = SENT + timedelta(hours=hours)
    said = why(*states, inbound=[came(kind) for kind in kinds], now=now, suppressed=suppressed)
    if said is None:
        assert states[-1] is MessageState.ACCEPTED
        assert MessageState.UNCERTAIN not in states
        assert not suppressed and ENDING.isdisjoint(kinds)
        assert len(states) <= len(RULES)
        left = SENT + 4 * (len(states) - 1) * DAY
        assert now >= left + RULES[len(states) - 1].after_days * DAY
        assert InboundKind.OUT_OF_OFFICE not in kinds or now >= SENT + 8 * DAY


@given(kinds=KINDS, more=KINDS, hours=st.integers(0, 24 * 60))
def test_more_that_came_back_never_makes_anybody_due(
    kinds: list[InboundKind], more: list[InboundKind], hours: int
) -> None:
    now = SENT + timedelta(hours=hours)
    if why(*SENT_ONCE, inbound=[came(kind) for kind in kinds], now=now) is not None:
        assert why(*SENT_ONCE, inbound=[came(kind) for kind in (*kinds, *more)], now=now) is not None
