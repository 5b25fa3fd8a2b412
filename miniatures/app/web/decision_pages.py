"""What a reviewer decides about a draft: kept if nothing has changed meanwhile, and an edit only once it was read."""

from __future__ import annotations

import asyncio
import difflib
import re

from pydantic import Field
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from miniatures.agents.recheck import Rechecked, recheck
from miniatures.app.door import Refused
from miniatures.app.web.forms import form_of, query_of
from miniatures.app.web.guard import Guard
from miniatures.app.web.queue_pages import draft_url, queue_url
from miniatures.app.web.rendering import page
from miniatures.app.web.shown_draft import Shown, shown_draft
from miniatures.checks import CheckReport
from miniatures.datamodel.draft import EmailText
from miniatures.datamodel.frozen import Frozen
from miniatures.datamodel.hashing import content_hash
from miniatures.datamodel.review import RejectReason, Review, ReviewAction
from miniatures.review.desk_filter import DeskFilter
from miniatures.review.reviewing import accept, edit, reject, rewrite, set_aside, withdraw
from miniatures.store.decide import Outcome
from miniatures.store.documents import model_json

_DECISION = ("draft", "reviewer", "action", "edited", "reason", "comment")
"""What makes two decisions one."""
_WORDS = re.compile(r"\s+|\S+")


class DecisionForm(Frozen):
    """What every decision carries: which text it is about, and what was known of it when it was shown."""

    id: str = Field(pattern=r"^[0-9a-f]{32}$", description="Of the review, so that one sent twice is kept once.")
    text_hash: str
    seen: int = Field(ge=0, description="Decisions about the draft that were known.")
    seconds: float | None = Field(default=None, ge=0, le=86_400)
    comment: str = Field(default="", max_length=4_000)
    reason: RejectReason | None = None
    subject: str = Field(default="", max_length=2_000)
    body: str = Field(default="", max_length=20_000)
    anyway: bool = Field(default=False, description="Keep an edit that a check does not pass.")
    checked: str = Field(default="", description="What was found in which text, when it was said to be kept anyway.")
    reviewer: str = Field(default="", description="Whose page it was; empty: whoever sends it.")


def routes(guard: Guard) -> list[Route]:
    """The pages of this module."""
    draft = "/c/{campaign}/drafts/{draft}"
    return [
        Route(f"{draft}/check", guard.reviewers(check_edit), methods=["POST"]),
        Route(f"{draft}/{{action}}", guard.reviewers(decide), methods=["POST"]),
    ]


async def decide(request: Request) -> Response:
    """Keep a decision, and go to the next draft.

    Raises:
        Refused: the draft or what others decided has changed since it was shown, its email has left, or an edit does
            not pass the checks.
    """
    shown, given, asked = (
        await shown_draft(request),
        await form_of(request, DecisionForm),
        query_of(request, DeskFilter),
    )
    name = request.state.visitor.name
    if given.reviewer not in ("", name):
        raise Refused(
            409,
            "another_reviewer",
            f"this was decided as {given.reviewer}, and you are signed in as {name}",
            hint="Load the draft again and decide under your own name.",
        )
    review = await _review(request.path_params["action"], shown, given, name)
    review = review.model_copy(update={"id": given.id, "seconds": given.seconds})
    outcome = await shown.opened.store.decide(review, given.text_hash, given.seen)
    if outcome is Outcome.HAS_LEFT:
        raise _too_late(await shown_draft(request))
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
    following = desk.next_after(shown.item.id, asked, name, shown.opened.held_by_others(name))
    url = draft_url(shown.opened.name, following.id, asked) if following else queue_url(shown.opened.name, asked)
    return RedirectResponse(url, status_code=303)


async def check_edit(request: Request) -> Response:
    """What the checks say of an edit, and what it changes, word by word."""
    shown, given = await shown_draft(request), await form_of(request, DecisionForm)
    text = EmailText(subject=given.subject, body=given.body)
    read = await _checked(shown, text)
    return page(
        request,
        "edit_check.html.jinja",
        read=read,
        found=_found(text, read.report),
        subject=word_changes(shown.waiting.draft.subject, text.subject),
        body=await asyncio.to_thread(word_changes, shown.waiting.draft.body, text.body),
    )


def _found(text: EmailText, report: CheckReport) -> str:
    """Names a text together with what the checks do not pass in it."""
    return content_hash([text, [check.name for check in report.failed]])


def word_changes(before: str, after: str) -> list[tuple[str, str]]:
    """The text by stretches of words: `same`, `gone` or `new`."""
    old, new = _WORDS.findall(before), _WORDS.findall(after)
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
            edited = shown.edited
            return edit(item, name, edited, given.comment) if edited else accept(item, name, given.comment)
        case "edit":
            text = EmailText(subject=given.subject, body=given.body)
            report = (await _checked(shown, text)).report
            if not report.passed and not (given.anyway and given.checked == _found(text, report)):
                raise Refused(422, "edit_fails", _failures(report), hint="Mend it, or say that it stands all the same.")
            overruled = tuple(check.name for check in report.failed)
            return edit(item, name, text, given.comment).model_copy(update={"overruled": overruled})
        case "reject":
            if given.reason is None:
                raise Refused(422, "no_reason", "a rejection needs a reason", hint="Choose one of the list.")
            return reject(item, name, given.reason, given.comment)
        case "rewrite":
            if shown.opened.loaded.campaign.roles.writer is None:
                raise Refused(
                    422,
                    "no_writer",
                    "no model writes this campaign's emails, so none can be written again",
                    hint="Edit the draft, or reject it.",
                )
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
    if not all(any(map(str.isalnum, part)) for part in (text.subject, text.body)):
        raise Refused(422, "empty_edit", "an email needs a subject and a body", hint="Write them, or reject the draft.")
    return await recheck(await shown.opened.reader(), shown.waiting.case(shown.opened.loaded), text)


def _failures(report: CheckReport) -> str:
    return "; ".join(f"{check.name.replace('_', ' ')}: {check.reason}" for check in report.failed)


def _require_kept(shown: Shown, review: Review) -> None:
    """Refuse a decision under an id by which another one was kept before, as from a page that was sent twice."""
    if review.prospect is None:
        return
    by_id = {one.id: one for one in shown.opened.store.reviews_to(shown.opened.name, review.prospect)}
    kept, sent = by_id.get(review.id), Review.model_validate_json(model_json(review))
    if kept is None or any(getattr(kept, name) != getattr(sent, name) for name in _DECISION):
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


def _too_late(shown: Shown) -> Refused:
    """What is said once the email is being sent or has left."""
    told = shown.standing.dispatch.told if shown.standing and shown.standing.dispatch else "it is being sent just now"
    return Refused(
        409,
        "has_left",
        f"this email is on its way already, so nothing was changed: {told}",
        hint="What came back is found on the replies page, and what became of it on the outbox page.",
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
