"""Who is known, for how long, and what lets in."""

from __future__ import annotations

from miniatures.app.web.visitors import MOST_SESSIONS, SESSION_SECONDS, Rights, Sessions, Visitor
from tests.app.web.entered import Clock


def test_a_visitor_is_known_until_the_session_is_over() -> None:
    clock = Clock()
    sessions, visitor = Sessions(clock), Visitor("kim", Rights.REVIEWER)
    assert sessions.find(visitor.session) is None
    sessions.open(visitor)
    clock.now += SESSION_SECONDS - 1
    assert sessions.find(visitor.session) is visitor
    clock.now += 1
    assert sessions.find(visitor.session) is None


def test_a_visitor_who_left_is_not_known() -> None:
    sessions, visitor = Sessions(), Visitor("kim", Rights.REVIEWER)
    sessions.open(visitor)
    sessions.close(visitor)
    sessions.close(visitor)
    assert sessions.find(visitor.session) is None
    assert sessions.find(None) is None
    assert sessions.find("") is None


def test_a_visitor_who_may_stay_no_more_does_not_come_back() -> None:
    gone: set[str] = set()
    sessions, visitor = Sessions(still_known=lambda one: one.name not in gone), Visitor("kim", Rights.REVIEWER)
    sessions.open(visitor)
    assert sessions.find(visitor.session) is visitor
    gone.add("kim")
    assert sessions.find(visitor.session) is None
    gone.clear()
    assert sessions.find(visitor.session) is None


def test_no_more_visitors_are_kept_than_fit_and_the_oldest_goes_first() -> None:
    sessions = Sessions()
    visitors = [Visitor(str(number), Rights.REVIEWER) for number in range(MOST_SESSIONS + 1)]
    for visitor in visitors:
        sessions.open(visitor)
    assert sessions.find(visitors[0].session) is None
    assert all(sessions.find(visitor.session) for visitor in visitors[1:])


def test_a_token_lets_in_once() -> None:
    sessions, visitor = Sessions(), Visitor("kim", Rights.OWNER)
    token = sessions.token_for(visitor)
    assert sessions.find(visitor.session) is None
    assert sessions.redeem(token) is visitor
    assert sessions.find(visitor.session) is visitor
    assert sessions.redeem(token) is None
    assert sessions.redeem("") is None


def test_what_a_visitor_is_known_by_is_not_shown_and_nobody_else_s() -> None:
    one, other = Visitor("kim", Rights.OWNER, by="hash"), Visitor("kim", Rights.OWNER)
    shown = repr(one)
    assert one.session not in shown and one.csrf not in shown and "hash" not in shown
    assert one.session != other.session and len(one.session) > 40
    assert one.owns_form(one.csrf)
    assert not one.owns_form(other.csrf)
    assert not one.owns_form("") and not one.owns_form("é")
