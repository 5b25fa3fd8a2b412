"""What holds one answer to its schema, in the form that an engine takes: our own grammar, or the schema as it is."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property

from miniatures.backends.json_grammar import Unsupported, json_grammar
from miniatures.backends.schema_bounds import SchemaBounds
from miniatures.datamodel.hashing import text_hash
from miniatures.datamodel.json_types import JsonSchema

_QUICK_CHARACTERS = 32 * 1024


@dataclass(frozen=True)
class Constraint:
    """A grammar in EBNF, or the text of a JSON schema that our grammar has no rules for."""

    text: str
    is_grammar: bool

    @cached_property
    def hash(self) -> str:
        return text_hash(f"{self.is_grammar} {self.text}")

    @property
    def is_quick(self) -> bool:
        """Whether it compiles for certain, and within a second: a grammar of ours that is not long."""
        return self.is_grammar and len(self.text) <= _QUICK_CHARACTERS


def constraint_of(schema: JsonSchema) -> Constraint:
    """What holds an answer to the schema.

    Raises:
        BadSchema: it is malformed, too large or too deep.
    """
    try:
        return Constraint(json_grammar(schema), is_grammar=True)
    except Unsupported:
        return Constraint(_plain(schema), is_grammar=False)


def _plain(schema: JsonSchema) -> str:
    bounds = SchemaBounds()
    try:
        text = json.dumps(schema, allow_nan=False)
        bounds.made(len(text))
        bounds.read_as_it_is(schema)
    except (ValueError, TypeError, RecursionError) as error:
        raise bounds.refusal("is no JSON") from error
    return text
