"""One contact at one company: who is researched and written to."""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import StrEnum
from typing import Annotated

from pydantic import BeforeValidator, EmailStr, Field, field_validator

from miniatures.datamodel.characters import CONTROLS, INVISIBLE, SURROGATES, nfc
from miniatures.datamodel.clickable import clickables
from miniatures.datamodel.frozen import Frozen, Strict
from miniatures.datamodel.hashing import content_hash, text_hash
from miniatures.datamodel.plain_text import as_clicked


def normalize_email(email: str) -> str:
    """The address two spellings share: trimmed, NFC, lower case."""
    return nfc(email).strip().lower()


def prospect_key(email: str) -> str:
    """What a store calls whoever has this address, which lies beside it: outside of a store it is no pseudonym."""
    return text_hash(normalize_email(email))[:16]


_BREAKS = re.compile(f"[{CONTROLS}{SURROGATES}]+")
_UNSEEN = re.compile(f"[{INVISIBLE}]+")
_MARKUP = re.compile(r"[<>{}`]|&(?:#\d|#x|[a-z]\w+;)", re.IGNORECASE)
_DEGREE = re.compile(r"[BM]\.(?:Sc|Ed|Com|Tech|Arch)", re.IGNORECASE)
_NO_PERSONS = re.compile(r"[\[\]|\\]")


def one_line(text: str) -> str:
    """The text in NFC on one line: control characters become spaces, runs of white space become one.

    Characters that no reader sees are dropped, save the joiners that some scripts need.
    """
    return " ".join(nfc(_UNSEEN.sub("", _BREAKS.sub(" ", text))).split())


def _as_text(convert: Callable[[str], str]) -> BeforeValidator:
    """Converts what is text and leaves anything else to be refused."""
    return BeforeValidator(lambda value: convert(value) if isinstance(value, str) else value)


OneLine = Annotated[str, _as_text(one_line)]


class Recipient(Strict):
    """Who an email is to, as far as the writing needs it. No field holds a line break or a control character."""

    first_name: OneLine = ""
    last_name: OneLine = ""
    title: OneLine = ""
    company: OneLine = Field(min_length=1)

    @property
    def key(self) -> str:
        """Names the recipient in traces and the ledger; a prospect has a pseudonym of their own."""
        return content_hash(self)[:16]

    @property
    def full_name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()

    @property
    def known_texts(self) -> tuple[str, ...]:
        """All that is known of them and may stand in an email."""
        return (self.full_name, self.company, self.title)


class Prospect(Recipient):
    """A contact. No field holds a line break or a control character, so none can forge a mail header."""

    email: Annotated[EmailStr, _as_text(normalize_email)]
    website: OneLine = ""
    extra: dict[str, str] = Field(default_factory=dict, description="Further columns, kept as they came.")

    @field_validator("extra", mode="before")
    @classmethod
    def _one_line_each(cls, value: object) -> object:
        if not isinstance(value, dict):
            return value
        return {one_line(str(key)): one_line(str(item)) for key, item in value.items()}

    @property
    def key(self) -> str:
        """Names the prospect in traces and the ledger; exports have a keyed pseudonym (store/home_secret.py)."""
        return prospect_key(self.email)

    @property
    def row(self) -> str:
        """Hash of what an email is written from: what was settled for one row does not stand for a corrected one.

        Further columns are none of it, so a new telephone number redoes nothing.
        """
        return content_hash(self.model_copy(update={"extra": {}}))[:16]

    @property
    def known_texts(self) -> tuple[str, ...]:
        return (*super().known_texts, self.website, self.email, *self.extra.values())


def odd_name(recipient: Recipient) -> str:
    """Why a field that reaches an email is no plain text, in words that name the field; empty if all are.

    A company may be named like a domain, and a title may name one; a person's name may not, save for a degree (M.Sc.).
    """
    for name in Recipient.model_fields:
        text, words, is_persons = getattr(recipient, name), name.replace("_", " "), name.endswith("_name")
        if _MARKUP.search(text) or (is_persons and _NO_PERSONS.search(text)):
            return f"the {words} {text[:60]!r} holds markup: write it as plain text"
        found = [link for link in clickables(as_clicked(text)) if not _DEGREE.fullmatch(link.text)]
        links = [link for link in found if is_persons or not link.is_bare]
        if links:
            return f"the {words} {text[:60]!r} holds the link {links[0].text!r}: write it without"
    return ""


class RowFault(StrEnum):
    """Why a row of the list became no prospect."""

    INVALID = "invalid"
    DUPLICATE = "duplicate"
    OPTED_OUT = "opted_out"
    SUPPRESSED = "suppressed"
    """The address is on the list of those who are written to no more."""


class BadRow(Frozen):
    """A row that is not written to, with the line it begins in, counted from 1 as an editor counts."""

    line: int
    reason: str
    email: str | None = Field(default=None, description="As it stood in the row; null if there was none.")
    fault: RowFault = RowFault.INVALID
