"""Blind reading: an email with the offer and all pages of its company, and a form for what a reader finds in it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, get_args
from urllib.parse import urlencode

from pydantic import Field
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from miniatures.app.door import Refused
from miniatures.app.web.company_pages import Shelf
from miniatures.app.web.desks import OpenDesk
from miniatures.app.web.forms import form_fields, form_of, query_of
from miniatures.app.web.guard import Guard, marked
from miniatures.app.web.markdown import blocks
from miniatures.app.web.reading_form import ROWS, ROWS_SHOWN, ReadingForm, Row, false_rows, mistakes_in, reading_of
from miniatures.app.web.rendering import page
from miniatures.app.web.site import site_of
from miniatures.datamodel.frozen import Frozen
from miniatures.datamodel.prospect import Prospect
from miniatures.datamodel.review import Choice, Falsehood, ReadingVerdict
from miniatures.datamodel.trace import new_id
from miniatures.measure.reading_shares import SHARES, ReadersAgreement, ReadingShares, readers_agreement, reading_shares
from miniatures.review.desk import Desk
from miniatures.review.desk_item import DeskItem
from miniatures.review.done import Done
from miniatures.review.queue import DraftToReview, draft_to_review
from miniatures.review.reading_desk import Which, find_sheet, following, is_read, sheet_name, to_read, unread
from miniatures.review.reviewing import read
from miniatures.review.rubric import reading_rubric_text


def routes(guard: Guard) -> list[Route]:
    """The pages of this module."""
    pages = ReadingPages()
    return [
        Route("/c/{campaign}/read", guard.reviewers(pages.show), methods=["GET"]),
        Route("/c/{campaign}/read", guard.reviewers(pages.keep), methods=["POST"]),
        Route("/c/{campaign}/read/results", guard.reviewers(pages.show_results), methods=["GET"]),
        Route("/c/{campaign}/read/{sheet}/pages", guard.reviewers(pages.show_pages), methods=["GET"]),
    ]


_PAGES_SECONDS = 2.0
"""How long an email waits for its company's pages; they follow it if they take longer."""


class ReadQuery(Frozen):
    """Which draft is asked for: the next one that waits after another."""

    status: Which = Which.READY
    after: str = Field(default="", max_length=32)


@dataclass(frozen=True)
class Sheet:
    """An email as it lies before a reader."""

    name: str
    waiting: DraftToReview
    prospect: Prospect

    @property
    def cited(self) -> list[str]:
        """The addresses that the email was written from."""
        return [quote.where for quote in self.waiting.draft.evidence]


class ReadingPages:
    """The pages, with the companies' pages that were read for them."""

    def __init__(self) -> None:
        self._shelf = Shelf()
        self._done: dict[str, Done] = {}
        self._keeping = asyncio.Lock()

    async def show(self, request: Request) -> Response:
        """The next email that the reader has not read; or that none is left."""
        opened, asked, name = _opened(request), query_of(request, ReadQuery), request.state.visitor.name
        done = await self._up_to_date(opened)
        desk = await opened.desk()
        waiting = await asyncio.to_thread(_waiting, desk, asked, done, name)
        sheets = (sheet for item in waiting if (sheet := _sheet(opened, item)) is not None)
        sheet, coming = next(sheets, None), next(sheets, None)
        if sheet is None:
            left = {which: len(_waiting(desk, ReadQuery(status=which), done, name)) for which in Which}
            return page(request, "read_end.html.jinja", opened=opened, asked=asked, left=left, Which=Which)
        response = await self._page(request, opened, sheet, waiting=len(waiting))
        if coming is not None:
            self._ask_for(opened, coming)
        return response

    async def keep(self, request: Request) -> Response:
        """Keep a reading, and go to the next email.

        Raises:
            Refused: the email was written again or is gone since it was shown, or this reader has read it already.
        """
        opened, asked, name = _opened(request), query_of(request, ReadQuery), request.state.visitor.name
        given, rows = await form_of(request, ReadingForm), false_rows(await form_fields(request))
        if given.step == "skip":
            return _next(opened, asked, given.sheet)
        item, sheet = await _found(opened, given.sheet)
        mistakes = mistakes_in(given, rows)
        if mistakes:
            response = await self._page(request, opened, sheet, given=given, rows=rows, mistakes=mistakes)
            return marked(response, Refused(422, "incomplete", f"still to say: {'; '.join(mistakes)}"))
        review = read(sheet.waiting.item, name, reading_of(given, rows), given.comment)
        review = review.model_copy(update={"id": given.id, "seconds": given.seconds})
        async with self._keeping:
            done = await self._up_to_date(opened)
            if not done.said(review):
                if is_read(item, done, name):
                    raise Refused(409, "read_already", "you have read this email already: one reading of it is kept")
                await opened.store.add_review(review)
                done.add(review)
        return _next(opened, asked, given.sheet)

    async def show_pages(self, request: Request) -> Response:
        """The pages of one email's company, for an email that was shown before they were there.

        Raises:
            Refused: the email was written again or is gone.
        """
        opened = _opened(request)
        _, sheet = await _found(opened, request.path_params["sheet"])
        self._ask_for(opened, sheet)
        pages = await self._shelf.pages(opened, sheet.waiting.draft.id, _PAGES_SECONDS)
        return page(request, "company_pages.html.jinja", opened=opened, sheet=sheet, company=pages)

    async def show_results(self, request: Request) -> Response:
        """What the readers found, in shares, and how far they agree."""
        opened = _opened(request)
        shares, agreement = await asyncio.to_thread(_shares, opened)
        return page(request, "read_results.html.jinja", opened=opened, shares=shares, agreement=agreement, rows=SHARES)

    async def _page(
        self,
        request: Request,
        opened: OpenDesk,
        sheet: Sheet,
        *,
        waiting: int | None = None,
        given: ReadingForm | None = None,
        rows: Sequence[Row] = (),
        mistakes: Sequence[str] = (),
    ) -> Response:
        """The sheet with an empty form, or with what the reader filled in and what is wrong with it."""
        self._ask_for(opened, sheet)
        return page(
            request,
            "read.html.jinja",
            422 if mistakes else 200,
            opened=opened,
            sheet=sheet,
            company=await self._shelf.pages(opened, sheet.waiting.draft.id, _PAGES_SECONDS),
            waiting=waiting,
            given=given or ReadingForm(),
            rows=[*rows, *[("", "")] * ROWS][:ROWS],
            rows_shown=max(ROWS_SHOWN, len(rows)),
            mistakes=mistakes,
            review_id=new_id(),
            rubric=blocks(reading_rubric_text()),
            verdicts=list(ReadingVerdict),
            kinds=list(Falsehood),
            answers=_ANSWERS,
        )

    def _ask_for(self, opened: OpenDesk, sheet: Sheet) -> None:
        self._shelf.ask_for(opened, sheet.waiting.draft.id, sheet.prospect, sheet.cited)

    async def _up_to_date(self, opened: OpenDesk) -> Done:
        done = self._done.setdefault(opened.name, Done(opened.store, opened.name))
        await asyncio.to_thread(done.refresh)
        return done


_ANSWERS = (
    ("sense", "Sense", "Does each sentence follow from the one before?", ("ok", "weak", "nonsense")),
    ("subject", "Subject line", "Would a person type it to a person?", ("ok", "odd", "absurd")),
    ("choice", "Reason to write", "Is the news that it opens with a good one?", get_args(Choice)),
)


def _shares(opened: OpenDesk) -> tuple[list[ReadingShares], list[ReadersAgreement]]:
    reviews = list(opened.store.reviews(opened.name))
    return reading_shares(reviews), readers_agreement(reviews)


def _waiting(desk: Desk, asked: ReadQuery, done: Done, name: str) -> list[DeskItem]:
    return unread(following(to_read(desk, asked.status), asked.after), done, name)


async def _found(opened: OpenDesk, name: str) -> tuple[DeskItem, Sheet]:
    """The email that a reader knows by this name.

    Raises:
        Refused: it was written again or is gone since it was shown.
    """
    item = await asyncio.to_thread(find_sheet, await opened.desk(), name)
    sheet = None if item is None else _sheet(opened, item)
    if item is None or sheet is None:
        raise _gone()
    return item, sheet


def _sheet(opened: OpenDesk, item: DeskItem) -> Sheet | None:
    """The email of this line; None if it is another by now, or gone."""
    waiting = draft_to_review(opened.store, item.waiting)
    if waiting is None or not isinstance(waiting.recipient, Prospect):
        return None
    same = waiting.draft.text_hash == item.waiting.text_hash
    return Sheet(sheet_name(item), waiting, waiting.recipient) if same else None


def _opened(request: Request) -> OpenDesk:
    return site_of(request).desks[request.path_params["campaign"]]


def _next(opened: OpenDesk, asked: ReadQuery, after: str) -> Response:
    query: dict[str, Any] = asked.model_dump(mode="json", exclude_defaults=True) | {"after": after}
    return RedirectResponse(f"/c/{opened.name}/read?{urlencode(query)}", status_code=303)


def _gone() -> Refused:
    return Refused(
        409,
        "email_gone",
        "this email is not there any more as you saw it: it was written again, or forgotten",
        hint="Nothing was kept. Open Read again for the next one.",
    )
