"""Keeps a decision about a draft only if the draft and what others decided are still as its reviewer saw them, and its
email has not left. An email that a sender has claimed has not: the decision takes it back.

Each is one statement, so two processes on one database cannot both find that nobody has decided; on PostgreSQL, which
lets two such statements overlap, they take turns by the draft's name, and with senders by the rows of its emails.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, Connection, Executable, delete, exists, func, insert, literal, or_, select, text

from miniatures.datamodel.message import MAY_HAVE_LEFT, CancelReason, MessageState
from miniatures.datamodel.review import Review
from miniatures.store.decisions import DECIDING
from miniatures.store.documents import model_json
from miniatures.store.drafts import is_replaced
from miniatures.store.mail.transitions import move
from miniatures.store.mail_tables import messages
from miniatures.store.tables import claims, drafts, reviews
from miniatures.store.upsert import insert_into
from miniatures.store.writer import Change


class Outcome(StrEnum):
    """What became of a decision."""

    KEPT = "kept"
    DECIDED_MEANWHILE = "decided_meanwhile"
    """Somebody else decided about the draft after it was shown."""
    CHANGED_MEANWHILE = "changed_meanwhile"
    """The draft is another text by now, was replaced, or is gone."""
    HAS_LEFT = "has_left"
    """Its email is being sent, or was, or may have been: what is decided now reaches nobody."""


def decision(review: Review, text_hash: str, seen: int, now: datetime) -> Change:
    """Keep a review of a draft whose text has this hash, if as many decisions are known of it as the reviewer saw.

    The change answers with an `Outcome`. A review that is there already is kept, whatever has come after it.
    """

    def keep(connection: Connection) -> Outcome:
        if connection.dialect.name == "postgresql":
            _take_turns(connection, review)
        if _is_there(connection, review.id):
            return Outcome.KEPT
        if connection.execute(_insert_if(review, text_hash, seen)).rowcount:
            connection.execute(delete(claims).where(claims.c.draft == review.draft))
            _take_back(connection, review, now)
            return Outcome.KEPT
        if connection.scalar(select(_has_left(review))):
            return Outcome.HAS_LEFT
        unchanged = connection.scalar(select(_is_current(review, text_hash)))
        return Outcome.DECIDED_MEANWHILE if unchanged else Outcome.CHANGED_MEANWHILE

    return keep


def claim(draft: str, campaign: str, reviewer: str, now: datetime, length: timedelta) -> Change:
    """Take a draft for a while, if nobody else has it; the change answers with who has it then."""

    def take(connection: Connection) -> str:
        new = {"draft": draft, "campaign": campaign, "reviewer": reviewer, "until": now + length}
        statement = insert_into(connection, claims).values(**new)
        free = or_(claims.c.reviewer == reviewer, claims.c.until < now)
        changed = {name: statement.excluded[name] for name in ("reviewer", "until")}
        connection.execute(statement.on_conflict_do_update(index_elements=["draft"], set_=changed, where=free))
        return str(connection.scalar(select(claims.c.reviewer).where(claims.c.draft == draft)))

    return take


def release(campaign: str, reviewer: str) -> Change:
    """Let go of all that somebody had taken."""
    mine = claims.c.campaign == campaign, claims.c.reviewer == reviewer
    return lambda connection: connection.execute(delete(claims).where(*mine)).close()


def _take_turns(connection: Connection, review: Review) -> None:
    """Wait for whoever decides about the draft, or claims or sends an email to its prospect, and let them wait."""
    connection.execute(text("SELECT pg_advisory_xact_lock(hashtext(:draft))"), {"draft": review.draft})
    connection.execute(select(messages.c.id).where(*_to_them(review)).with_for_update()).close()


def _take_back(connection: Connection, review: Review, now: datetime) -> None:
    """Cancel what a sender has claimed, which it then does not send; of what is still queued the claim does so."""
    if review.action in DECIDING:
        claimed = *_to_them(review), messages.c.state == MessageState.CLAIMED
        move(connection, claimed, MessageState.CANCELLED, now, CancelReason.DECIDED_ANEW.value)


def _is_there(connection: Connection, review: str) -> bool:
    return bool(connection.scalar(select(exists().where(reviews.c.id == review))))


def _insert_if(review: Review, text_hash: str, seen: int) -> Executable:
    values = {
        "id": review.id,
        "campaign": review.campaign,
        "prospect": review.prospect,
        "reviewer": review.reviewer,
        "trace": review.trace,
        "draft": review.draft,
        "action": review.action.value,
        "created_at": review.created_at,
        "document": model_json(review),
    }
    row = select(*(literal(value, reviews.c[name].type) for name, value in values.items()))
    known = select(func.count()).where(reviews.c.draft == review.draft, reviews.c.action.in_(DECIDING))
    as_seen = _is_current(review, text_hash), known.scalar_subquery() == seen
    return insert(reviews).from_select(list(values), row.where(*as_seen, ~_has_left(review)))


def _has_left(review: Review) -> ColumnElement[bool]:
    """Whether the email of this step to its prospect is being sent, or left, or may have."""
    mine = messages.c
    return exists().where(*_to_them(review), mine.step == review.step, mine.state.in_(MAY_HAVE_LEFT))


def _to_them(review: Review) -> tuple[ColumnElement[bool], ...]:
    """The emails to the prospect of a review."""
    return messages.c.campaign == review.campaign, messages.c.prospect == review.prospect


def _is_current(review: Review, text_hash: str) -> ColumnElement[bool]:
    """Whether the draft is there, with this text, and no newer result of its prospect has taken its place."""
    mine = drafts.c
    return exists().where(mine.id == review.draft, mine.text_hash == text_hash, ~is_replaced())
