"""What came back: what people answered, each beside the email that it answers, and what servers and machines said."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass
from itertools import islice
from typing import Any, Literal
from urllib.parse import urlencode

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
from miniatures.datamodel.inbound import Inbound, InboundKind, ReplyClass
from miniatures.datamodel.message import OutboxRow
from miniatures.delivery.inbound.consequence import correct_class

PAGE = 50
_ANSWERS = tuple(kind for kind in InboundKind if kind.is_of_a_person)
_TOLD = tuple(kind for kind in InboundKind if kind not in (InboundKind.OWN, InboundKind.UNMATCHED, InboundKind.REPLY))


class RepliesQuery(Frozen):
    """Which mails are listed: without a kind, whatever people wrote."""

    kind: InboundKind | None = None
    reply_class: ReplyClass | Literal["none"] | None = None
    page: int = Field(default=1, ge=1, le=1_000_000)

    @property
    def kinds(self) -> tuple[InboundKind, ...]:
        return _ANSWERS if self.kind is None else (self.kind,)

    def takes(self, mail: Inbound) -> bool:
        """Whether the mail has the class that is asked for."""
        return self.reply_class is None or (mail.reply_class or "none") == self.reply_class


class CorrectForm(Frozen):
    """A person's word on what an answer means."""

    reply_class: ReplyClass


@dataclass(frozen=True)
class Answer:
    """A mail with the email that it belongs to, which may have been forgotten."""

    mail: Inbound
    answered: OutboxRow | None


def routes(guard: Guard) -> list[Route]:
    """The pages of this module."""
    replies = "/c/{campaign}/replies"
    return [
        Route(replies, guard.reviewers(show_replies), methods=["GET"]),
        Route(f"{replies}/{{mail}}", guard.reviewers(show_reply), methods=["GET"]),
        Route(f"{replies}/{{mail}}/correct", guard.reviewers(correct), methods=["POST"]),
    ]


async def show_replies(request: Request) -> Response:
    """A page of the mails that are asked for, the newest first."""
    opened = site_of(request).desks[request.path_params["campaign"]]
    asked = query_of(request, RepliesQuery)
    if not opened.was_run:
        return page(request, "never_run.html.jinja", opened=opened)
    values = await asyncio.to_thread(_listed, opened, asked)
    return page(request, "replies.html.jinja", opened=opened, asked=asked, ReplyClass=ReplyClass, **values)


async def show_reply(request: Request) -> Response:
    """One mail beside the email that it answers, with the way to the next older one."""
    opened, mail = _mail(request)
    asked = query_of(request, RepliesQuery)
    newer, older = await asyncio.to_thread(_neighbours, opened, asked, mail)
    return page(
        request,
        "reply.html.jinja",
        opened=opened,
        mail=mail,
        answered=_answered(opened, mail),
        ReplyClass=ReplyClass,
        query=_query(asked),
        list_url=_url(opened, asked),
        newer_url=_url(opened, asked, newer) if newer else "",
        older_url=_url(opened, asked, older) if older else "",
    )


async def correct(request: Request) -> Response:
    """Keep a person's word in the place of the model's, and go on to the next older answer.

    Raises:
        Refused: the mail is not there, or nobody wrote it.
    """
    opened, mail = _mail(request)
    given, asked = await form_of(request, CorrectForm), query_of(request, RepliesQuery)
    if not mail.kind.is_of_a_person:
        raise Refused(422, "no_answer", "nobody wrote this mail, so it has no meaning to be corrected")
    _, older = await asyncio.to_thread(_neighbours, opened, asked, mail)
    await correct_class(opened.store.mail, mail, given.reply_class, request.state.visitor.name)
    return RedirectResponse(_url(opened, asked, older) if older else _url(opened, asked), status_code=303)


def _mail(request: Request) -> tuple[OpenDesk, Inbound]:
    opened, id = site_of(request).desks[request.path_params["campaign"]], request.path_params["mail"]
    mail = opened.store.mail.inbox.one(id)
    if mail is None or mail.campaign != opened.name:
        raise Refused(404, "unknown_mail", "this mail is not there: it may have been forgotten")
    return opened, mail


def _listed(opened: OpenDesk, asked: RepliesQuery) -> dict[str, Any]:
    inbox = opened.store.mail.inbox
    kinds = inbox.counts(opened.name)
    first = (asked.page - 1) * PAGE
    found = filter(asked.takes, inbox.stream(opened.name, *asked.kinds))
    classes = _classes(opened) if asked.kind is None else Counter[str]()
    if asked.reply_class is None:
        total = sum(kinds.get(kind, 0) for kind in asked.kinds)
    else:
        total = sum(map(asked.takes, inbox.stream(opened.name, *asked.kinds)))
    return {
        "answers": [Answer(mail, _answered(opened, mail)) for mail in islice(found, first, first + PAGE)],
        "written": sum(kinds.get(kind, 0) for kind in _ANSWERS),
        "kinds": {kind: kinds[kind] for kind in _TOLD if kind in kinds},
        "classes": classes,
        "first": first + 1,
        "total": total,
        "pages": -(-total // PAGE),
        "url": lambda **changes: _url(opened, asked.model_copy(update=changes)),
        "reply_url": lambda mail: _url(opened, asked, mail.id),
    }


def _classes(opened: OpenDesk) -> Counter[str]:
    """How many answers have each class, or none yet."""
    return Counter(mail.reply_class or "none" for mail in opened.store.mail.inbox.stream(opened.name, *_ANSWERS))


def _answered(opened: OpenDesk, mail: Inbound) -> OutboxRow | None:
    return opened.store.mail.outbox.row(mail.message) if mail.message else None


def _neighbours(opened: OpenDesk, asked: RepliesQuery, mail: Inbound) -> tuple[str | None, str | None]:
    """The next newer mail of the list and the next older one, by id; one whose class has changed keeps its place."""
    newer, is_older = None, False
    for other in opened.store.mail.inbox.stream(opened.name, *asked.kinds):
        if other.id == mail.id:
            is_older = True
        elif asked.takes(other) and is_older:
            return newer, other.id
        elif asked.takes(other):
            newer = other.id
    return newer, None


def _query(asked: RepliesQuery) -> str:
    given = asked.model_dump(mode="json", exclude_defaults=True)
    return f"?{urlencode(given)}" if given else ""


def _url(opened: OpenDesk, asked: RepliesQuery, mail: str | None = None) -> str:
    """Where the list is shown, or one mail of it, with the filter that the next one is chosen by."""
    return f"/c/{opened.name}/replies{f'/{mail}' if mail else ''}{_query(asked)}"
