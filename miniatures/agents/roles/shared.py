"""The variables that several roles are told: whom the email is to, what it may rest on, what is looked for."""

from __future__ import annotations

import operator
from collections.abc import Iterable

from pydantic import Field

from miniatures.agents.ages import names_date
from miniatures.agents.as_data import as_data
from miniatures.agents.passages import leans
from miniatures.agents.roles.role import Variables
from miniatures.datamodel.brief import Brief
from miniatures.datamodel.evidence import Evidence, Quote
from miniatures.datamodel.prospect import Recipient


class QuoteLine(Variables):
    """One quote, numbered from 1, with the brief's thought on such news; empty where it has none."""

    number: int
    signal: str
    text: str
    angle: str = ""
    page: str = Field(
        default="", exclude_if=operator.not_, description="The title of its page, and its heading; not one with a date."
    )
    published: str = Field(default="", exclude_if=operator.not_, description="The day of its page, year first.")
    dated: str = Field(default="", exclude_if=operator.not_, description="The date line that it stands under there.")
    before: str = Field(default="", exclude_if=operator.not_, description="What stands before it there.")
    lead: str = Field(default="", exclude_if=operator.not_, description="The same, only where the quote leans on it.")
    after: str = Field(default="", exclude_if=operator.not_, description="What stands after it there.")

    @property
    def shown(self) -> str:
        """All that a writer of the opening is shown of the news."""
        return " ".join(filter(None, (self.page, self.lead, self.text)))


class SignalLine(Variables):
    """One kind of news that the brief looks for."""

    name: str
    describes: str
    kinds: tuple[str, ...] = ()


def recipient_line(recipient: Recipient) -> Recipient:
    """Who is written to. The address is not needed for writing."""
    return Recipient(**{field: as_data(getattr(recipient, field)) for field in Recipient.model_fields})


def quote_lines(evidence: Iterable[Quote], brief: Brief, recipient: Recipient) -> tuple[QuoteLine, ...]:
    """The quotes of a dossier in its order, each with its own angle, or the brief's for this recipient."""
    angles = {signal.name: signal.angle_for(recipient.key) for signal in brief.signals}
    return tuple(
        QuoteLine(
            number=number,
            signal=item.signal,
            text=as_data(item.quote),
            angle=as_data(angles.get(item.signal, "") if item.angle is None else item.angle),
            page=as_data(_page(item)),
            published="" if item.published is None else item.published.date().isoformat(),
            dated=as_data(item.dateline),
            before=as_data(item.before),
            lead=as_data(item.before) if leans(item.quote) else "",
            after=as_data(item.after),
        )
        for number, item in enumerate(evidence, start=1)
    )


def _page(item: Quote) -> str:
    """What the page and the part of it are called, each once; a date there is mostly not the day of the news."""
    title = item.title if isinstance(item, Evidence) else ""
    return " | ".join(dict.fromkeys(part for part in (title, item.heading) if part and not names_date(part)))


def quotes_of(lines: Iterable[QuoteLine]) -> tuple[Quote, ...]:
    """The quotes that a prompt showed, as far as the prompt tells of them."""
    return tuple(Quote(quote=line.text, signal=line.signal, angle=line.angle) for line in lines)


def signal_lines(brief: Brief, names: Iterable[str] | None = None) -> tuple[SignalLine, ...]:
    """The brief's signals, or those that are named."""
    wanted = None if names is None else set(names)
    return tuple(
        SignalLine(name=signal.name, describes=signal.describes, kinds=signal.kinds)
        for signal in brief.signals
        if wanted is None or signal.name in wanted
    )
