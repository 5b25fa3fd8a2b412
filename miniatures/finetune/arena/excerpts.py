"""Excerpts of pages with every sentence labelled: more of what tells a company's own news from all else.

A company's whole site takes an author an hour, and holds few of the sentences that a reader mistakes. An excerpt is a
part of one page; it says what each sentence is, and not what it is worth to a brief.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from pathlib import Path

from pydantic import Field, model_validator

from miniatures.agents.passages import passages
from miniatures.agents.roles.researcher import RESEARCHER, Judgement, PassageVariables, Status
from miniatures.datamodel.evidence import Page
from miniatures.datamodel.example import Example, Source
from miniatures.datamodel.frozen import Strict
from miniatures.finetune.arena.company import ArenaPage, Block, label_of
from miniatures.finetune.arena.folder import holds
from miniatures.inputs.validation import validate
from miniatures.inputs.yaml_file import load_yaml
from miniatures.prompts.taxonomy import NO_KIND, NewsKind

FOLDER = "excerpts"


class SentenceLabel(Strict):
    """One sentence: what it is, of which kind, and why in a few words."""

    quote: str = Field(min_length=1)
    status: Status
    kind: NewsKind | None = None
    why: str

    @model_validator(mode="before")
    @classmethod
    def _no_kind(cls, said: dict[str, object]) -> dict[str, object]:
        return {**said, "kind": None} if said.get("kind") == NO_KIND else said


class Excerpt(Strict):
    """A part of one page of a fictional company."""

    company: str
    trade: str
    country: str
    language: str
    title: str
    date: datetime.date | None = None
    blocks: tuple[Block, ...] = Field(min_length=1)
    labels: tuple[SentenceLabel, ...] = Field(min_length=1)

    @property
    def page(self) -> Page:
        """As a browser would show it."""
        return ArenaPage(path="/", title=self.title, date=self.date, blocks=self.blocks).as_read("excerpt.example")

    @model_validator(mode="after")
    def _stands_on_its_page(self) -> Excerpt:
        text = self.page.text
        for label in self.labels:
            if label.quote not in text:
                raise ValueError(f"the excerpt of {self.company} does not hold the words {label.quote[:80]!r}")
        return self


class _Excerpts(Strict):
    excerpts: tuple[Excerpt, ...] = Field(min_length=1)


def is_excerpts(folder: Path) -> bool:
    """Whether the folder is one of excerpts."""
    return holds(folder, FOLDER)


def read_excerpts(folder: Path) -> list[Excerpt]:
    """All excerpts of the folder's files.

    Raises:
        InputError: a file is not in order; says where.
    """
    return [one for path in sorted(folder.glob("*.yaml")) for one in validate(_Excerpts, load_yaml(path)).excerpts]


def excerpt_examples(excerpts: Sequence[Excerpt], today: str) -> Iterator[Example]:
    """A researcher's example of every labelled sentence, in its place."""
    day = datetime.date.fromisoformat(today)
    for excerpt in excerpts:
        for passage in passages(excerpt.page):
            label = label_of(passage.text, excerpt.labels)
            if label is None:
                continue
            yield Example(
                role=RESEARCHER.name,
                variables=PassageVariables.of(passage, excerpt.company, day).model_dump(mode="json"),
                answer=Judgement(status=label.status, kind=label.kind or NO_KIND).model_dump(mode="json"),
                company=excerpt.company,
                source=Source.GOLD,
                lineage=(f"arena:{FOLDER}/{excerpt.company}",),
            )
