"""The page of one draft: the email beside its ground, and the text around a quote."""

from __future__ import annotations

from datetime import timedelta

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from miniatures.agents.kept_page import kept_page
from miniatures.app.door import Refused
from miniatures.app.web.forms import query_of
from miniatures.app.web.ground import grounded
from miniatures.app.web.guard import Guard
from miniatures.app.web.queue_pages import draft_url, queue_url
from miniatures.app.web.rendering import page
from miniatures.app.web.shown_draft import Shown, shown_draft
from miniatures.datamodel.errors import StoreError
from miniatures.datamodel.evidence import Evidence
from miniatures.datamodel.review import that_stand
from miniatures.datamodel.trace import new_id
from miniatures.review.desk_filter import DeskFilter
from miniatures.review.rubric import reason_texts
from miniatures.store.decisions import DECIDING

CLAIM = timedelta(minutes=5)
"""How long a draft is kept for whoever opened it."""


def routes(guard: Guard) -> list[Route]:
    """The pages of this module."""
    draft = "/c/{campaign}/drafts/{draft}"
    return [
        Route(draft, guard.reviewers(show_draft), methods=["GET"]),
        Route(f"{draft}/page/{{place:int}}", guard.reviewers(show_page_text), methods=["GET"]),
    ]


async def show_draft(request: Request) -> Response:
    """The draft's page; whoever opens it has it for a while."""
    shown, asked, visitor = await shown_draft(request), query_of(request, DeskFilter), request.state.visitor
    holder = await _claimed(shown, visitor.name)
    listed = shown.desk.listed(asked, visitor.name)
    place, result = listed.place_of(shown.item, asked.order), shown.waiting.result
    held = shown.opened.held_by_others(visitor.name)
    following = shown.desk.next_after(shown.item.id, asked, visitor.name, held)
    before = listed[place - 1] if place else None
    words = [one for one in that_stand(shown.reviews) if one.draft == shown.item.id and one.action in DECIDING]
    return page(
        request,
        "draft.html.jinja",
        opened=shown.opened,
        item=shown.item,
        draft=shown.waiting.draft,
        recipient=shown.waiting.recipient,
        edit=shown.edited,
        edited_by=shown.waiting.edit.reviewer if shown.waiting.edit else "",
        result=result,
        laid=grounded(shown.waiting.draft),
        reasons=reason_texts(),
        words=words,
        standing=shown.standing,
        has_left=shown.has_left,
        stands=shown.stands,
        other=shown.other_text,
        mine=any(one.reviewer == visitor.name for one in words) or visitor.name in shown.item.set_aside_by,
        address=result.prospect.email if result else "",
        writes=shown.opened.loaded.campaign.roles.writer is not None,
        sends=result is not None and shown.opened.loaded.campaign.send is not None,
        rewriting=shown.opened.rewriting.told.get(shown.item.id, ""),
        holder=holder if holder != visitor.name else "",
        review_id=new_id(),
        seen=shown.decisions,
        asked=asked,
        total=len(listed),
        next_url=draft_url(shown.opened.name, following.id, asked) if following else "",
        before_url=draft_url(shown.opened.name, before.id, asked) if before else "",
        queue_url=queue_url(shown.opened.name, asked),
    )


async def _claimed(shown: Shown, name: str) -> str:
    """Who has the draft; a store that cannot be written just now is no reason not to show it."""
    try:
        return await shown.opened.store.claim_draft(shown.item.id, shown.opened.name, name, CLAIM)
    except StoreError:
        return name


async def show_page_text(request: Request) -> Response:
    """What stands around a quote on its page, as the page was read; the page itself is not asked for.

    Raises:
        Refused: the draft has no such quote.
    """
    shown, place = await shown_draft(request), request.path_params["place"]
    evidence = shown.waiting.draft.evidence
    if place >= len(evidence):
        raise Refused(404, "unknown_quote", "the draft has no such quote", hint="Load the draft again.")
    quote = evidence[place]
    kept = await kept_page(shown.opened.tools(), quote.where) if quote.where else None
    same = kept is not None and isinstance(quote, Evidence) and kept.text_hash == quote.text_hash
    before, found, after = kept.text.partition(quote.quote) if kept else ("", "", "")
    return page(
        request, "page_text.html.jinja", quote=quote, kept=kept, same=same, before=before, found=found, after=after
    )
