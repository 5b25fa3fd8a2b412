"""Builds the variables of the prompts, with page text made harmless: it can be read, and can forge nothing."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from miniatures.datamodel.brief import Brief
from miniatures.datamodel.evidence import Evidence
from miniatures.datamodel.prospect import Prospect, one_line

_ANGLES = str.maketrans({"<": "‹", ">": "\u203a", "`": "'"})  # noqa: RUF001


def as_data(text: str) -> str:
    """Foreign text for a prompt: on one line, so that it cannot begin a line of its own, and without angle brackets.

    Every line of our templates that holds foreign text begins with our own number or word; chat templates mark their
    turns with angle brackets. So the text can end neither the list it stands in nor the turn.
    """
    return one_line(text).translate(_ANGLES)


@lru_cache(maxsize=64)
def brief_variables(brief: Brief) -> dict[str, Any]:
    """The brief as JSON. Shared by every prompt of a campaign: not to be changed."""
    return brief.model_dump(mode="json")


def prospect_variables(prospect: Prospect) -> dict[str, str]:
    """Who is written to. The address is not needed for writing."""
    fields = ("first_name", "last_name", "title", "company")
    return {field: as_data(getattr(prospect, field)) for field in fields}


def quote_variables(evidence: Iterable[Evidence], brief: Brief, prospect: Prospect) -> list[dict[str, Any]]:
    """The quotes, numbered from 1, each with the brief's angle on such news; an empty one where it has none."""
    angles = {signal.name: as_data(signal.angle_for(prospect.key)) for signal in brief.signals}
    return [
        {"number": number, "signal": item.signal, "text": as_data(item.quote), "angle": angles.get(item.signal, "")}
        for number, item in enumerate(evidence, start=1)
    ]


def signal_variables(brief: Brief, names: Iterable[str] | None = None) -> list[dict[str, Any]]:
    """The brief's signals, or those that are named."""
    wanted = None if names is None else set(names)
    return [
        signal.model_dump(mode="json", include={"name", "describes", "kinds"})
        for signal in brief.signals
        if wanted is None or signal.name in wanted
    ]
