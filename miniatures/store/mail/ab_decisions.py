"""What was decided about the arms of A/B tests: each decision once, with all that it rested on."""

from __future__ import annotations

from sqlalchemy import Connection, select

from miniatures.datamodel.ab_decision import AbAction, AbDecision
from miniatures.store.documents import model_json
from miniatures.store.engine import Database
from miniatures.store.mail_tables import ab_decisions
from miniatures.store.stored import stored
from miniatures.store.upsert import insert_into
from miniatures.store.writer import Writer


class AbDecisions:
    """The decisions about the arms of all campaigns."""

    def __init__(self, database: Database, writer: Writer) -> None:
        self._database = database
        self._writer = writer

    async def keep(self, decision: AbDecision) -> bool:
        """Keep a decision; returns whether it is a new one. The same one taken twice is kept as it was first taken."""
        values = {name: getattr(decision, name) for name in ("id", "campaign", "decided_at")}

        def write(connection: Connection) -> bool:
            row = insert_into(connection, ab_decisions).values(**values, document=model_json(decision))
            return bool(connection.execute(row.on_conflict_do_nothing(index_elements=["id"])).rowcount)

        new: bool = await self._writer.ask(write)
        return new

    def of(self, campaign: str) -> list[AbDecision]:
        """The decisions about a campaign's arms, the oldest first."""
        with self._database.read() as connection:
            return _kept(connection, campaign)

    def stopped(self, campaign: str) -> frozenset[str]:
        """The arms in which nothing more may be sent."""
        return frozenset(self.of_stopped(campaign))

    def of_stopped(self, campaign: str) -> dict[str, AbDecision]:
        """The decision that stopped each arm in which nothing more may be sent."""
        return {one.arm: one for one in self.of(campaign) if one.action is AbAction.STOPPED}


def stopped_arms(connection: Connection, campaign: str) -> frozenset[str]:
    """The arms in which nothing more may be sent, as a transaction sees them."""
    return frozenset(one.arm for one in _kept(connection, campaign) if one.action is AbAction.STOPPED)


def _kept(connection: Connection, campaign: str) -> list[AbDecision]:
    columns = ab_decisions.c
    query = select(columns.id, columns.document).where(columns.campaign == campaign)
    rows = connection.execute(query.order_by(columns.decided_at, columns.id)).all()
    read = (stored(AbDecision, row.document, f"ab_decisions {row.id}") for row in rows)
    return [decision for decision in read if decision is not None]
