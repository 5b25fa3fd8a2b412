"""Lays a draft beside what it stands on: each sentence knows its quote or its line of the brief, and its doubts."""

from __future__ import annotations

from dataclasses import dataclass

from miniatures.checks.vetted import VETTED
from miniatures.datamodel.draft import Draft, Ground, Statement
from miniatures.datamodel.evidence import Evidence, Quote
from miniatures.datamodel.vetted import VettedStatement
from miniatures.measure.passages import passages


@dataclass(frozen=True)
class GroundEntry:
    """One thing that the email stands on: a quote of a page, or a line of the brief."""

    key: str
    text: str
    quote: Quote | None = None
    place: int | None = None

    @property
    def kept(self) -> Evidence | None:
        """The quote with its page, where that is kept."""
        return self.quote if isinstance(self.quote, Evidence) else None


@dataclass(frozen=True)
class Sentence:
    """A slice of the email, and the key of what it stands on; empty where it asserts nothing."""

    text: str
    statement: Statement | None = None
    ground: str = ""
    doubt: VettedStatement | None = None

    @property
    def kind(self) -> str:
        return self.statement.ground if self.statement else ""


@dataclass(frozen=True)
class Grounded:
    """The whole email by sentences, and the ground beside it in the order in which it is first needed."""

    subject: Sentence
    body: tuple[Sentence, ...]
    entries: tuple[GroundEntry, ...]
    doubts: tuple[VettedStatement, ...] = ()


def grounded(draft: Draft) -> Grounded:
    """The draft beside its ground."""
    doubts = [one for one in draft.vetted if one.sure < VETTED]
    entries: dict[str, GroundEntry] = {}
    body = tuple(_sentence(text, statement, draft, doubts, entries) for text, statement in passages(draft))
    for place, quote in enumerate(draft.evidence):
        key = f"quote-{place + 1}"
        entries.setdefault(key, GroundEntry(key, quote.quote, quote, place))
    subject = next((Sentence(draft.subject, doubt=one) for one in doubts if one.text == draft.subject), None)
    return Grounded(subject or Sentence(draft.subject), body, tuple(entries.values()), tuple(doubts))


def _sentence(
    text: str,
    statement: Statement | None,
    draft: Draft,
    doubts: list[VettedStatement],
    entries: dict[str, GroundEntry],
) -> Sentence:
    doubt = next((one for one in doubts if text.strip() and (text in one.text or one.text in text)), None)
    if statement is None:
        return Sentence(text, doubt=doubt)
    entry = _entry(statement, draft, len(entries))
    if entry is None:
        return Sentence(text, statement, doubt=doubt)
    same = next((known for known in entries.values() if known.text == entry.text), entry)
    entries.setdefault(same.key, same)
    return Sentence(text, statement, same.key, doubt)


def _entry(statement: Statement, draft: Draft, number: int) -> GroundEntry | None:
    match statement.ground:
        case Ground.QUOTE:
            place = _place(statement.source, draft)
            if place is None:
                return GroundEntry(f"source-{number}", statement.source) if statement.source else None
            return GroundEntry(f"quote-{place + 1}", draft.evidence[place].quote, draft.evidence[place], place)
        case Ground.BRIEF if statement.source:
            return GroundEntry(f"brief-{number}", statement.source)
        case _:
            return None


def _place(source: str, draft: Draft) -> int | None:
    """Which of the draft's quotes a statement was matched to."""
    exact = (place for place, quote in enumerate(draft.evidence) if quote.quote == source)
    part = (place for place, quote in enumerate(draft.evidence) if source and source in quote.quote)
    return next(exact, next(part, None))
