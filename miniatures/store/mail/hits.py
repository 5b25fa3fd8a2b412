"""The raw hits: kept as they came, so that better rules can read them again."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import ColumnElement, insert, select, tuple_

from miniatures.datamodel.hit import Hit
from miniatures.store.documents import model_json
from miniatures.store.engine import Database
from miniatures.store.mail_tables import hits
from miniatures.store.paging import beyond
from miniatures.store.stored import stored
from miniatures.store.writer import Writer

_PAGE = 1_000


class Hits:
    """Opens, clicks and visits of the page that takes opt-outs."""

    def __init__(self, database: Database, writer: Writer) -> None:
        self._database = database
        self._writer = writer

    async def add(self, hit: Hit) -> None:
        """Keep a hit; durable on return."""
        values = {name: getattr(hit, name) for name in ("id", "campaign", "prospect", "message", "kind", "at")}
        row = insert(hits).values(**values, document=model_json(hit))
        await self._writer.ask(lambda connection: connection.execute(row).close())

    def of_message(self, message: str) -> list[Hit]:
        """The hits of one email, in the order in which they came."""
        return sorted(self._found(hits.c.message == message), key=lambda hit: (hit.at, hit.id))

    def stream(self, campaign: str) -> Iterator[Hit]:
        """All hits of a campaign, prospect by prospect, page by page."""
        return self._found(hits.c.campaign == campaign)

    def _found(self, *asked: ColumnElement[bool]) -> Iterator[Hit]:
        key = hits.c.prospect, hits.c.id
        query = select(*key, hits.c.document).where(*asked).order_by(*key).limit(_PAGE)
        last = ("", "")
        while True:
            with self._database.read() as connection:
                page = connection.execute(query.where(tuple_(*key) > last)).all()
            for row in page:
                hit = stored(Hit, row.document, f"hits {row.id}")
                if hit is not None:
                    yield hit
            if len(page) < _PAGE:
                return
            last = beyond(last, (page[-1].prospect, page[-1].id))
