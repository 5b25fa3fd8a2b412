"""Turns a JSON schema into a grammar (EBNF) without the white space that small models drown in.

Engines that take a schema allow any white space between tokens; a small model then emits line breaks for ever. This
grammar allows one space after a colon and after a comma, and nothing else. A schema that uses a keyword which the
grammar cannot hold raises `Unsupported`: the caller gives it to the engine as it is. A schema comes from anybody, so
what is made of it has bounds.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from miniatures.backends.grammar_terminal import terminal
from miniatures.backends.grounded_text import KEYWORD, GroundedText, grounded_rules, grounded_text
from miniatures.backends.schema_bounds import SchemaBounds
from miniatures.datamodel.json_types import JsonSchema

_TEXT = {"title", "description", "default", "examples", "$defs", "definitions", "$schema", "strict"}
_NAMED_ALTERNATIVES = 1000
_COUNTED_CHARACTERS = 64
"""A counted repetition takes the engine's grammar compiler seconds when long: longer limits are left to validation, and
so are those of lists and texts that come after too many others."""
# Written as the engine's grammar compiler likes it best: one right-recursive rule for the inside of a string, with a
# lookahead (= ...) that says what follows. A repetition of a character rule decodes five times slower.
_BASE = r"""
colon ::= ":" " "?
comma ::= "," " "?
hex ::= [0-9a-fA-F]
escape ::= ["\\/bfnrt] | "u" ([0-9a-cA-CefEF] hex hex hex | [dD] [0-7] hex hex)
inside ::= ("\"" | [^\0-\x1f\"\\\r\n] inside | "\\" escape inside) (= [,}\]:])
nonempty ::= ([^\0-\x1f\"\\\r\n] inside | "\\" escape inside) (= [,}\]:])
string ::= "\"" inside
character ::= [^\0-\x1f\"\\\r\n] | "\\" escape
integer ::= "-"? ("0" | [1-9] [0-9]{0,17})
number ::= integer ("." [0-9]{1,17})? ([eE] [+-]? [0-9]{1,3})?
boolean ::= "true" | "false"
null ::= "null"
value ::= object | array | string | number | boolean | null
object ::= "{" (string colon value (comma string colon value)*)? "}"
array ::= "[" (value (comma value)*)? "]"
"""
_TYPES = ("string", "integer", "number", "boolean", "null", "object", "array")


class Unsupported(Exception):
    """The schema holds a keyword that this grammar has no rule for."""


def json_grammar(schema: JsonSchema) -> str:
    """The grammar whose sentences are the compact JSON texts that satisfy `schema`.

    Raises:
        Unsupported: names the keyword.
        BadSchema: it is malformed, too large or too deep, or refers to itself; names the place.
    """
    if "object" not in (schema.get("type"), "object" if "$ref" in schema else None):
        raise Unsupported("a root that is no object")
    builder = _Builder(schema)
    try:
        root = builder.expression(schema)
    except (TypeError, ValueError, AttributeError) as error:  # a keyword's value is of the wrong type
        raise builder.bounds.refusal("is malformed") from error
    except RecursionError:
        raise builder.bounds.refusal("is nested too deep") from None
    return "\n".join([f"root ::= {root}", *builder.rules, _BASE.strip(), ""])


class _Builder:
    """Collects one rule for each nested schema."""

    def __init__(self, root: JsonSchema) -> None:
        self._root = root
        self._references: dict[str, str] = {}
        self._unfolding: set[str] = set()
        self._shared: dict[str, str] = {}
        self.bounds = SchemaBounds()
        self.rules: list[str] = []

    def expression(self, schema: Any, *place: str) -> str:
        """What a value of this schema looks like. `place` leads to it from the schema around it."""
        with self.bounds.at(*place):
            return self._expression(schema)

    def _expression(self, schema: Any) -> str:
        if schema is True or schema == {}:
            return "value"
        if not isinstance(schema, dict):
            raise Unsupported(repr(schema))
        stated = {key: value for key, value in schema.items() if key not in _TEXT}
        match stated:
            case {"$ref": str(pointer), **others}:
                return self._only(others) or self._reference(pointer)
            case {"const": constant, **others}:
                return self._only(others, "type") or _literal(constant)
            case {"enum": list(values), **others}:
                self.bounds.lists(len(values))
                return self._only(others, "type") or _either(_literal(value) for value in values)
            case {"anyOf": list(choices), **others} | {"oneOf": list(choices), **others}:
                return self._only(others) or _either(
                    self.expression(choice, str(number)) for number, choice in enumerate(choices)
                )
            case {"allOf": [single], **others}:
                return self._only(others) or self.expression(single)
            case {"type": list(kinds), **others}:
                return _either(self.expression({"type": kind, **others}) for kind in dict.fromkeys(kinds))
            case {"type": str(kind), **others} if kind in _TYPES:
                return self._typed(kind, others)
        raise Unsupported(", ".join(stated) or "no type")

    def _typed(self, kind: str, keywords: JsonSchema) -> str:
        match kind:
            case "object" | "array":
                outer, self._unfolding = self._unfolding, set()  # a reference within is no endless one
                inside = self._object(keywords) if kind == "object" else self._array(keywords)
                self._unfolding = outer
                return inside
            case "string":
                return self._string(keywords)
            case "integer":
                return self._integer(keywords)
        return self._only(keywords) or kind

    def _string(self, keywords: JsonSchema) -> str:
        if KEYWORD in keywords:
            return self._grounded(grounded_text(keywords[KEYWORD]))
        self._only(keywords, "minLength", "maxLength")
        least, most = self.bounds.counts(keywords, "minLength", "maxLength")
        if most is not None and most <= _COUNTED_CHARACTERS and self.bounds.affords(most):
            return rf'"\"" character{_times(least, most)} "\""'
        return r'"\"" nonempty' if least else "string"

    def _grounded(self, text: GroundedText) -> str:
        expression, rules = grounded_rules(text, f"grounded{len(self.rules)}", self._alternatives)
        self._add(*rules)
        return expression

    def _alternatives(self, expression: str) -> str:
        if expression not in self._shared:
            self._shared[expression] = self._rule(expression)
        return self._shared[expression]

    def _integer(self, keywords: JsonSchema) -> str:
        self._only(keywords, "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
        if not keywords:
            return "integer"
        low = keywords.get("minimum", keywords.get("exclusiveMinimum", float("nan")) + 1)
        high = keywords.get("maximum", keywords.get("exclusiveMaximum", float("nan")) - 1)
        if keywords == {"minimum": 0}:
            return '("0" | [1-9] [0-9]{0,17})'
        if keywords in ({"minimum": 1}, {"exclusiveMinimum": 0}):
            return "([1-9] [0-9]{0,17})"
        if not high - low < _NAMED_ALTERNATIVES:  # Also when a bound is missing: a comparison with NaN is false.
            raise Unsupported("minimum or maximum of a wide range")
        return _either(_literal(number) for number in range(int(low), int(high) + 1))

    def _array(self, keywords: JsonSchema) -> str:
        self._only(keywords, "items", "minItems", "maxItems")
        item = self._rule(self.expression(keywords.get("items", True), "items"))
        least, most = self.bounds.counts(keywords, "minItems", "maxItems")
        if most is not None and not self.bounds.affords(most):
            most = None
        if most is None and least > 1 and not self.bounds.affords(least):
            raise Unsupported("minItems of a long list")
        if most == 0:
            return '"[" "]"'
        full = f"{item} (comma {item}){_times(max(least - 1, 0), None if most is None else most - 1)}"
        return f'"[" {full} "]"' if least else f'"[" ({full})? "]"'

    def _object(self, keywords: JsonSchema) -> str:
        self._only(keywords, "properties", "required", "additionalProperties")
        properties = keywords.get("properties", {})
        required = keywords.get("required", [])
        if not properties:
            return self._map(keywords.get("additionalProperties", True))
        if not set(required) <= set(properties):
            raise Unsupported("required without properties")
        return f'"{{" {self._members(properties, set(required))} "}}"'

    def _map(self, values: Any) -> str:
        if values is False:
            return '"{" "}"'
        member = f"string colon {self._rule(self.expression(values, 'additionalProperties'))}"
        return f'"{{" ({member} (comma {member})*)? "}}"'

    def _members(self, properties: JsonSchema, required: set[str]) -> str:
        """Members in the order of the schema; an optional one may be left out."""
        first = after = '""'
        for name, schema in reversed(properties.items()):
            member = f"{_literal(name)} colon {self._rule(self.expression(schema, name))}"
            rest = after
            after = self._rule(f"comma {member} {rest}" + ("" if name in required else f" | {rest}"))
            first = self._rule(f"{member} {rest}" + ("" if name in required else f" | {first}"))
        return first

    def _reference(self, pointer: str) -> str:
        if pointer in self._unfolding:
            raise self.bounds.refusal("refers to itself and nothing else")
        if pointer not in self._references:
            name = self._references[pointer] = f"ref{len(self._references)}"
            self._unfolding.add(pointer)
            self._add(f"{name} ::= {self.expression(self._resolve(pointer), '$ref')}")
            self._unfolding.discard(pointer)
        return self._references[pointer]

    def _resolve(self, pointer: str) -> Any:
        if not pointer.startswith("#/"):
            raise Unsupported(f"$ref {pointer}")
        target: Any = self._root
        for part in pointer[2:].split("/"):
            target = target.get(part.replace("~1", "/").replace("~0", "~")) if isinstance(target, dict) else None
        if target is None:
            raise Unsupported(f"$ref {pointer}")
        return target

    def _rule(self, expression: str) -> str:
        name = f"rule{len(self.rules)}"
        self._add(f"{name} ::= {expression}")
        return name

    def _add(self, *rules: str) -> None:
        self.rules += rules
        self.bounds.made(sum(map(len, rules)))

    def _only(self, keywords: JsonSchema, *known: str) -> str:
        """Nothing, or `Unsupported` if there are keywords besides the known ones."""
        unknown = sorted(set(keywords) - set(known))
        if unknown:
            raise Unsupported(", ".join(unknown))
        return ""


def _literal(value: Any) -> str:
    """The value's compact JSON as terminals. Raises ValueError for what JSON cannot say: NaN, a lone surrogate."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    text.encode()
    return terminal(text)


def _either(choices: Iterable[str]) -> str:
    """One of the choices. Raises ValueError if there is none."""
    if alternatives := " | ".join(choices):
        return f"({alternatives})"
    raise ValueError("nothing to choose from")


def _times(least: int, most: int | None) -> str:
    return f"{{{least},{'' if most is None else most}}}"
