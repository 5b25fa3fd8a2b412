"""What became of an email is told from the outbox's row and what came back; of several answers the gravest stands."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from miniatures.datamodel.hit import HitKind
from miniatures.datamodel.inbound import Inbound, InboundKind, ReplyClass
from miniatures.datamodel.message import CancelReason, MessageState
from miniatures.datamodel.standing import MAILED, MEANINGS, Dispatch, State
from miniatures.delivery.dispatch import Against, dispatch_of
from miniatures.delivery.hits.classify import OWN
from miniatures.store.mail.posted import Posted, PostedEmail
from tests.delivery.ab_campaign import SENT, hit, inbound, message_id, prospect

ADA = prospect("student", 1)
DAY = timedelta(days=1)
NOBODY = Against(lambda address: False)
EVERYBODY = Against(lambda address: True)


def email(state: MessageState = MessageState.ACCEPTED, step: int = 0, **changed: Any) -> PostedEmail:
    sent_at = SENT + 4 * step * DAY if state is MessageState.ACCEPTED else None
    row = PostedEmail(message_id(ADA, step), step, "student", state, "", 1, SENT, sent_at, "draft", "hash")
    return row._replace(**changed)


def mail(kind: InboundKind, day: float = 1, **changed: Any) -> Inbound:
    return inbound(ADA, kind, SENT + day * DAY, **changed)


def came_of(
    posted: Posted, step: int = 0, against: Against = NOBODY, decided: State = State.APPROVED
) -> Dispatch | None:
    return dispatch_of(step, posted, decided, ADA.email, against)


def state_of(*emails: PostedEmail, mails: tuple[Inbound, ...] = (), step: int = 0, against: Against = NOBODY) -> Any:
    found = came_of(Posted(list(emails), list(mails), decisions=1), step, against)
    return found and found.state


@pytest.mark.parametrize(
    ("state", "stands"),
    [
        (MessageState.QUEUED, State.QUEUED),
        (MessageState.CLAIMED, State.QUEUED),
        (MessageState.SENDING, State.LEAVING),
        (MessageState.ACCEPTED, State.SENT),
        (MessageState.REJECTED, State.REFUSED),
        (MessageState.UNCERTAIN, State.UNCERTAIN),
        (MessageState.CANCELLED, State.CANCELLED),
    ],
)
def test_without_anything_that_came_back_the_outbox_decides(state: MessageState, stands: State) -> None:
    assert state_of(email(state)) is stands
    assert stands in MAILED and stands in MEANINGS


@pytest.mark.parametrize(
    ("kinds", "stands"),
    [
        ([InboundKind.REPLY], State.REPLIED),
        ([InboundKind.REFERRAL], State.REPLIED),
        ([InboundKind.BOUNCE], State.BOUNCED),
        ([InboundKind.GONE], State.GONE),
        ([InboundKind.OPT_OUT], State.UNSUBSCRIBED),
        ([InboundKind.COMPLAINT], State.COMPLAINED),
        ([InboundKind.OUT_OF_OFFICE], State.SENT),
        ([InboundKind.DELIVERED], State.SENT),
        ([InboundKind.REPLY, InboundKind.OPT_OUT], State.UNSUBSCRIBED),
        ([InboundKind.BOUNCE, InboundKind.REPLY], State.REPLIED),
        ([InboundKind.REPLY, InboundKind.OPT_OUT, InboundKind.COMPLAINT], State.COMPLAINED),
    ],
)
def test_of_what_came_back_the_gravest_stands(kinds: list[InboundKind], stands: State) -> None:
    mails = tuple(mail(kind, day) for day, kind in enumerate(kinds, start=1))
    assert state_of(email(), mails=mails) is stands
    assert state_of(email(), mails=mails[::-1]) is stands


def test_the_class_that_a_person_gave_decides_what_an_answer_is() -> None:
    answer = mail(InboundKind.REPLY, reply_class=ReplyClass.OPT_OUT, classified_by="ada")
    assert state_of(email(), mails=(answer,)) is State.UNSUBSCRIBED
    answer = mail(InboundKind.REPLY, reply_class=ReplyClass.POSITIVE)
    found = came_of(Posted([email()], [answer], decisions=1))
    assert found is not None
    assert (
        found.told == f"sent on {SENT:%Y-%m-%d %H:%M} UTC; they answered on {SENT + DAY:%Y-%m-%d %H:%M} UTC: positive"
    )


def test_whoever_opts_out_on_the_page_is_unsubscribed() -> None:
    posted = Posted([email()], opt_outs=[hit(ADA, HitKind.UNSUBSCRIBE_POST, SENT + DAY)], decisions=1)
    found = came_of(posted)
    assert found is not None and found.state is State.UNSUBSCRIBED


def test_whoever_opts_out_on_the_page_of_the_first_email_opted_out_of_the_follow_up_that_had_left() -> None:
    emails = [email(), email(step=1)]
    between, after = (hit(ADA, HitKind.UNSUBSCRIBE_POST, SENT + day * DAY) for day in (2, 6))
    for pressed, second in ((between, State.SENT), (after, State.UNSUBSCRIBED)):
        posted = Posted(emails, opt_outs=[pressed], decisions=1)
        stand = [found and found.state for found in (came_of(posted, 0), came_of(posted, 1))]
        assert stand == [State.UNSUBSCRIBED, second]


@pytest.mark.parametrize("order", [1, -1])
def test_a_machine_that_presses_after_a_person_takes_nothing_back(order: int) -> None:
    person = hit(ADA, HitKind.UNSUBSCRIBE_POST, SENT + DAY)
    machine = hit(ADA, HitKind.UNSUBSCRIBE_POST, SENT + 2 * DAY, headers={OWN: "the sender's own address"})
    for pressed, stands in (([person, machine], State.UNSUBSCRIBED), ([machine], State.SENT)):
        found = came_of(Posted([email()], opt_outs=pressed[::order], decisions=1))
        assert found is not None and found.state is stands


def test_an_answer_by_a_clock_that_is_behind_is_an_answer_all_the_same() -> None:
    early = mail(InboundKind.REPLY, day=-0.001, message=message_id(ADA, 0))
    assert state_of(email(), mails=(early,)) is State.REPLIED
    assert state_of(email(), mails=(mail(InboundKind.REPLY, day=-1, message=None),)) is State.SENT


def test_an_absence_is_told_beside_the_sending() -> None:
    found = came_of(Posted([email()], [mail(InboundKind.OUT_OF_OFFICE, back_on=date(2026, 12, 7))], decisions=1))
    assert found is not None and found.told.endswith(" UTC: they are away until 2026-12-07")


def test_who_answers_the_follow_up_has_answered_both_emails() -> None:
    thread, answer = (email(), email(step=1)), mail(InboundKind.REPLY, 5)
    assert [state_of(*thread, mails=(answer,), step=step) for step in (0, 1)] == [State.REPLIED, State.REPLIED]
    bounce = mail(InboundKind.BOUNCE, 5, message=message_id(ADA, 1))
    assert [state_of(*thread, mails=(bounce,), step=step) for step in (0, 1)] == [State.SENT, State.BOUNCED]


def test_what_the_next_claim_would_cancel_is_not_called_queued() -> None:
    row = email(MessageState.QUEUED)
    assert state_of(row, against=EVERYBODY) is State.SUPPRESSED
    assert state_of(row, mails=(mail(InboundKind.REPLY),)) is State.CANCELLED
    assert state_of(row, mails=(mail(InboundKind.BOUNCE),)) is State.QUEUED
    follow_up = email(MessageState.QUEUED, step=1)
    assert state_of(follow_up, mails=(mail(InboundKind.BOUNCE),), step=1) is State.CANCELLED
    assert state_of(row, against=Against(lambda address: False, {"student"})) is State.CANCELLED
    assert state_of(row._replace(decisions=0)) is None, "somebody has decided since: their word stands"


def test_what_was_taken_back_for_a_decision_stands_as_it_was_decided() -> None:
    assert state_of(email(MessageState.CANCELLED, why=CancelReason.DECIDED_ANEW)) is None
    assert state_of(email(MessageState.CANCELLED, why=CancelReason.SUPPRESSED)) is State.SUPPRESSED
    replied = came_of(Posted([email(MessageState.CANCELLED, why=CancelReason.REPLIED)], decisions=1))
    assert replied is not None
    assert replied.told == "it does not leave: they had answered before it left"
    bounced = came_of(Posted([email(MessageState.CANCELLED, why=CancelReason.BOUNCED)], decisions=1))
    assert bounced is not None and bounced.told == "it does not leave: an email before came back"


@pytest.mark.parametrize("decided", list(State))
def test_an_email_that_was_not_queued_is_suppressed_only_if_it_might_leave(decided: State) -> None:
    found = came_of(Posted(), against=EVERYBODY, decided=decided)
    assert (found is not None) == (decided in (State.APPROVED, State.EDITED, State.READY))


@pytest.mark.parametrize("kind", [InboundKind.REPLY, InboundKind.BOUNCE, InboundKind.OPT_OUT, InboundKind.COMPLAINT])
def test_a_follow_up_does_not_leave_once_something_ended_the_thread(kind: InboundKind) -> None:
    assert state_of(email(), mails=(mail(kind),), step=1) is State.CANCELLED
    assert state_of(email(), step=1) is None


def test_an_answer_ends_the_thread_whatever_class_a_person_gave_to_it() -> None:
    away = mail(InboundKind.REPLY, reply_class=ReplyClass.OUT_OF_OFFICE, classified_by="ada")
    found = came_of(Posted([email()], [away], decisions=1), step=1)
    assert found is not None and found.told == "it does not leave: they had answered"
    assert state_of(email(), mails=(away,)) is State.SENT


@pytest.mark.parametrize("decided", [State.APPROVED, State.READY])
def test_what_was_never_queued_does_not_leave_once_its_arm_was_stopped(decided: State) -> None:
    stopped = Against(lambda address: False, {"student"})
    found = came_of(Posted(arm="student", decisions=1), against=stopped, decided=decided)
    assert found is not None and found.told == "it does not leave: its arm was stopped"
    assert came_of(Posted(arm="teacher"), against=stopped, decided=decided) is None
    assert came_of(Posted(arm="student"), against=stopped, decided=State.REJECTED) is None
