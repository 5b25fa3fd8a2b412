"""What harm first emails did, as a sender asks for it every minute: of whoever did none, the database says how many.

Only people of whom something may be harm are read one by one, so that what counts as harm is said elsewhere, once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, Executable, and_, func, or_, select

from miniatures.datamodel.hit import Hit
from miniatures.datamodel.inbound import Inbound, InboundKind, ReplyClass
from miniatures.datamodel.message import MessageState
from miniatures.store.engine import Database
from miniatures.store.mail.came_back import PRESSED, mails_by_meaning, mails_of, opt_outs_of
from miniatures.store.mail.people import Mailed, People
from miniatures.store.mail_tables import enrolments, hits, inbound, messages

_PERHAPS_HARM = (InboundKind.BOUNCE, InboundKind.COMPLAINT, InboundKind.OPT_OUT)
_PAGE = 500


@dataclass(frozen=True)
class Concerned:
    """Somebody whose email may have done harm, with all emails to them in order, and what came back."""

    arm: str
    company: str
    emails: list[Mailed]
    inbound: list[Inbound] = field(default_factory=list)
    opt_outs: defaultdict[str, list[Hit]] = field(default_factory=lambda: defaultdict(list))
    """On the page that the emails link to, by email (id)."""


class Harm:
    """Bounces, opt-outs and complaints, as far as it takes to judge them."""

    def __init__(self, database: Database, people: People) -> None:
        self._database = database
        self._people = people

    def news(self, campaign: str) -> tuple[object, ...]:
        """Another value once something came in that may be harm: a mail, a word on what one means, a hit, a refusal."""
        refused = messages.c.campaign == campaign, messages.c.state == MessageState.REJECTED
        with self._database.read() as connection:
            return (
                *map(tuple, connection.execute(mails_by_meaning(campaign, self._people.meaning))),
                connection.scalar(select(func.count()).where(hits.c.campaign == campaign)),
                connection.scalar(select(func.count()).where(*refused)),
            )

    def taken(self, campaign: str) -> dict[str, int]:
        """By arm, how many people's first email a server took."""
        with self._database.read() as connection:
            return dict(map(tuple, connection.execute(_taken(campaign, enrolments.c.arm))))

    def taken_by_company(self, campaign: str) -> Mapping[str, Mapping[str, int]]:
        """The same by arm and company."""
        query = _taken(campaign, enrolments.c.arm, enrolments.c.company)
        found: defaultdict[str, dict[str, int]] = defaultdict(dict)
        with self._database.read() as connection:
            for arm, company, people in connection.execute(query):
                found[arm][company] = people
        return found

    def concerned(self, campaign: str) -> Iterator[Concerned]:
        """Those who are enrolled and whom a bounce, a complaint, an opt-out or a refusal is about."""
        with self._database.read() as connection:
            known = list(connection.scalars(self._known(campaign)))
        for start in range(0, len(known), _PAGE):
            yield from self._page(campaign, known[start : start + _PAGE])

    def _known(self, campaign: str) -> CompoundSelect[Any]:
        perhaps = or_(inbound.c.kind.in_(_PERHAPS_HARM), self._people.meaning == ReplyClass.OPT_OUT)
        wrote = select(inbound.c.prospect).where(inbound.c.campaign == campaign, perhaps)
        refused = messages.c.campaign == campaign, messages.c.state == MessageState.REJECTED
        pressed = select(hits.c.prospect).where(hits.c.campaign == campaign, PRESSED)
        return wrote.union(select(messages.c.prospect).where(*refused), pressed)

    def _page(self, campaign: str, keys: Sequence[str]) -> Iterable[Concerned]:
        emails = self._people.mailed(campaign, messages.c.prospect.in_(keys))
        columns = enrolments.c
        places = select(columns.prospect, columns.arm, columns.company)
        mine = columns.campaign == campaign, columns.prospect.in_(keys)
        with self._database.read() as connection:
            rows = connection.execute(places.where(*mine))
            found = {row.prospect: Concerned(row.arm, row.company, emails[row.prospect]) for row in rows}
            for prospect, mail in mails_of(connection, campaign, found):
                found[prospect].inbound.append(mail)
            for prospect, hit in opt_outs_of(connection, campaign, found):
                found[prospect].opt_outs[hit.message].append(hit)
        return found.values()


def _taken(campaign: str, *by: ColumnElement[str]) -> Executable:
    """How many people's first email a server took, by columns of their enrolment, which may be later than the email."""
    place, columns = enrolments.c, messages.c
    mine = and_(place.campaign == columns.campaign, place.prospect == columns.prospect)
    taken = columns.campaign == campaign, columns.state == MessageState.ACCEPTED, columns.step == 0
    return select(*by, func.count()).select_from(messages.join(enrolments, mine)).where(*taken).group_by(*by)
