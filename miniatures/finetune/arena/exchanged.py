"""Variants of a telling with another company and other figures: a model learns to copy what it cannot know."""

from __future__ import annotations

import calendar
import random
import re
from collections.abc import Sequence

from miniatures.agents.roles.telling import Telling
from miniatures.agents.roles.writer import WriterVariables

_FIGURE = re.compile(r"(?<![\d.,:/-])\d{1,3}(?:,\d{3})+(?![\d.,:/-])|(?<![\d.,:/-])\d{2,3}(?![\d.,:/-])")
_MONTHS = tuple(calendar.month_name)[1:]
_DAY = re.compile(
    rf"\d+(?=(?:st|nd|rd|th)?\.?\s+(?:{'|'.join(_MONTHS)}))"
    rf"|(?:{'|'.join(rf'(?<={month} )' for month in _MONTHS)})\d+"
)
"""A day of a month, before or behind its name."""


def exchanged(
    variables: WriterVariables, telling: Telling, companies: Sequence[str], chance: random.Random
) -> tuple[WriterVariables, Telling]:
    """The same news of another company, with other figures of as many digits in question and answer."""
    line = variables.quotes[0]
    swaps = _figures(" ".join((line.text, telling.opening, telling.subject)), chance)
    own, other = variables.prospect.company, chance.choice(companies)

    def swap(text: str) -> str:
        return _FIGURE.sub(lambda found: swaps.get(found[0], found[0]), text.replace(own, other))

    changed = {part: swap(getattr(line, part)) for part in ("page", "before", "text", "after")}
    prospect = variables.prospect.model_copy(update={"company": other})
    quotes = (line.model_copy(update=changed), *variables.quotes[1:])
    told = Telling(opening=swap(telling.opening), subject=swap(telling.subject))
    return variables.model_copy(update={"prospect": prospect, "quotes": quotes}), told


def _figures(text: str, chance: random.Random) -> dict[str, str]:
    """Another figure for each that is no part of a date; days of a month stay days."""
    dated = {found[0] for found in _DAY.finditer(text)}
    found = [figure for figure in dict.fromkeys(_FIGURE.findall(text)) if figure not in dated]
    return {figure: _other(figure, chance) for figure in found}


def _other(figure: str, chance: random.Random) -> str:
    digits = figure.replace(",", "")
    low = 10 ** (len(digits) - 1)
    drawn = chance.randint(low, 10 * low - 1)
    if figure.endswith("00"):
        drawn = max(low, drawn // 100 * 100)
    elif figure.endswith("0"):
        drawn = max(low, drawn // 10 * 10)
    return f"{drawn:,}" if "," in figure else str(drawn)
