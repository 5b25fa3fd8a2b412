"""Units and scale words, each spelling mapped to one name, so that 7,200 m² and 7,200 square metres agree.

In the table of units a spelling of two words is joined by an underscore.
"""

from __future__ import annotations

from miniatures.checks.word_list import listed_table
from miniatures.checks.words import fold

UNITS: dict[str, str] = {
    fold(spelling.replace("_", " ")): name
    for name, spellings in listed_table("units").items()
    for spelling in spellings.split()
}
"""Folded spelling -> unit name."""

SCALES: dict[str, float] = {
    word: float(scale) for scale, words in listed_table("scales").items() for word in words.split()
}
"""Folded word or suffix after a number -> what it multiplies by."""
