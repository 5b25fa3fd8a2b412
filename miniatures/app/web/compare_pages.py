"""Two answers beside each other without a word on who gave them; and, after a stop, whose were preferred."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from enum import StrEnum
from urllib.parse import urlencode

from pydantic import Field
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from miniatures.app.door import Refused
from miniatures.app.web.desks import OpenDesk
from miniatures.app.web.forms import form_of, query_of
from miniatures.app.web.guard import Guard
from miniatures.app.web.markdown import blocks
from miniatures.app.web.rendering import page
from miniatures.app.web.site import site_of
from miniatures.datamodel.frozen import Frozen
from miniatures.datamodel.trace import new_id
from miniatures.review.arms import Arms, arms_of, unknown_arm
from miniatures.review.done import Done
from miniatures.review.email_text import email_of
from miniatures.review.makers import outcomes
from miniatures.review.pair_desk import PairDesk, PairOnDesk
from miniatures.review.reviewing import Reviewable, Shown, compare, is_swapped
from miniatures.review.rubric import comparing_text


def routes(guard: Guard) -> list[Route]:
    """The pages of this module."""
    pages = ComparePages()
    return [
        Route("/c/{campaign}/compare", guard.reviewers(pages.show), methods=["GET"]),
        Route("/c/{campaign}/compare", guard.reviewers(pages.choose), methods=["POST"]),
        Route("/c/{campaign}/compare/results", guard.reviewers(pages.show_results), methods=["GET"]),
    ]


_MOST_DESKS = 16


class Step(StrEnum):
    """What a reviewer does about a pair: says which is better, or something else."""

    LEFT = "left"
    RIGHT = "right"
    TIE = "tie"
    SKIP = "skip"
    BACK = "back"
    STOP = "stop"


class PairQuery(Arms):
    """Which pair is asked for: the one of an id, else the next that waits after another."""

    pair: str = Field(default="", max_length=32)
    after: str = Field(default="", max_length=32)


class ResultsQuery(Arms):
    """Names are shown to whoever has stopped comparing."""

    stopped: bool = False


class ChoiceForm(Frozen):
    """What a reviewer chose, and of which pair: its id stands for both answers and for nobody's name."""

    id: str = Field(pattern=r"^[0-9a-f]{32}$", description="Of the review, so that one sent twice is kept once.")
    pair: str = Field(max_length=32)
    choice: Step
    seconds: float | None = Field(default=None, ge=0, le=86_400)


class ComparePages:
    """The pages, with the pairs that were found for them."""

    def __init__(self) -> None:
        self._done: dict[str, Done] = {}
        self._desks: OrderedDict[tuple[str, Arms], PairDesk] = OrderedDict()

    async def show(self, request: Request) -> Response:
        """The pair that was asked for, or that is next; or that none is left.

        Raises:
            Refused: the pair that was asked for is not there any more.
        """
        opened, asked, name = _opened(request), query_of(request, PairQuery), request.state.visitor.name
        desk, version = self._desk(opened, asked), await _version(opened)
        if asked.pair:
            found = await asyncio.to_thread(desk.find, asked.pair, version)
            if found is None:
                raise _gone()
        else:
            found = await asyncio.to_thread(desk.next_for, name, version, asked.after)
        if found is None:
            arms = await asyncio.to_thread(arms_of, opened.store, opened.name)
            return page(
                request, "compare_end.html.jinja", opened=opened, asked=asked, arms=arms, any_pair=len(desk) > 0
            )
        left, right = _sides(found, name)
        return page(
            request,
            "compare.html.jinja",
            opened=opened,
            recipient=found.pair.recipient,
            quotes=found.pair.quotes,
            emails=(email_of(left.answer), email_of(right.answer)),
            pair_id=found.id,
            review_id=new_id(),
            again=bool(asked.pair),
            waiting=desk.waiting(name),
            rubric=blocks(comparing_text()),
        )

    async def choose(self, request: Request) -> Response:
        """Keep a choice, and go to the next pair.

        Raises:
            Refused: an answer has changed or is gone since the pair was shown, or the id was used for another choice.
        """
        opened, given, asked = _opened(request), await form_of(request, ChoiceForm), query_of(request, Arms)
        desk, version, name = self._desk(opened, asked), await _version(opened), request.state.visitor.name
        match given.choice:
            case Step.STOP:
                return _to(opened, "compare/results", asked, stopped="true")
            case Step.SKIP:
                return _to(opened, "compare", asked, after=given.pair)
            case Step.BACK:
                last = await asyncio.to_thread(desk.last_of, name, version)
                if last is None:
                    raise Refused(404, "none_before", "you have not compared a pair of these before")
                return _to(opened, "compare", asked, pair=last)
        found = await asyncio.to_thread(desk.find, given.pair, version)
        if found is None:
            raise _gone()
        first, second = found.pair.first, found.pair.second
        swapped = is_swapped(first, second, name)
        review = compare(first, second, name, Shown(given.choice.value), swapped=swapped)
        review = review.model_copy(update={"id": given.id, "seconds": given.seconds})
        done = self._done[opened.name]
        await asyncio.to_thread(done.refresh)
        if done.said(review) is False:
            raise Refused(
                409, "chosen_already", "this choice was kept already, as another one", hint="Go back to the pair first."
            )
        await opened.store.add_review(review)
        done.add(review)
        return _to(opened, "compare", asked, after=given.pair)

    async def show_results(self, request: Request) -> Response:
        """Whose answers were preferred; before a stop, only that there is something left to compare."""
        opened, asked, name = _opened(request), query_of(request, ResultsQuery), request.state.visitor.name
        desk, version = self._desk(opened, asked), await _version(opened)
        waiting = await asyncio.to_thread(desk.waiting, name, version)
        shown = asked.stopped or not waiting
        return page(
            request,
            "compare_results.html.jinja",
            opened=opened,
            asked=asked,
            waiting=waiting,
            go_on=_url(opened, "compare", asked),
            stopped=_url(opened, "compare/results", asked, stopped="true"),
            found=await asyncio.to_thread(outcomes, opened.store, opened.name) if shown else None,
            arms=await asyncio.to_thread(arms_of, opened.store, opened.name) if shown else [],
        )

    def _desk(self, opened: OpenDesk, asked: Arms) -> PairDesk:
        """The pairs of two arms; those that were asked for longest ago are forgotten.

        Raises:
            Refused: an arm is none of this campaign's.
        """
        arms = Arms(first=asked.first, second=asked.second)
        done = self._done.setdefault(opened.name, Done(opened.store, opened.name))
        key = opened.name, arms
        desk = self._desks.pop(key, None)
        if desk is None or desk.loaded is not opened.loaded:
            if unknown := unknown_arm(opened.store, opened.name, arms):
                raise Refused(
                    404,
                    "unknown_arm",
                    f"no policy and no backend of this campaign is called {unknown}",
                    hint="The results page of Compare lists what there is.",
                )
            desk = PairDesk(opened.store, opened.loaded, arms, done)
        self._desks[key] = desk
        while len(self._desks) > _MOST_DESKS:
            self._desks.popitem(last=False)
        return desk


def _opened(request: Request) -> OpenDesk:
    return site_of(request).desks[request.path_params["campaign"]]


async def _version(opened: OpenDesk) -> int:
    return (await opened.desk()).version


def _sides(found: PairOnDesk, name: str) -> tuple[Reviewable, Reviewable]:
    first, second = found.pair.first, found.pair.second
    return (second, first) if is_swapped(first, second, name) else (first, second)


def _to(opened: OpenDesk, where: str, asked: Arms, **more: str) -> Response:
    return RedirectResponse(_url(opened, where, asked, **more), status_code=303)


def _url(opened: OpenDesk, where: str, asked: Arms, **more: str) -> str:
    arms = {"first": asked.first, "second": asked.second} if asked.named else {}
    return f"/c/{opened.name}/{where}?{urlencode(arms | more)}".rstrip("?")


def _gone() -> Refused:
    return Refused(
        409,
        "pair_gone",
        "these two answers are not there any more as you saw them: one was written again, or forgotten",
        hint="Nothing was kept. Open Compare again for the next pair.",
    )
