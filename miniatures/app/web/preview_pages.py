"""An email as it would leave, or as it left: its headers, its text, and its HTML where it can load and run nothing."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from miniatures.app.door import Refused
from miniatures.app.web.guard import Guard
from miniatures.app.web.rendering import HEADERS, page
from miniatures.app.web.shown_draft import Shown, shown_draft
from miniatures.datamodel.hashing import content_hash
from miniatures.datamodel.message import Message, MessageState, OutboxRow
from miniatures.datamodel.standing import MEANINGS, Standing
from miniatures.delivery.preview import ReadBack, as_it_would_leave, is_approved, read_back, wants_no_mail
from miniatures.delivery.settings import required_settings
from miniatures.store.home_secret import home_secret

PAGE_POLICY = f"{HEADERS['Content-Security-Policy']}; frame-src 'self'"
"""The page may show a frame of ours, and whatever is pressed in it leads nowhere else."""
EMAIL_POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'"
"""The email has its style within it and belongs to nobody: it loads nothing and runs nothing."""


@dataclass(frozen=True)
class Seen:
    """An email, and how near it is to leaving. `row` is what the outbox has of exactly this text, with its bytes."""

    standing: Standing
    message: Message
    mime: bytes
    row: OutboxRow | None = None

    @property
    def read(self) -> ReadBack:
        return read_back(self.mime)


def routes(guard: Guard) -> list[Route]:
    """The pages of this module."""
    draft = "/c/{campaign}/drafts/{draft}"
    return [
        Route(f"{draft}/preview", guard.reviewers(show_preview), methods=["GET"]),
        Route(f"{draft}/preview.html", guard.reviewers(show_html), methods=["GET"]),
    ]


async def show_preview(request: Request) -> Response:
    """The email's headers and text, and a frame around its HTML."""
    shown = await shown_draft(request)
    seen = await asyncio.to_thread(_seen, shown)
    address, store = seen.message.address, shown.opened.store
    listed = await asyncio.to_thread(store.mail.suppressions.listed, address, shown.opened.name)
    settings = required_settings(shown.opened.loaded)
    response = page(
        request,
        "preview.html.jinja",
        opened=shown.opened,
        item=shown.item,
        seen=seen,
        read=seen.read,
        mailbox=settings.name_of(seen.message.mailbox),
        approved=is_approved(seen.standing),
        meaning=MEANINGS[seen.standing.state],
        risk=settings.approval.risk,
        wants_no_mail=None if listed is None else wants_no_mail(listed),
    )
    response.headers["Content-Security-Policy"] = PAGE_POLICY
    return response


async def show_html(request: Request) -> Response:
    """The email's HTML alone, for the frame."""
    seen = await asyncio.to_thread(_seen, await shown_draft(request))
    return HTMLResponse(seen.read.html, headers={"Content-Security-Policy": EMAIL_POLICY})


def _seen(shown: Shown) -> Seen:
    """The draft's email: the frozen bytes if this very text was composed before, else as it would be composed now."""
    standing, store = _standing(shown), shown.opened.store
    thread = store.mail.outbox.thread(shown.opened.name, standing.prospect.key)
    frozen = next((row for row in thread if _is_of(row, shown, standing)), None)
    if frozen is not None and frozen.mime is not None:
        return Seen(standing, frozen.message, frozen.mime, frozen)
    before = thread[: standing.result.step]
    now, secret = store.now(), home_secret()
    message, composed = as_it_would_leave(shown.opened.loaded, standing, before, date=now, secret=secret)
    return Seen(standing, message, composed.mime)


def _is_of(row: OutboxRow, shown: Shown, standing: Standing) -> bool:
    same = row.message.draft == shown.item.id and row.message.text_hash == content_hash(standing.text)
    return same and row.mime is not None and row.state is not MessageState.CANCELLED


def _standing(shown: Shown) -> Standing:
    """Where the draft stands, with the text that would go out.

    Raises:
        Refused: it is to nobody.
    """
    waiting = shown.waiting
    if waiting.result is None:
        raise Refused(404, "to_nobody", "this draft is to nobody on a list, so it leaves as no email")
    text = waiting.edited_text if waiting.edit_stands else waiting.draft.text
    return Standing(prospect=waiting.result.prospect, state=shown.item.state, result=waiting.result, text=text)
