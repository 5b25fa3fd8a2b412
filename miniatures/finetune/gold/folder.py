"""Reads hand-written gold data: briefs, companies with the sentences of their page, and emails or bare cases on them.

A folder holds `briefs.yaml`, `companies*.yaml`, and `emails*.yaml` or `cases*.yaml`. A sentence is labelled once, with
the kind of news that it is; what it is worth to a brief follows from the kinds that the brief looks for.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from miniatures.datamodel.brief import Brief, Signal
from miniatures.datamodel.draft import EmailText
from miniatures.datamodel.errors import InputError
from miniatures.datamodel.frozen import Strict
from miniatures.datamodel.prospect import Prospect
from miniatures.inputs.yaml_file import load_yaml
from miniatures.prompts.taxonomy import NewsKind


class Worth(StrEnum):
    """What a sentence is worth to the email: a good opener, usable, or nothing, and then why."""

    MUST = "must"
    MAY = "may"
    BOILERPLATE = "boilerplate"
    STALE = "stale"
    OTHER_COMPANY = "other_company"
    SENSITIVE = "sensitive"
    OPINION = "opinion"
    VAGUE = "vague"
    NAVIGATION = "navigation"
    INSTRUCTION = "instruction"


class Trap(StrEnum):
    """What makes an email harder to write than others."""

    NONE = "none"
    THIN = "thin"
    IRRELEVANT = "irrelevant"
    STALE = "stale"
    SENSITIVE = "sensitive"
    CONTRADICTORY = "contradictory"


class GoldSignal(Signal):
    """A brief's signal and the kind of news that it asks for."""

    kind: NewsKind


class GoldBrief(Brief):
    """A brief with a name, whose signals say their kind."""

    slug: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    signals: tuple[GoldSignal, ...] = Field(min_length=1)

    @cached_property
    def plain(self) -> Brief:
        """The brief as a campaign would have it."""
        fields = self.model_dump(exclude={"slug", "signals"})
        signals = (Signal(**one.model_dump(exclude={"kind", "kinds"}), kinds=(one.kind,)) for one in self.signals)
        return Brief(**fields, signals=tuple(signals))

    def signal_of(self, kind: str | None) -> str | None:
        """The name of the signal that asks for news of this kind."""
        return next((signal.name for signal in self.signals if signal.kind == kind), None)

    def signal_or_first(self, kind: str | None) -> str:
        """The same; of news that no signal asks for, the first signal, as a dossier has to name one."""
        return self.signal_of(kind) or self.signals[0].name


class _Row(Strict):
    """An entry that people write as a plain list of its values."""

    @model_validator(mode="before")
    @classmethod
    def _named(cls, row: object) -> object:
        if isinstance(row, list) and len(row) == len(cls.model_fields):
            return dict(zip(cls.model_fields, row, strict=True))
        return row


class GoldSentence(_Row):
    """One sentence of a company's page. Written as `[kind or no, worth or reason, "text"]`."""

    kind: Annotated[NewsKind | None, BeforeValidator(lambda kind: None if kind in ("no", False) else kind)]
    worth: Worth
    text: str = Field(min_length=1)

    @property
    def usable(self) -> bool:
        return self.worth in {Worth.MUST, Worth.MAY}

    @property
    def sighting(self) -> str:
        """Its class, as a small researcher would name it: the kind of news, or why it is none."""
        return self.kind if self.usable and self.kind else self.worth.value


class GoldContact(_Row):
    """Written as `[first name, last name, title]`."""

    first_name: str
    last_name: str
    title: str


class GoldCompany(Strict):
    """A fictional company, whom to write to there, and its page, sentence by sentence."""

    slug: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    name: str = Field(min_length=1)
    industry: str
    contacts: tuple[GoldContact, ...] = Field(min_length=1)
    names: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    sentences: tuple[GoldSentence, ...] = Field(min_length=5)

    @field_validator("sentences")
    @classmethod
    def _agree(cls, sentences: tuple[GoldSentence, ...]) -> tuple[GoldSentence, ...]:
        for number, sentence in enumerate(sentences, start=1):
            if sentence.usable and sentence.kind is None:
                raise ValueError(f"sentence {number} is worth something, but names no kind of news")
        return sentences

    def prospect(self, contact: int) -> Prospect:
        """The contact of this number, from 1, with an address made for the purpose."""
        person = self.contacts[contact - 1]
        return Prospect(email=f"contact{contact}@{self.slug}.example", company=self.name, **person.model_dump())


class GoldCase(Strict):
    """A question without an answer: this brief, this contact, these sentences (numbers count from 1)."""

    brief: str
    company: str
    contact: int = Field(ge=1)
    quotes: tuple[int, ...] = Field(min_length=1, max_length=5)


class GoldEmail(GoldCase):
    """A case and the email that a careful writer would send."""

    uses: tuple[int, ...] = Field(min_length=1)
    trap: Trap = Trap.NONE
    subject: str
    body: str

    @property
    def text(self) -> EmailText:
        return EmailText(subject=self.subject.strip(), body=self.body.strip())


_W = TypeVar("_W", bound=BaseModel)


@dataclass(frozen=True)
class GoldFolder:
    """One folder of gold data, read and cross-checked."""

    name: str
    briefs: dict[str, GoldBrief]
    companies: dict[str, GoldCompany]
    emails: tuple[GoldEmail, ...]
    cases: tuple[GoldCase, ...]


def read_gold(folder: Path) -> GoldFolder:
    """Everything in the folder.

    Raises:
        InputError: one line for each mistake: the file, the entry's place in it and what is wrong.
    """
    if not (folder / "briefs.yaml").is_file():
        raise InputError(f"{folder} holds no briefs.yaml", hint="Name a folder of gold data.")
    mistakes: list[str] = []
    briefs = _by_slug(_read(folder, "briefs*.yaml", GoldBrief, mistakes), mistakes)
    companies = _by_slug(_read(folder, "companies*.yaml", GoldCompany, mistakes), mistakes)
    emails = _read(folder, "emails*.yaml", GoldEmail, mistakes)
    cases = _read(folder, "cases*.yaml", GoldCase, mistakes)
    briefs = _with_angles(folder, briefs, mistakes)
    for where, case in (*emails, *cases):
        mistakes.extend(f"{where}: {fault}" for fault in _faults(case, briefs, companies))
    if mistakes:
        raise InputError("\n".join(mistakes), hint="Mend these places.")
    return GoldFolder(folder.name, briefs, companies, tuple(one for _, one in emails), tuple(one for _, one in cases))


class _Angles(Strict):
    """The angles of one brief's signal, kept in a file of their own."""

    brief: str
    signal: str
    angles: tuple[str, ...] = Field(min_length=1)


def _with_angles(folder: Path, briefs: dict[str, GoldBrief], mistakes: list[str]) -> dict[str, GoldBrief]:
    extended = dict(briefs)
    for where, entry in _read(folder, "angles*.yaml", _Angles, mistakes):
        brief = extended.get(entry.brief)
        if brief is None or entry.signal not in {one.name for one in brief.signals}:
            mistakes.append(f"{where}: no brief {entry.brief} has a signal {entry.signal}")
            continue
        told = {"angles": entry.angles}
        signals = (one.model_copy(update=told) if one.name == entry.signal else one for one in brief.signals)
        extended[entry.brief] = brief.model_copy(update={"signals": tuple(signals)})
    return extended


def _read(folder: Path, pattern: str, model: type[_W], mistakes: list[str]) -> list[tuple[str, _W]]:
    entries: list[tuple[str, _W]] = []
    for path in sorted(folder.glob(pattern)):
        document = load_yaml(path)
        rows = document.data if isinstance(document.data, list) else []
        if not rows:
            mistakes.append(f"{path}: expected a list")
        for index, row in enumerate(rows):
            where = f"{path}, line {document.line((index,))}"
            try:
                entries.append((where, model.model_validate(row)))
            except ValidationError as error:
                mistakes.extend(f"{where}: {'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
    return entries


def _by_slug(entries: Iterable[tuple[str, _W]], mistakes: list[str]) -> dict[str, _W]:
    found: dict[str, _W] = {}
    for where, entry in entries:
        slug: str = entry.slug  # type: ignore[attr-defined]
        if slug in found:
            mistakes.append(f"{where}: the slug {slug} stands there twice")
        found[slug] = entry
    return found


def _faults(case: GoldCase, briefs: dict[str, GoldBrief], companies: dict[str, GoldCompany]) -> list[str]:
    if case.brief not in briefs:
        return [f"no brief is named {case.brief}"]
    if case.company not in companies:
        return [f"no company is named {case.company}"]
    company = companies[case.company]
    faults = []
    if case.contact > len(company.contacts):
        faults.append(f"{case.company} has {len(company.contacts)} contacts, not {case.contact}")
    if not all(1 <= number <= len(company.sentences) for number in case.quotes):
        faults.append(f"{case.company} has {len(company.sentences)} sentences; quotes are {list(case.quotes)}")
    if isinstance(case, GoldEmail) and not set(case.uses) <= set(case.quotes):
        faults.append(f"uses {list(case.uses)} must be among quotes {list(case.quotes)}")
    return faults
