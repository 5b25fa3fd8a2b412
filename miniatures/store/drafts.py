"""The drafts that people may judge, and which of them wait for whom: answered from small rows, without a document."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Exists, Select, exists, or_, select

from miniatures.datamodel.draft import Draft, DraftStatus
from miniatures.datamodel.result import step_of
from miniatures.datamodel.review import ReviewAction
from miniatures.store.documents import plain_json
from miniatures.store.engine import Database
from miniatures.store.steps import step_text
from miniatures.store.tables import drafts, results, reviews
from miniatures.store.writer import DRAFTS, Row

SETTLING = tuple(action for action in ReviewAction if action.settles)


@dataclass(frozen=True)
class QueuedDraft:
    """Where a draft is found: in the prospect's result under the policy, or, of no campaign's making, in its trace."""

    id: str
    campaign: str
    prospect: str | None
    policy: str
    trace: str | None
    status: DraftStatus
    text_hash: str

    @property
    def step(self) -> int:
        """0 for a first email, then the follow-ups."""
        return step_of(self.policy)


def draft_row(draft: Draft, campaign: str, prospect: str | None, policy: str, revision: int) -> Row:
    """The row of a draft; of one that is queued again, the later row stands."""
    row = {
        "id": draft.id,
        "campaign": campaign,
        "prospect": prospect,
        "policy": policy,
        "trace": draft.trace,
        "status": draft.status,
        "text_hash": draft.text_hash,
        "revision": revision,
    }
    return Row(DRAFTS, plain_json(row), (draft.id,))


@dataclass(frozen=True)
class SavedDraft:
    """What a save left to be judged: a prospect's draft with the JSON of its result, or none any more.

    A draft that no result carries has no prospect, and its document is empty.
    """

    revision: int
    prospect: str | None
    draft: QueuedDraft | None
    document: str


def saved_since(database: Database, campaign: str, revision: int, most: int) -> list[SavedDraft]:
    """What was saved after a revision, in its order, at most so many."""
    found = [*_carried_since(database, campaign, revision, most), *_loose_since(database, campaign, revision, most)]
    return sorted(found, key=lambda one: one.revision)[:most]


def _carried_since(database: Database, campaign: str, revision: int, most: int) -> list[SavedDraft]:
    mine, saved = drafts.c, results.c
    columns = saved.revision, saved.prospect, saved.policy, mine.id, mine.trace, mine.status, mine.text_hash
    asked = select(*columns, saved.document).select_from(results.outerjoin(drafts, mine.id == saved.draft))
    asked = asked.where(saved.campaign == campaign, saved.revision > revision).order_by(saved.revision).limit(most)
    with database.read() as connection:
        rows = connection.execute(asked).all()
    return [
        SavedDraft(number, prospect, _queued(campaign, prospect, policy, *about), document)
        for number, prospect, policy, *about, document in rows
    ]


def _loose_since(database: Database, campaign: str, revision: int, most: int) -> list[SavedDraft]:
    mine = drafts.c
    asked = select(mine.revision, mine.policy, mine.id, mine.trace, mine.status, mine.text_hash)
    asked = asked.where(mine.campaign == campaign, mine.revision > revision, mine.prospect.is_(None))
    with database.read() as connection:
        rows = connection.execute(asked.order_by(mine.revision).limit(most)).all()
    return [SavedDraft(number, None, _queued(campaign, None, policy, *about), "") for number, policy, *about in rows]


def _queued(
    campaign: str, prospect: str | None, policy: str, id: str | None, trace: str | None, status: str, text_hash: str
) -> QueuedDraft | None:
    return QueuedDraft(id, campaign, prospect, policy, trace, DraftStatus(status), text_hash) if id else None


def is_replaced() -> Exists:
    """Whether a newer result of the same step to its prospect has taken a draft's place."""
    mine, saved = drafts.c, results.c
    return exists().where(
        saved.campaign == mine.campaign,
        saved.position == mine.position,
        saved.prospect == mine.prospect,
        saved.revision > mine.revision,
        step_text(saved.policy) == step_text(mine.policy),
    )


def waiting_drafts(
    database: Database, campaign: str, reviewer: str, statuses: Sequence[DraftStatus]
) -> list[QueuedDraft]:
    """The drafts that this reviewer has not judged, in the order in which they were saved.

    A draft that a newer result of its prospect replaced waits for nobody; comparisons and readings judge no draft, and
    what was taken back is as if it had never been said.
    """
    mine = drafts.c
    by_them = reviews.c.reviewer == reviewer
    judged = exists().where(reviews.c.draft == mine.id, by_them, reviews.c.action.in_(SETTLING))
    taken_back = select(reviews.c.draft).where(reviews.c.campaign == campaign, by_them, _IS_WITHDRAWAL)
    columns = mine.id, mine.campaign, mine.prospect, mine.policy, mine.trace, mine.status, mine.text_hash
    asked = mine.campaign == campaign, mine.status.in_(statuses), ~is_replaced()
    with database.read() as connection:
        free = connection.execute(select(mine.revision, *columns).where(*asked, ~judged)).all()
        again = set(connection.scalars(taken_back)) - _judged_again(connection, taken_back, reviewer)
        if again:
            free = [
                *free,
                *connection.execute(select(mine.revision, *columns).where(*asked, judged, mine.id.in_(again))),
            ]
    return [QueuedDraft(*row[1:6], DraftStatus(row[6]), row[7]) for row in sorted(free)]


_IS_WITHDRAWAL = reviews.c.action == ReviewAction.WITHDRAW


def _judged_again(connection: Connection, taken_back: Select[tuple[str]], reviewer: str) -> set[str]:
    """Of the drafts about which a reviewer took something back, those about which they have decided anew since."""
    columns = reviews.c.draft, reviews.c.id, reviews.c.action
    asked = reviews.c.draft.in_(taken_back), reviews.c.reviewer == reviewer
    rows = connection.execute(select(*columns).where(*asked, or_(_IS_WITHDRAWAL, reviews.c.action.in_(SETTLING))))
    last = {row.draft: row.action for row in sorted(rows, key=lambda row: row.id)}
    return {draft for draft, action in last.items() if action != ReviewAction.WITHDRAW}
