"""What came back, each mail once, and how far every folder was read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select, true, tuple_, update

from miniatures.datamodel.hashing import text_hash
from miniatures.datamodel.inbound import Inbound, InboundKind, ReplyClass
from miniatures.store.documents import model_json
from miniatures.store.engine import Database
from miniatures.store.mail_tables import inbound, marks
from miniatures.store.stored import stored
from miniatures.store.upsert import insert_into
from miniatures.store.writer import Writer

_PAGE = 500


class Inbox:
    """The mails of all mailboxes that a store knows."""

    def __init__(self, database: Database, writer: Writer) -> None:
        self._database = database
        self._writer = writer

    async def take_in(self, mail: Inbound) -> bool:
        """Keep a mail; returns whether it is a new one. One mail of a mailbox, by its Message-ID, is kept once."""
        values = {name: getattr(mail, name) for name in ("mailbox", "message_id", "campaign", "prospect", "message")}
        about = {"id": row_id(mail.mailbox, mail.message_id), "kind": mail.kind, "received_at": mail.received_at}

        def keep(connection: Connection) -> bool:
            row = insert_into(connection, inbound).values(**values, **about, document=model_json(mail))
            return bool(connection.execute(row.on_conflict_do_nothing(index_elements=["id"])).rowcount)

        taken: bool = await self._writer.ask(keep)
        return taken

    def is_known(self, mailbox: str, message_id: str) -> bool:
        """Whether a mail was taken in before."""
        return self.one(row_id(mailbox, message_id)) is not None

    def one(self, id: str) -> Inbound | None:
        """A mail by the id of its row."""
        return next(self._found(inbound.c.id == id), None)

    def stream(self, campaign: str, *kinds: InboundKind) -> Iterator[Inbound]:
        """The mails of a campaign, the newest first; of some kinds, or of all."""
        asked = [inbound.c.campaign == campaign, *([inbound.c.kind.in_(kinds)] if kinds else [])]
        return self._found(*asked)

    def of_prospect(self, campaign: str, prospect: str) -> list[Inbound]:
        """What came from one prospect (by key), the newest first."""
        return list(self._found(inbound.c.campaign == campaign, inbound.c.prospect == prospect))

    def counts(self, campaign: str) -> dict[InboundKind, int]:
        """How many mails of each kind a campaign has, those of which there are some."""
        query = select(inbound.c.kind, func.count().label("number")).where(inbound.c.campaign == campaign)
        with self._database.read() as connection:
            found = {row.kind: row.number for row in connection.execute(query.group_by(inbound.c.kind))}
        return {kind: found[kind.value] for kind in InboundKind if kind.value in found}

    def unclassified(self) -> list[Inbound]:
        """What people answered to any campaign and nobody has put into a class yet, the oldest first."""
        of_people = inbound.c.kind.in_([kind for kind in InboundKind if kind.is_of_a_person])
        return [mail for mail in self._found(of_people, inbound.c.campaign != "") if mail.reply_class is None][::-1]

    async def classify(self, id: str, reply_class: ReplyClass, by: str, trace: str | None = None) -> bool:
        """Put a mail into a class, unless somebody did meanwhile; returns whether it was."""
        return await self._change(
            id, {"reply_class": reply_class, "classified_by": by, "trace": trace}, lambda mail: mail.reply_class is None
        )

    async def correct(self, id: str, reply_class: ReplyClass, person: str) -> bool:
        """Put a person's word in the place of the model's; returns whether there is such a mail."""
        return await self._change(id, {"reply_class": reply_class, "classified_by": person}, lambda _: True)

    async def _change(self, id: str, values: Mapping[str, Any], holds: Callable[[Inbound], bool]) -> bool:
        def change(connection: Connection) -> bool:
            document = connection.scalar(select(inbound.c.document).where(inbound.c.id == id))
            mail = None if document is None else stored(Inbound, document, f"inbound {id}")
            if mail is None or not holds(mail):
                return False
            document = model_json(mail.model_copy(update=values))
            connection.execute(update(inbound).where(inbound.c.id == id).values(document=document))
            return True

        changed: bool = await self._writer.ask(change)
        return changed

    def mark(self, mailbox: str, folder: str) -> tuple[int, int] | None:
        """How far a folder of an account was read: its UIDVALIDITY and the last UID; None if it never was."""
        query = select(marks.c.uid_validity, marks.c.uid).where(marks.c.mailbox == mailbox, marks.c.folder == folder)
        with self._database.read() as connection:
            row = connection.execute(query).first()
        return None if row is None else (row.uid_validity, row.uid)

    async def set_mark(self, mailbox: str, folder: str, uid_validity: int, uid: int) -> None:
        """Remember how far a folder was read, once what stands before is taken in."""
        values = {"mailbox": mailbox, "folder": folder, "uid_validity": uid_validity, "uid": uid}

        def keep(connection: Connection) -> None:
            row = insert_into(connection, marks).values(**values)
            changed = {name: row.excluded[name] for name in ("uid_validity", "uid")}
            connection.execute(row.on_conflict_do_update(index_elements=["mailbox", "folder"], set_=changed))

        await self._writer.ask(keep)

    def _found(self, *asked: ColumnElement[bool]) -> Iterator[Inbound]:
        columns = inbound.c
        query = select(columns.id, columns.received_at, columns.document).where(*asked)
        query = query.order_by(columns.received_at.desc(), columns.id.desc()).limit(_PAGE)
        place = tuple_(columns.received_at, columns.id)
        later: ColumnElement[bool] = true()
        while True:
            with self._database.read() as connection:
                page = connection.execute(query.where(later)).all()
            for row in page:
                mail = stored(Inbound, row.document, f"inbound {row.id}")
                if mail is not None:
                    yield mail.model_copy(update={"id": row.id})
            if len(page) < _PAGE:
                return
            later = place < (page[-1].received_at, page[-1].id)


def row_id(mailbox: str, message_id: str) -> str:
    """How a mail is named: the same mail of a mailbox has the same name whenever it is read."""
    return text_hash(f"{mailbox} {message_id}")[:32]
