"""A verbatim quote and where it stood: what makes a claim about a prospect checkable."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field


class Page(BaseModel):
    """The main text of one fetched document."""

    model_config = ConfigDict(frozen=True)

    url: str = Field(description="After redirects.")
    title: str = ""
    text: str = Field(description="Main text as extracted; quotes are verbatim slices of it.")
    text_hash: str
    published: datetime | None = Field(default=None, description="As the page states it; null if it does not.")
    fetched_at: datetime


class Evidence(BaseModel):
    """One quote from one page."""

    model_config = ConfigDict(frozen=True)

    quote: str = Field(min_length=1, description="A verbatim slice of the page's text.")
    url: str
    title: str = ""
    text_hash: str = Field(description="SHA-256 of the page text the quote was cut from.")
    published: datetime | None = None
    fetched_at: datetime
    signal: str = Field(description="Name of the brief's signal that it speaks to.")
