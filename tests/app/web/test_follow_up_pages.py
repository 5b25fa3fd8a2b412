"""A follow-up is reviewed in the browser like any draft, with the email that it comes after beside it."""

from __future__ import annotations

import asyncio
from datetime import date
from html import unescape

from miniatures.agents.placed_follow_up import placed_follow_up
from miniatures.agents.verify import outcome_of
from miniatures.checks import CheckCase, run_checks
from miniatures.datamodel.draft import PLACED, Draft, EarlierEmail
from miniatures.store.open import open_store
from tests.app.web.client import Browser
from tests.app.web.test_review_pages import Desk, ada, desk, listed

__all__ = ["ada", "desk"]
"""Fixtures: the app over eight drafts, and somebody who is signed in."""


def follow_up(desk: Desk) -> Draft:
    """Written to the last person of the list."""

    async def save() -> Draft:
        with open_store(desk.loaded.store_url) as store:
            *_, first = store.results("desk")
            assert first.draft is not None
            brief, news = desk.loaded.brief.for_follow_ups, first.draft.evidence[0]
            earlier = EarlierEmail(**first.draft.text.model_dump(), sent_on=date(2026, 11, 3))
            email = placed_follow_up(brief, first.prospect, brief.claims[-1:], [earlier], is_last=False)
            assert email is not None
            evidence = (news, earlier.quote)
            checked = run_checks(email, CheckCase(prospect=first.prospect, brief=brief, evidence=evidence))
            draft = Draft(id="f" * 32, **email.model_dump(), evidence=evidence, backend=PLACED, **outcome_of(checked))
            changed = {"policy": f"{first.policy}+1", "draft": draft, "status": draft.status, "earlier": (earlier,)}
            await store.save_result(first.model_copy(update=changed))
            return draft

    return asyncio.run(save())


def test_it_waits_beside_the_first_email(desk: Desk, ada: Browser) -> None:
    draft = follow_up(desk)
    html = ada.get("/c/desk/queue").text
    assert len(listed(html)) == 9 and draft.id in listed(html)
    assert html.count("follow-up 1") == 1


def test_its_page_shows_the_email_that_it_comes_after(desk: Desk, ada: Browser) -> None:
    draft = follow_up(desk)
    html = unescape(ada.get(f"/c/desk/drafts/{draft.id}").text)
    assert "Subject of follow-up 1" in html
    assert "Email of 3 November 2026" in html and "it was sent to them" in html
    assert "I wrote to you on 3 November" in html
