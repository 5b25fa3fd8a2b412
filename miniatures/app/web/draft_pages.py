"""The page of one draft: the email beside its ground, and everything that a reviewer may do about it."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from datetime import timedelta

from pydantic import Field
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from miniatures.agents.kept_page import kept_page
from miniatures.agents.recheck import Rechecked, recheck
from miniatures.app.door import Refused
from miniatures.app.web.desks import OpenDesk
from miniatures.app.web.forms import form_of, query_of
from miniatures.app.web.ground import grounded
from miniatures.app.web.guard import Guard
from miniatures.app.web.queue_pages import draft_url, queue_url
from miniatures.app.web.rendering import page
from miniatures.app.web.site import site_of
from miniatures.checks import CheckCase, CheckReport
from miniatures.datamodel.draft import EmailText
from miniatures.datamodel.evidence import Evidence
from miniatures.datamodel.frozen import Frozen
from miniatures.datamodel.result import ProspectResult
from miniatures.datamodel.review import RejectReason, Review, ReviewAction, that_stand
from miniatures.datamodel.trace import new_id
from miniatures.review.approvals import Decisions
from miniatures.review.desk import Desk, DeskFilter
from miniatures.review.desk_item import DeskItem
from miniatures.review.queue import DraftToReview, draft_to_review
from miniatures.review.reviewing import accept, edit, reject, rewrite, set_aside, withdraw
from miniatures.review.rubric import reason_texts
from miniatures.store.decide import DECIDING, Outcome


def routes(guard: Guard) -> list[Route]:
    """The pages of this module."""
    draft = "/c/{campaign}/drafts/{draft}"
    return [
        Route(draft, guard.reviewers(show_draft), methods=["GET"]),
        Route(f"{draft}/page/{{place:int}}", guard.reviewers(show_page_text), methods=["GET"]),
        Route(f"{draft}/check", guard.reviewers(check_edit), methods=["POST"]),
        Route(f"{draft}/{{action}}", guard.reviewers(decide), methods=["POST"]),
    ]


CLAIM = timedelta(minutes=5)
"""How long a draft is kept for whoever opened it."""


class DecisionForm(Frozen):
    """What every decision carries: which text it is about, and what was known of it when it was shown."""

    id: str = Field(pattern=r"^[0-9a-f]{32}$", description="Of the review, so that one sent twice is kept once.")
    text_hash: str
    seen: int = Field(ge=0, description="Decisions about the draft that were known.")
    seconds: float | None = Field(default=None, ge=0, le=86_400)
    comment: str = Field(default="", max_length=4_000)
    reason: RejectReason | None = None
    subject: str = Field(default="", max_length=2_000)
    body: str = Field(default="", max_length=50_000)
    anyway: bool = Field(default=False, description="Keep an edit that a check does not pass.")


@dataclass(frozen=True)
class Shown:
    """A draft as it lies before a reviewer."""

    opened: OpenDesk
    desk: Desk
    item: DeskItem
    waiting: DraftToReview
    reviews: tuple[Review, ...]
    result: ProspectResult | None

    @property
    def decisions(self) -> int:
        """How many decisions about the draft are known."""
        return sum(review.draft == self.item.id and review.action in DECIDING for review in self.reviews)


async def show_draft(request: Request) -> Response:
    """The draft's page; whoever opens it has it for a while."""
    shown, asked, visitor = await _shown(request), query_of(request, DeskFilter), request.state.visitor
    holder = await shown.opened.store.claim_draft(shown.item.id, shown.opened.name, visitor.name, CLAIM)
    listed = shown.desk.listed(asked, visitor.name)
    place = listed.place_of(shown.item, asked.order)
    held = _held_by_others(shown, visitor.name)
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
        edit=shown.waiting.edited_text if shown.waiting.edit_stands else None,
        result=shown.result,
        laid=grounded(shown.waiting.draft),
        reasons=reason_texts(),
        words=words,
        mine=any(one.reviewer == visitor.name for one in words),
        rewriting=shown.opened.rewriting.told.get(shown.item.id, ""),
        holder=holder if holder != visitor.name else "",
        review_id=new_id(),
        seen=shown.decisions,
        asked=asked,
        place=None if place is None else place + 1,
        total=len(listed),
        next_url=draft_url(shown.opened.name, following.id, asked) if following else "",
        before_url=draft_url(shown.opened.name, before.id, asked) if before else "",
        queue_url=queue_url(shown.opened.name, asked),
    )


async def decide(request: Request) -> Response:
    """Keep a decision, and go to the next draft.

    Raises:
        Refused: the draft or what others decided has changed since it was shown, or an edit does not pass the checks.
    """
    shown, given, asked = await _shown(request), await form_of(request, DecisionForm), query_of(request, DeskFilter)
    name = request.state.visitor.name
    review = await _review(request.path_params["action"], shown, given, name)
    review = review.model_copy(update={"id": given.id, "seconds": given.seconds})
    outcome = await shown.opened.store.decide(review, given.text_hash, given.seen)
    if outcome is not Outcome.KEPT:
        raise _outrun(outcome, await _fresh(shown))
    _require_kept(shown, review)
    desk = await shown.opened.desk()
    if review.action is ReviewAction.REWRITE:
        shown.opened.rewriting.wake(shown.opened.loaded, shown.opened.store)
    if "x-background" in request.headers:
        return JSONResponse({"kept": review.action.value})
    if review.action is ReviewAction.WITHDRAW:
        return RedirectResponse(draft_url(shown.opened.name, shown.item.id, asked), status_code=303)
    following = desk.next_after(shown.item.id, asked, name, _held_by_others(shown, name))
    url = draft_url(shown.opened.name, following.id, asked) if following else queue_url(shown.opened.name, asked)
    return RedirectResponse(url, status_code=303)


async def check_edit(request: Request) -> Response:
    """What the checks say of an edit, and what it changes, word by word."""
    shown, given = await _shown(request), await form_of(request, DecisionForm)
    text = EmailText(subject=given.subject, body=given.body)
    read = await _checked(shown, text)
    return page(
        request,
        "edit_check.html.jinja",
        read=read,
        subject=word_changes(shown.waiting.draft.subject, text.subject),
        body=word_changes(shown.waiting.draft.body, text.body),
    )


async def show_page_text(request: Request) -> Response:
    """What stands around a quote on its page, as the page was read; the page itself is not asked for.

    Raises:
        Refused: the draft has no such quote.
    """
    shown, place = await _shown(request), request.path_params["place"]
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


def word_changes(before: str, after: str) -> list[tuple[str, str]]:
    """The text by stretches of words: `same`, `gone` or `new`."""
    old, new = _words(before), _words(after)
    changes: list[tuple[str, str]] = []
    for kind, start, end, other_start, other_end in difflib.SequenceMatcher(
        None, old, new, autojunk=False
    ).get_opcodes():
        if kind == "equal":
            changes.append(("same", "".join(old[start:end])))
            continue
        changes += [("gone", "".join(old[start:end])), ("new", "".join(new[other_start:other_end]))]
    return [(kind, text) for kind, text in changes if text]


async def _review(action: str, shown: Shown, given: DecisionForm, name: str) -> Review:
    item = shown.waiting.item
    match action:
        case "accept":
            return accept(item, name, given.comment)
        case "edit":
            text = EmailText(subject=given.subject, body=given.body)
            report = (await _checked(shown, text)).report
            if not report.passed and not given.anyway:
                raise Refused(422, "edit_fails", _failures(report), hint="Mend it, or say that it stands all the same.")
            return edit(item, name, text, given.comment)
        case "reject":
            if given.reason is None:
                raise Refused(422, "no_reason", "a rejection needs a reason", hint="Choose one of the list.")
            return reject(item, name, given.reason, given.comment)
        case "rewrite":
            if not given.comment.strip():
                raise Refused(422, "no_hint", "a rewrite needs a hint", hint="Say what is to become different.")
            return rewrite(item, name, given.comment)
        case "set_aside":
            return set_aside(item, name, given.comment)
        case "withdraw":
            return withdraw(item, name)
        case _:
            raise Refused(404, "unknown_action", f"nothing is called {action[:40]!r} here")


async def _checked(shown: Shown, text: EmailText) -> Rechecked:
    """What the checks and the verifier say of a reviewer's text.

    Raises:
        Refused: the subject or the body is empty.
    """
    if not (text.subject.strip() and text.body.strip()):
        raise Refused(422, "empty_edit", "an email needs a subject and a body", hint="Write them, or reject the draft.")
    loaded, waiting = shown.opened.loaded, shown.waiting
    case = CheckCase(
        prospect=waiting.recipient,
        brief=loaded.brief,
        evidence=waiting.draft.evidence,
        set_aside=waiting.set_aside,
        max_age_days=loaded.campaign.research.max_age_days,
    )
    return await recheck(await shown.opened.reader(), case, text)


def _failures(report: CheckReport) -> str:
    return "; ".join(f"{check.name.replace('_', ' ')}: {check.reason}" for check in report.failed)


async def _shown(request: Request) -> Shown:
    """The draft of the address.

    Raises:
        Refused: it is not there, or not any more.
    """
    opened = site_of(request).desks[request.path_params["campaign"]]
    desk = await opened.desk()
    item = desk.item(request.path_params["draft"])
    if item is None:
        raise _gone(opened)
    store, prospect = opened.store, item.waiting.prospect
    reviews = store.reviews_to(opened.name, prospect) if prospect else []
    waiting = draft_to_review(store, item.waiting, Decisions(reviews))
    if waiting is None:
        raise _gone(opened)
    result = store.result(opened.name, prospect, item.waiting.policy) if prospect else None
    return Shown(opened, desk, item, waiting, tuple(reviews), result)


_DECISION = ("draft", "reviewer", "action", "edited", "reason", "comment")


def _require_kept(shown: Shown, review: Review) -> None:
    """Refuse a decision under an id by which another one was kept before, as from a page that was sent twice."""
    if review.prospect is None:
        return
    by_id = {one.id: one for one in shown.opened.store.reviews_to(shown.opened.name, review.prospect)}
    kept = by_id.get(review.id)
    if kept is None or any(getattr(kept, name) != getattr(review, name) for name in _DECISION):
        raise Refused(
            409,
            "sent_already",
            "this page was sent before, with another decision, which was kept; this one was not",
            hint="Load the draft again to see what was decided, then decide anew if you differ.",
        )


async def _fresh(shown: Shown) -> list[str]:
    """What is known of the draft by now, in words."""
    item = (await shown.opened.desk()).item(shown.item.id)
    return sorted(item.decided_by) if item else []


def _gone(opened: OpenDesk) -> Refused:
    return Refused(
        404,
        "draft_gone",
        "this draft is not there any more: it was written again, or forgotten, since the list was made",
        hint=f"The queue of {opened.name} shows what is there now.",
    )


def _outrun(outcome: Outcome, deciders: list[str]) -> Refused:
    match outcome:
        case Outcome.DECIDED_MEANWHILE:
            who = " and ".join(deciders) or "somebody"
            return Refused(
                409,
                "decided_meanwhile",
                f"{who} decided about this draft while you had it open; yours was not kept",
                hint="Load the draft again to see what was decided, then decide anew if you differ.",
            )
        case _:
            return Refused(
                409,
                "changed_meanwhile",
                "the draft has changed since it was shown, so nothing was kept",
                hint="Load it again: what you wrote is still in your page.",
            )


def _held_by_others(shown: Shown, name: str) -> list[str]:
    held = shown.opened.store.held_drafts(shown.opened.name, shown.opened.store.now())
    return [draft for draft, holder in held.items() if holder != name]


def _words(text: str) -> list[str]:
    """Words with the white space that follows them, so that they join to the text again."""
    words: list[str] = []
    start = 0
    for place in range(1, len(text) + 1):
        if place == len(text) or (text[place - 1].isspace() and not text[place].isspace()):
            words.append(text[start:place])
            start = place
    return words
