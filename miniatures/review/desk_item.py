"""One line of the queue: what a listing shows, filters and orders drafts by, and where the draft itself is found."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from pydantic_core import from_json

from miniatures.datamodel.check import Outcome
from miniatures.datamodel.draft import DraftStatus
from miniatures.datamodel.hashing import text_hash
from miniatures.datamodel.review import Review, ReviewAction
from miniatures.datamodel.standing import Dispatch, State
from miniatures.review.approvals import Decisions
from miniatures.store.decisions import DECIDING
from miniatures.store.drafts import QueuedDraft


@dataclass(frozen=True, slots=True)
class DeskItem:
    """A draft as the queue knows it. Nothing in it is the draft's text but the subject."""

    waiting: QueuedDraft
    revision: int
    lot: str = ""
    """What a drawn order goes by: the same for a prospect's next draft."""
    recipient: str = ""
    company: str = ""
    subject: str = ""
    email: str = ""
    searched: str = ""
    """What a search looks at: name, company and subject, in lower case."""
    backend: str = ""
    failed: tuple[str, ...] = ()
    doubt: float = 0.0
    state: State = State.PENDING
    """What people decided about it, or its checks."""
    dispatch: Dispatch | None = None
    """What had become of its email when that was looked up last."""
    decided_by: frozenset[str] = frozenset()
    set_aside_by: frozenset[str] = frozenset()
    decisions: int = 0
    """How many decisions about it are known, those that were taken back included."""
    said: int = 0
    """How many decisions are known about all drafts to its prospect."""
    unread: bool = False
    """Whether it was accepted with many others, and nobody has read it."""

    @property
    def id(self) -> str:
        return self.waiting.id

    @property
    def waits(self) -> bool:
        """Whether nobody has decided about it, and it matters still."""
        return not self.decided_by and not self.stands.is_settled

    @property
    def stands(self) -> State:
        """Where it stands, once its email is on the way."""
        return self.dispatch.state if self.dispatch and self.dispatch.stands(self.said) else self.state

    @property
    def key(self) -> tuple[str, int]:
        """Prospect (key) and step: what its email is kept under."""
        return self.waiting.prospect or "", self.waiting.step

    def after(self, reviews: list[Review]) -> DeskItem:
        """The same with what these reviews of all that was written to its prospect come to."""
        return replace(self, **_ruled(self.waiting, reviews))


def desk_item(revision: int, waiting: QueuedDraft, document: str) -> DeskItem:
    """The line of a draft, read out of the result that carries it; nobody has said anything of it yet."""
    result = from_json(document) if document else {}
    prospect, draft = result.get("prospect") or {}, result.get("draft") or {}
    name = " ".join(filter(None, (prospect.get("first_name"), prospect.get("last_name"))))
    recipient = name or prospect.get("email", "")
    company, subject = prospect.get("company", ""), draft.get("subject", "")
    return DeskItem(
        waiting,
        revision,
        lot=text_hash(f"0 {waiting.prospect or waiting.id}")[:16],
        recipient=recipient,
        email=prospect.get("email", ""),
        company=company,
        subject=subject,
        searched=f"{recipient}\n{company}\n{subject}".lower(),
        backend=draft.get("backend", ""),
        failed=tuple(one["name"] for one in draft.get("checks", ()) if one["outcome"] != Outcome.PASS),
        doubt=_doubt(draft),
        state=_UNREAD[waiting.status],
    )


def _doubt(draft: dict[str, Any]) -> float:
    """How likely something is wrong with it, as the verifier and the researcher tell; 0 where neither does."""
    sure = [one["sure"] for one in draft.get("vetted", ())]
    first: dict[str, Any] = next(iter(draft.get("evidence", ())), {})
    sure += [] if first.get("sure") is None else [first["sure"]]
    return 1.0 - min(sure, default=1.0)


def _ruled(waiting: QueuedDraft, reviews: list[Review]) -> dict[str, Any]:
    decision = Decisions(reviews).on_text(waiting.id, waiting.text_hash, waiting.prospect)
    words = [*decision.refusals, *([decision.approving] if decision.approving else [])]
    aside = {review.reviewer: review.action for review in reviews if review.draft == waiting.id}
    return {
        "state": decision.state or _UNREAD[waiting.status],
        "decided_by": frozenset(word.reviewer for word in words),
        "said": sum(review.action in DECIDING for review in reviews),
        "decisions": sum(review.draft == waiting.id and review.action in DECIDING for review in reviews),
        "unread": decision.approving is not None and decision.approving.unread,
        "set_aside_by": frozenset(who for who, action in aside.items() if action is ReviewAction.SET_ASIDE),
    }


_UNREAD = {status: State(status.value) for status in DraftStatus}
