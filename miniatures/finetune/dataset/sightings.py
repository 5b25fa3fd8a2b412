"""Tells the forms of a researcher's question apart, and learns of single sentences from a choice out of a list.

A question about one sentence, a sighting, is a classification; a choice out of a list is a selection.
"""

from __future__ import annotations

from miniatures.agents.roles.reply_reader import REPLY_READER
from miniatures.agents.roles.researcher import RESEARCHER, ListVariables, Selection, SentenceVariables, Sighting
from miniatures.agents.roles.verifier import VERIFIER
from miniatures.datamodel.example import Example
from miniatures.prompts.taxonomy import known_taxonomy


def is_sighting(example: Example) -> bool:
    """Whether it asks a researcher about one sentence alone."""
    return example.role == RESEARCHER.name and not is_choice(example) and not is_passage(example)


def is_passage(example: Example) -> bool:
    """Whether it asks about a sentence in its page, a researcher or a verifier of what a writer made of it; or about a
    reply, which is read in the same way."""
    if example.role == REPLY_READER.name:
        return True
    return example.role in {RESEARCHER.name, VERIFIER.name} and "page_age" in example.variables


def is_choice(example: Example) -> bool:
    """Whether it asks a researcher which sentences of a list to choose."""
    return example.role == RESEARCHER.name and "signals" in example.variables


def sightings_of(chosen: Example) -> list[Example]:
    """What a choice out of a list tells about single sentences: the kinds of those that were chosen.

    Of the others it tells nothing: they may be news of a kind that the brief does not look for. Nor does a signal of
    several kinds say which one it is, and a kind that only the brief knows is none to learn.
    """
    asked = ListVariables.model_validate(chosen.variables)
    known = known_taxonomy().news
    kinds = {one.name: one.kinds[0] for one in asked.signals if len(one.kinds) == 1 and one.kinds[0] in known}
    questions = dict(zip((line.number for line in asked.sentences), asked.alone(), strict=True))
    choices = Selection.model_validate(chosen.answer).choices
    return [_sighting(chosen, questions[one.number], kinds[one.signal]) for one in choices if one.signal in kinds]


def _sighting(chosen: Example, question: SentenceVariables, kind: str) -> Example:
    variables, answer = question.model_dump(mode="json"), Sighting(kind=kind).model_dump()
    return chosen.model_copy(update={"variables": variables, "answer": answer, "rejected": None, "labels": {}})
