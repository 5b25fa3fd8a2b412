"""A verbatim quote and where it stood: what makes a claim about a prospect checkable."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from datetime import UTC, datetime

from pydantic import Field

from miniatures.datamodel.frozen import Frozen
from miniatures.datamodel.hashing import text_hash


class SourceRef(Frozen):
    """A fetched document, without its text: enough to find it again and to know that it is the same."""

    url: str = Field(description="After redirects.")
    title: str = ""
    text_hash: str = Field(description="SHA-256 of the document's main text.")
    published: datetime | None = Field(default=None, description="As the page states it; null if it does not.")
    fetched_at: datetime


class Page(SourceRef):
    """The main text of one fetched document."""

    text: str = Field(description="Main text as extracted; quotes are verbatim slices of it.")

    @classmethod
    def of(
        cls,
        url: str,
        text: str,
        *,
        title: str = "",
        published: datetime | None = None,
        fetched_at: datetime | None = None,
    ) -> Page:
        """A page with the hash of its text, fetched just now unless it is said when."""
        return cls(
            url=url,
            title=title,
            text=text,
            text_hash=text_hash(text),
            published=published,
            fetched_at=fetched_at or datetime.now(UTC),
        )


class Quote(Frozen):
    """A sentence and the signal that it speaks to: what an email may be written from, wherever it is kept."""

    quote: str = Field(min_length=1, description="A verbatim slice of the page's text.")
    signal: str = Field(description="Name of the brief's signal that it speaks to.")
    angle: str | None = Field(default=None, description="Why it makes the offer matter; null: as the brief says.")
    claim: str | None = Field(
        default=None,
        exclude_if=lambda claim: claim is None,
        description="The brief's claim that goes with it, empty for none; null: by the words that they share.",
    )
    published: datetime | None = Field(default=None, description="When its page says that it was published.")
    heading: str = Field(default="", exclude_if=operator.not_, description="What the sentence stands under.")
    dateline: str = Field(default="", exclude_if=operator.not_, description="The date that its entry stands under.")
    before: str = Field(default="", exclude_if=operator.not_, description="What stands before it there.")
    after: str = Field(default="", exclude_if=operator.not_, description="What stands after it there.")

    @property
    def where(self) -> str:
        """The address of its page; empty where that is not kept."""
        return ""

    @property
    def around(self) -> str:
        """What its page says around it, and when: an email may call the news by it, and may not be about it."""
        day = "" if self.published is None else f"{self.published.day} {self.published:%B %Y}"
        said = (self.heading, self.dateline, self.before, self.after, day)
        return "\n".join(filter(None, said))


class Evidence(Quote, SourceRef):
    """One quote from one page."""

    trace: str | None = Field(default=None, description="The model call that chose it; null where rank alone did.")
    sure: float | None = Field(
        default=None,
        exclude_if=lambda sure: sure is None,
        description="How sure the researcher is that it is a reason to write, from 0 to 1, if it tells.",
    )

    @property
    def where(self) -> str:
        return self.url

    @property
    def around(self) -> str:
        return "\n".join(filter(None, (self.title, super().around)))


def sureness(evidence: Sequence[Quote]) -> float | None:
    """How sure the researcher was of what an email opens with, the first of its quotes; null where it does not tell."""
    return next((item.sure for item in evidence[:1] if isinstance(item, Evidence)), None)
