"""One company of the arena: its pages as a browser would show them, and what each sentence that matters is worth.

A label says of a sentence what is true whoever asks (whose news, when, what is wrong with it) apart from what it is
worth to each brief, as one company is a prospect of several.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated, Protocol, TypeVar

from pydantic import Field, model_validator

from miniatures.datamodel.evidence import Page
from miniatures.datamodel.frozen import Strict
from miniatures.datamodel.prospect import Recipient
from miniatures.datamodel.taxonomy import Name
from miniatures.prompts.taxonomy import NewsKind


class Fault(StrEnum):
    """Why no email may tell a sentence as the prospect's news."""

    OTHER_COMPANY = "other_company"
    OLD = "old"
    UNDATED = "undated"
    CORRECTED = "corrected"
    SENSITIVE = "sensitive"
    UNCONFIRMED = "unconfirmed"
    EMPTY = "empty"
    ORDER = "order"


class Trap(StrEnum):
    """What a careless reader of a site would get wrong."""

    OTHER_COMPANY = "other_company"
    NAMESAKE = "namesake"
    CORRECTED = "corrected"
    OLD = "old"
    UNDATED = "undated"
    SENSITIVE = "sensitive"
    UNCONFIRMED = "unconfirmed"
    ORDER = "order"
    BURIED = "buried"
    FIRST_PERSON = "first_person"
    RELATIVE_DATE = "relative_date"
    PRESS_STYLE = "press_style"
    LANGUAGE = "language"
    NO_NEWS = "no_news"
    NUMBERS = "numbers"


class Verdict(StrEnum):
    """What a sentence is worth to one brief: an email may open with it, or it may stand behind what opens."""

    OPEN = "open"
    SUPPORT = "support"


class Telling(Strict):
    """How a careful writer tells the news: the sentence that opens the email, and a subject line."""

    opening: str = Field(min_length=20)
    subject: str = Field(min_length=3, max_length=70)


class Worth(Strict):
    """What a sentence is worth to one brief. `angle` counts the signal's angles from 1; 0 means that none fits."""

    verdict: Verdict
    signal: Name
    angle: int = Field(ge=0)
    told: tuple[Telling, ...] = ()


class Hidden(Strict):
    """Text that stands in the page's source and that no visitor sees."""

    hidden: str = Field(min_length=1)


Block = str | Hidden
"""A paragraph; a heading when it begins with `# `, an item of a list when it begins with `- `."""


class ArenaPage(Strict):
    """One page. `date` is what its source states as the day of publication, if it states one."""

    path: str = Field(pattern=r"^/[^\s?#]*$")
    title: str = Field(min_length=1)
    date: datetime.date | None = None
    language: str | None = None
    blocks: tuple[Block, ...] = Field(min_length=1)

    @property
    def texts(self) -> tuple[str, ...]:
        """The text of each block, without the marks of headings and lists."""
        return tuple(
            re.sub(r"^(# |- )", "", block) if isinstance(block, str) else block.hidden for block in self.blocks
        )

    def as_read(self, domain: str) -> Page:
        """The page as extraction reads it: what a visitor sees, a paragraph a line."""
        seen = [text for text, block in zip(self.texts, self.blocks, strict=True) if not isinstance(block, Hidden)]
        published = None if self.date is None else datetime.datetime.combine(self.date, datetime.time(), datetime.UTC)
        url = f"https://{domain}{self.path}"
        return Page.of(url, "\n".join(seen), title=self.title, published=published, fetched_at=published)


_When = Annotated[str, Field(pattern=r"^(\d{4}(-\d{2}(-\d{2})?)?|unknown)$")]


class Label(Strict):
    """One sentence and what it is. `when` is the day, month or year in which it happened or will, or `unknown`."""

    quote: str = Field(min_length=1)
    page: str
    kind: NewsKind | None = None
    when: _When
    fault: Fault | None = None
    whose: str | None = None
    corrected_by: str | None = None
    worth: dict[str, Worth] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _agrees(self) -> Label:
        if self.fault and self.worth:
            raise ValueError(f"it is {self.fault.value}, so it can be worth nothing to a brief")
        if self.worth and self.kind is None:
            raise ValueError("it is worth something to a brief, so it needs a kind of news")
        if (self.fault is Fault.OTHER_COMPANY) != (self.whose is not None):
            raise ValueError("`whose` names the other company, exactly where the fault is other_company")
        if (self.fault is Fault.CORRECTED) != (self.corrected_by is not None):
            raise ValueError("`corrected_by` quotes what corrects it, exactly where the fault is corrected")
        return self


class Labelled(Protocol):
    """What says something of a sentence."""

    @property
    def quote(self) -> str: ...


_Labelled = TypeVar("_Labelled", bound=Labelled)


def label_of(sentence: str, labels: Iterable[_Labelled]) -> _Labelled | None:
    """The label that holds most of the sentence, as sentences are cut by code and labels by hand."""
    found = [one for one in labels if one.quote in sentence or sentence in one.quote]
    return max(found, key=lambda label: min(len(label.quote), len(sentence)), default=None)


class Contact(Strict):
    """A person to write to."""

    first_name: str
    last_name: str
    title: str


class ArenaCompany(Strict):
    """A fictional company with its site."""

    company: str
    domain: str = Field(pattern=r"^[a-z0-9.-]+\.(example|test)$")
    country: str = Field(pattern=r"^[A-Z]{2}$")
    trade: str
    language: str = "en"
    contacts: tuple[Contact, ...] = Field(min_length=1)
    traps: tuple[Trap, ...] = Field(min_length=1)
    note: str
    pages: tuple[ArenaPage, ...] = Field(min_length=1)
    labels: tuple[Label, ...] = Field(min_length=3)

    def recipient(self, full_name: str) -> Recipient | None:
        """The contact of this name, as an email is written to them; None if there is none."""
        people = (Recipient(**who.model_dump(), company=self.company) for who in self.contacts)
        return next((one for one in people if one.full_name == full_name), None)

    @property
    def has_news(self) -> bool:
        """Whether some brief could open an email with something."""
        return any(worth.verdict is Verdict.OPEN for label in self.labels for worth in label.worth.values())

    @model_validator(mode="after")
    def _stands_on_its_pages(self) -> ArenaCompany:
        pages = {page.path: page for page in self.pages}
        if len(pages) < len(self.pages):
            raise ValueError("two pages have one path")
        for label in self.labels:
            page = pages.get(label.page)
            if page is None:
                raise ValueError(f"no page {label.page} for the label of {label.quote[:60]!r}")
            if not any(label.quote in text for text in page.texts):
                raise ValueError(f"{label.page} does not hold the words {label.quote[:80]!r} within one block")
            if label.corrected_by and not any(label.corrected_by in text for one in self.pages for text in one.texts):
                raise ValueError(f"no page holds {label.corrected_by[:80]!r}")
        if self.has_news == (Trap.NO_NEWS in self.traps):
            raise ValueError("the trap no_news stands exactly where no sentence is worth opening with")
        return self
