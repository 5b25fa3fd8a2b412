"""The outbox: how far it has come, what holds it back, and a person's word on the emails of which nobody knows."""

from __future__ import annotations

import asyncio
from enum import StrEnum
from typing import Any

from pydantic import Field
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from miniatures.app.door import Refused
from miniatures.app.web.desks import OpenDesk
from miniatures.app.web.forms import form_of, query_of
from miniatures.app.web.guard import Guard
from miniatures.app.web.rendering import page
from miniatures.app.web.site import site_of
from miniatures.datamodel.frozen import Frozen
from miniatures.datamodel.message import CancelReason, MessageState, OutboxRow
from miniatures.delivery.dispatch import cancel_words
from miniatures.delivery.mailbox_pace import mailbox_paces
from miniatures.delivery.settings import required_settings

PAGE = 50


class Pile(StrEnum):
    """The emails of the outbox, by what a person wants to know of them."""

    UNCERTAIN = "uncertain"
    QUEUED = "queued"
    LEAVING = "leaving"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    CANCELLED = "cancelled"

    @property
    def states(self) -> tuple[MessageState, ...]:
        if self is Pile.LEAVING:
            return (MessageState.SENDING,)
        if self is Pile.QUEUED:
            return MessageState.QUEUED, MessageState.CLAIMED
        return (MessageState(self.value),)


class OutboxQuery(Frozen):
    """Which emails are listed: if nothing is said, those that need a person, else those that tell most."""

    state: Pile | None = None
    page: int = Field(default=1, ge=1, le=1_000_000)


class PauseForm(Frozen):
    """What is to rest, and why. Without a mailbox all of them are."""

    mailbox: str = ""
    why: str = Field(max_length=300)


class ResumeForm(Frozen):
    """Names one pause; an empty name stands for all."""

    everywhere: bool = False
    mailbox: str = ""
    provider: str = ""


class SettleForm(Frozen):
    """A person's word on an uncertain email."""

    left: bool


def routes(guard: Guard) -> list[Route]:
    """The pages of this module. Whoever sees that something is wrong may stop it; going on is an owner's word."""
    outbox = "/c/{campaign}/outbox"
    return [
        Route(outbox, guard.reviewers(show_outbox), methods=["GET"]),
        Route(f"{outbox}/pause", guard.reviewers(pause), methods=["POST"]),
        Route(f"{outbox}/resume", guard.owners(resume), methods=["POST"]),
        Route(f"{outbox}/{{message}}/settle", guard.owners(settle), methods=["POST"]),
    ]


async def show_outbox(request: Request) -> Response:
    """A page of the emails in one state, below the counts, the pace and the pauses."""
    opened = site_of(request).desks[request.path_params["campaign"]]
    asked = query_of(request, OutboxQuery)
    if not opened.was_run:
        return page(request, "never_run.html.jinja", opened=opened)
    values = await asyncio.to_thread(_looked_at, opened, asked)
    return page(request, "outbox.html.jinja", opened=opened, Pile=Pile, said=said_of, **values)


async def pause(request: Request) -> Response:
    """Let a mailbox rest, or all of them.

    Raises:
        Refused: there is no such mailbox.
    """
    opened, given = site_of(request).desks[request.path_params["campaign"]], await form_of(request, PauseForm)
    settings = opened.loaded.campaign.send
    box = settings.mailboxes.get(given.mailbox) if settings else None
    if given.mailbox and box is None:
        raise Refused(422, "unknown_mailbox", f"the campaign has no mailbox {given.mailbox[:60]!r}")
    why = f"{request.state.visitor.name}: {given.why}"
    await opened.store.mail.pauses.pause(opened.name, mailbox=box.key if box else "", why=why)
    return _back(opened)


async def resume(request: Request) -> Response:
    """End a pause; one that has ended meanwhile is what was wanted."""
    opened, given = site_of(request).desks[request.path_params["campaign"]], await form_of(request, ResumeForm)
    campaign = "" if given.everywhere else opened.name
    await opened.store.mail.pauses.resume(campaign, mailbox=given.mailbox, provider=given.provider)
    return _back(opened)


async def settle(request: Request) -> Response:
    """Keep what a person knows of an uncertain email.

    Raises:
        Refused: the email is not there, or it is not uncertain any more.
    """
    opened, given = site_of(request).desks[request.path_params["campaign"]], await form_of(request, SettleForm)
    outbox, id, name = opened.store.mail.outbox, request.path_params["message"], request.state.visitor.name
    row = outbox.row(id)
    if row is None or row.message.campaign != opened.name:
        raise Refused(404, "unknown_email", "this email is not in the outbox of this campaign")
    state = MessageState.ACCEPTED if given.left else MessageState.QUEUED
    why = f"{name} saw that it had left" if given.left else f"{name} knows that it had not left"
    if not await outbox.settle_uncertain(id, state, why):
        raise Refused(
            409,
            "settled_meanwhile",
            "the email is not uncertain any more, so nothing was changed",
            hint="Load the outbox again to see what became of it.",
        )
    return _back(opened, Pile.UNCERTAIN)


def said_of(row: OutboxRow) -> str:
    """Why an email stands where it does: the server's words, or a person's, or the reason why it was taken back."""
    if row.state is MessageState.CANCELLED and row.why in set(CancelReason):
        return cancel_words(CancelReason(row.why))
    words = row.answer.line if row.answer else ""
    return "; ".join(dict.fromkeys(filter(None, (words, row.why))))


def _looked_at(opened: OpenDesk, asked: OutboxQuery) -> dict[str, Any]:
    mail, now = opened.store.mail, opened.store.now()
    states = mail.outbox.counts(opened.name)
    counts = {pile: sum(states[state] for state in pile.states) for pile in Pile}
    pile = asked.state or _telling(counts)
    soonest, first = pile in (Pile.QUEUED, Pile.LEAVING), (asked.page - 1) * PAGE
    rows = mail.listing.page(opened.name, pile.states, first=first, most=PAGE, soonest=soonest)
    settings = required_settings(opened.loaded) if opened.loaded.campaign.send else None
    return {
        "counts": counts,
        "pile": pile,
        "asked": asked,
        "rows": rows,
        "came": mail.listing.came_there([row.message.id for row in rows]),
        "first": first + 1,
        "pages": -(-counts[pile] // PAGE),
        "outbox_url": lambda page: f"/c/{opened.name}/outbox?state={pile}&page={page}",
        "paces": mailbox_paces(opened.store, opened.name, settings, now) if settings else [],
        "hours": settings.hours if settings else None,
        "pauses": mail.pauses.standing(opened.name, now, settings.keys if settings else []),
        "mailbox_name": settings.name_of if settings else str,
        "now": now,
    }


def _telling(counts: dict[Pile, int]) -> Pile:
    """What is shown first: what waits for a person, what left, what waits to leave."""
    order = (Pile.UNCERTAIN, Pile.ACCEPTED, Pile.QUEUED, Pile.LEAVING, Pile.REJECTED, Pile.CANCELLED)
    return next((pile for pile in order if counts[pile]), Pile.QUEUED)


def _back(opened: OpenDesk, pile: Pile | None = None) -> Response:
    query = f"?state={pile}" if pile else ""
    return RedirectResponse(f"/c/{opened.name}/outbox{query}", status_code=303)
