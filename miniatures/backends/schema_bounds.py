"""How far a JSON schema may be read and how much may be made of it: it comes from anybody."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from miniatures.backends.errors import BadSchema
from miniatures.datamodel.json_types import JsonSchema

MAX_GRAMMAR = 256 * 1024
"""Characters of the largest grammar, or of the largest schema that goes to an engine as it is."""
MOST_COUNTS = 1000
"""Sum of the counted lengths in one grammar: compiling takes a fraction of a millisecond for each."""
MOST_VALUES = 5000
"""Values that the enums of one schema may have in all; OpenAI takes a thousand."""
MOST_ITEMS = 10_000
"""Sum of the counted lengths of lists in one schema that goes to an engine as it is: llama.cpp writes each item out."""
_MOST_SCHEMAS = 10_000
_DEEPEST = 64


class SchemaBounds:
    """Follows a reader through a schema: where it is, what it has read, and what it has made of it."""

    def __init__(self) -> None:
        self._place: list[str] = []
        self._schemas = 0
        self._size = 0
        self._counts_left = MOST_COUNTS
        self._values_left = MOST_VALUES
        self._items = 0

    @contextmanager
    def at(self, *place: str) -> Iterator[None]:
        """While one schema is read, which `place` leads to from the schema around it.

        Raises:
            BadSchema: it is one too many, or too deep.
        """
        outer = len(self._place)
        self._place += place
        self._schemas += 1
        if self._schemas > _MOST_SCHEMAS:
            raise self.refusal(f"unfolds into more than {_MOST_SCHEMAS:,} schemas")
        if len(self._place) > _DEEPEST:
            raise self.refusal(f"is nested more than {_DEEPEST} deep")
        yield  # After an error nothing is read any more, and the place is what the error is about.
        del self._place[outer:]

    def made(self, characters: int) -> None:
        """Count what was made of it. Raises BadSchema if that is too much."""
        self._size += characters
        if self._size > MAX_GRAMMAR:
            raise self.refusal(f"makes a grammar of more than {MAX_GRAMMAR:,} characters")

    def counts(self, keywords: JsonSchema, least: str, most: str) -> tuple[int, int | None]:
        """A lower and an upper count, 0 and None where there is none. Raises BadSchema for what are no such counts."""
        low, high = keywords.get(least, 0), keywords.get(most)
        if not (_is_count(low) and (high is None or (_is_count(high) and low <= high))):
            raise self.refusal(f"has a {least} or {most} that is no count")
        return low, high

    def lists(self, values: int) -> None:
        """Count the values of an enum. Raises BadSchema if they are too many."""
        self._values_left -= values
        if self._values_left < 0:
            raise self.refusal(f"lists more than {MOST_VALUES:,} values")

    def affords(self, count: int) -> bool:
        """Whether so long a counted length may still be written out; if so, it is."""
        if count > self._counts_left:
            return False
        self._counts_left -= count
        return True

    def read_as_it_is(self, value: object, *place: str) -> None:
        """Go through a schema, or what is in one, that no rules are made of.

        Raises:
            BadSchema: it has too many parts, is too deep, or counts too many items.
        """
        if isinstance(value, dict):
            with self.at(*place):
                self._count_items(value.get("minItems"), value.get("maxItems"))
                for name, inside in value.items():
                    self.read_as_it_is(inside, str(name))
        elif isinstance(value, list):
            for number, inside in enumerate(value):
                self.read_as_it_is(inside, *place, str(number))

    def _count_items(self, *counts: object) -> None:
        self._items += max([0, *(round(count) for count in counts if isinstance(count, int | float))])
        if self._items > MOST_ITEMS:
            raise self.refusal(f"counts more than {MOST_ITEMS:,} items")

    def refusal(self, why: str) -> BadSchema:
        """The error for what is wrong at the place that is being read."""
        where = ".".join(self._place)[:200] or "its root"
        return BadSchema(f"the answer's JSON schema {why}, at {where}", hint="Mend or simplify the schema.")


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
