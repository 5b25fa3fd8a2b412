"""Who is in which arm: settled once, before research, and never changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, bindparam, select, update

from miniatures.datamodel.arms import AbTest, Enrolment
from miniatures.store.documents import model_json
from miniatures.store.engine import Database
from miniatures.store.mail_tables import ab_tests, enrolments
from miniatures.store.stored import stored
from miniatures.store.upsert import insert_into
from miniatures.store.writer import Writer


class Enrolments:
    """The tests of all campaigns, and their prospects."""

    def __init__(self, database: Database, writer: Writer) -> None:
        self._database = database
        self._writer = writer

    async def settle(self, test: AbTest) -> AbTest:
        """Keep what a test is, and return what it was settled to be by whoever came first."""
        values = {"campaign": test.campaign, "started_at": test.started_at, "document": model_json(test)}

        def keep(connection: Connection) -> None:
            row = insert_into(connection, ab_tests).values(**values)
            connection.execute(row.on_conflict_do_nothing(index_elements=["campaign"]))

        await self._writer.ask(keep)
        return self.test(test.campaign) or test

    def test(self, campaign: str) -> AbTest | None:
        """The campaign's test; None before the first enrolment."""
        with self._database.read() as connection:
            document = connection.scalar(select(ab_tests.c.document).where(ab_tests.c.campaign == campaign))
        return None if document is None else stored(AbTest, document, f"ab_tests {campaign}")

    async def add(self, campaign: str, enrolled: Sequence[Enrolment]) -> None:
        """Put prospects into their arms; who is in one already stays there."""
        rows = [{"campaign": campaign, **one.model_dump()} for one in enrolled]

        def keep(connection: Connection) -> None:
            statement = insert_into(connection, enrolments).on_conflict_do_nothing(
                index_elements=["campaign", "prospect"]
            )
            connection.execute(statement, rows)

        if rows:
            await self._writer.ask(keep)

    async def note_gateways(self, campaign: str, gateways: Mapping[str, str]) -> None:
        """Note who takes the mail of enrolled prospects, by key: the one thing about them that is learned later."""
        columns = enrolments.c
        statement = update(enrolments).where(columns.campaign == campaign, columns.prospect == bindparam("_prospect"))
        rows = [{"_prospect": prospect, "_gateway": gateway} for prospect, gateway in gateways.items()]

        def keep(connection: Connection) -> None:
            connection.execute(statement.values(gateway=bindparam("_gateway")), rows)

        if rows:
            await self._writer.ask(keep)

    def of(self, campaign: str) -> dict[str, Enrolment]:
        """Each enrolled prospect, by key."""
        columns = enrolments.c
        named = (columns.prospect, columns.company, columns.arm, columns.gateway, columns.enrolled_at)
        with self._database.read() as connection:
            rows = connection.execute(select(*named).where(columns.campaign == campaign))
            return {row.prospect: Enrolment.model_validate(dict(row._mapping)) for row in rows}
