"""Tells the two forms of a researcher's question apart, and learns of single sentences from a choice out of a list."""

from __future__ import annotations

from miniatures.agents.answers import Selection, Sighting
from miniatures.agents.researcher import ROLE
from miniatures.agents.sighting import sighting_variables
from miniatures.datamodel.example import Example


def is_sighting(example: Example) -> bool:
    """Whether it asks a researcher about one sentence."""
    return example.role == ROLE and "signals" not in example.variables


def is_choice(example: Example) -> bool:
    """Whether it asks a researcher which sentences of a list to choose."""
    return example.role == ROLE and "signals" in example.variables


def sightings_of(chosen: Example) -> list[Example]:
    """What a choice out of a list tells about single sentences: the kinds of those that were chosen.

    Of the others it tells nothing: they may be news of a kind that the brief does not look for. Nor does a signal of
    several kinds say which one it is.
    """
    signals, sentences = chosen.variables["signals"], chosen.variables["sentences"]
    kinds = {signal["name"]: signal["kinds"][0] for signal in signals if len(signal.get("kinds", ())) == 1}
    texts = {one["number"]: one["text"] for one in sentences}
    choices = Selection.model_validate(chosen.answer).choices
    return [_sighting(chosen, kinds[one.signal], texts[one.number]) for one in choices if one.signal in kinds]


def _sighting(chosen: Example, kind: str, text: str) -> Example:
    today = chosen.variables.get("today", "")
    variables = sighting_variables(chosen.variables["company"], today, text)
    answer = Sighting.model_validate({"kind": kind}).model_dump(mode="json")
    return chosen.model_copy(update={"variables": variables, "answer": answer, "rejected": None, "labels": {}})
