"""A dataset's rows as a classifier learns them: a question, and for each field of the answer which word it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from miniatures.agents.roles.role import role_named
from miniatures.backends.classifier import pair_of
from miniatures.backends.compared import texts_of
from miniatures.datamodel.capabilities import Capabilities
from miniatures.datamodel.dataset import DatasetRow
from miniatures.datamodel.errors import InputError
from miniatures.prompts.library import PromptLibrary

Fields = dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class ClassifiedRow:
    """One question and its answer; fields that the question does not ask for are absent."""

    message: str
    answer: Mapping[str, str]

    @property
    def pair(self) -> tuple[str, str]:
        """The question as it is read whole."""
        return pair_of(self.message)

    @property
    def texts(self) -> tuple[str, ...]:
        """The question as its texts are read alone."""
        return texts_of(self.message)


def classified(rows: Iterable[DatasetRow]) -> list[ClassifiedRow]:
    """The rows that have an answer."""
    answered = [row for row in rows if row.example.answer is not None]
    return [
        ClassifiedRow(row.prompt[-1].content, {name: str(word) for name, word in row.example.answer.items()})
        for row in answered
        if row.example.answer is not None
    ]


def fields_of(rows: Iterable[DatasetRow], capabilities: Capabilities, prompts: PromptLibrary) -> Fields:
    """Every field that the rows' questions ask for, with the words that it may hold.

    Raises:
        InputError: a question is not closed: some field of its answer may hold any text.
    """
    found: Fields = {}
    for row in rows:
        role = role_named(row.example.role)
        schema = role.schema(role.read(row.example.variables), capabilities, prompts) or {}
        for name, stated in schema.get("properties", {}).items():
            if "enum" not in stated:
                raise InputError(
                    f"a classifier cannot answer {name}, which may be any text",
                    hint="Build the dataset with --variant passage, or train with `method: lora`.",
                )
            found[name] = tuple(map(str, stated["enum"]))
    if not found:
        raise InputError("the dataset asks no closed questions", hint="Build it with --variant passage.")
    return dict(sorted(found.items()))
