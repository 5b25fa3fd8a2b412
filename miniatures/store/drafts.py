"""The drafts that people may judge, and which of them wait for whom: answered from small rows, without a document."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import exists, select

from miniatures.datamodel.draft import Draft, DraftStatus
from miniatures.datamodel.review import ReviewAction
from miniatures.store.documents import plain_json
from miniatures.store.engine import Database
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


def drafts_since(database: Database, campaign: str, revision: int, most: int) -> list[tuple[int, QueuedDraft, str]]:
    """The drafts that were saved after a revision, in its order: at most so many, each with its result's document.

    The document is empty for a draft that no result carries.
    """
    mine, saved = drafts.c, results.c
    carried = (saved.campaign == mine.campaign) & (saved.position == mine.position)
    carried &= (saved.prospect == mine.prospect) & (saved.policy == mine.policy)
    columns = mine.id, mine.campaign, mine.prospect, mine.policy, mine.trace, mine.status, mine.text_hash
    asked = select(mine.revision, *columns, saved.document).select_from(drafts.outerjoin(results, carried))
    asked = asked.where(mine.campaign == campaign, mine.revision > revision).order_by(mine.revision).limit(most)
    with database.read() as connection:
        rows = connection.execute(asked).all()
    return [(row[0], QueuedDraft(*row[1:6], DraftStatus(row[6]), row[7]), row[8] or "") for row in rows]


def waiting_drafts(
    database: Database, campaign: str, reviewer: str, statuses: Sequence[DraftStatus]
) -> list[QueuedDraft]:
    """The drafts that this reviewer has not judged, in the order in which they were saved.

    A draft that a newer result of its prospect replaced waits for nobody; comparisons and readings judge no draft, and
    what was taken back is as if it had never been said.
    """
    mine, saved, taken_back = drafts.c, results.c, reviews.alias("taken_back").c
    replaced = exists().where(
        saved.campaign == mine.campaign,
        saved.position == mine.position,
        saved.prospect == mine.prospect,
        saved.revision > mine.revision,
    )
    withdrawn = exists().where(
        taken_back.draft == mine.id,
        taken_back.reviewer == reviewer,
        taken_back.action == ReviewAction.WITHDRAW,
        taken_back.id > reviews.c.id,
    )
    judged = exists().where(
        reviews.c.draft == mine.id, reviews.c.reviewer == reviewer, reviews.c.action.in_(SETTLING), ~withdrawn
    )
    columns = mine.id, mine.campaign, mine.prospect, mine.policy, mine.trace, mine.status, mine.text_hash
    asked = mine.campaign == campaign, mine.status.in_(statuses), ~replaced, ~judged
    with database.read() as connection:
        rows = connection.execute(select(*columns).where(*asked).order_by(mine.revision)).all()
    return [QueuedDraft(*row[:5], DraftStatus(row[5]), row[6]) for row in rows]
