"""Turns Pydantic's errors about a file into sentences: where, what was expected, what stood there, how to mend it."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from miniatures.datamodel.errors import InputError
from miniatures.datamodel.json_types import JsonSchema
from miniatures.inputs.yaml_file import KeyPath, YamlDocument

T = TypeVar("T", bound=BaseModel)
_SHOWN = 60
_MOST_SENTENCES = 50


def validate(model: type[T], document: YamlDocument) -> T:
    """The document as an instance of `model`.

    Raises:
        InputError: its message has one line for each mistake in the file.
    """
    if not isinstance(document.data, dict):
        found = "nothing" if document.data is None else f"a {_kind(document.data)}"
        keys = ", ".join(name for name, info in model.model_fields.items() if info.is_required())
        raise InputError(f"{document.path}: expected keys and values, found {found}", hint=f"Start with: {keys}.")
    try:
        return model.model_validate(document.data)
    except ValidationError as error:
        raise _input_error(model, document, error.errors()) from error


def _input_error(model: type[BaseModel], document: YamlDocument, details: list[ErrorDetails]) -> InputError:
    schema = _Schema(model)
    sentences = {}
    for at, detail in _root_errors(schema, [(_key_path(detail), detail) for detail in details[:_MOST_SENTENCES]]):
        sentences[f"{_where(document, at)}{_problem(schema, at, detail)}"] = document.line(at)
    ordered = sorted(sentences, key=lambda sentence: sentences[sentence])
    more = len(details) - _MOST_SENTENCES
    hint = "Mend these places and run it again." if len(ordered) > 1 else ""
    return InputError("\n".join(ordered), hint=f"{hint[:-1]}: there are {more:,} more." if more > 0 else hint)


Located = tuple[KeyPath, ErrorDetails]


def _root_errors(schema: _Schema, errors: list[Located]) -> Iterator[Located]:
    """The errors without those that mending another mends: a list that is empty because each of its items is wrong, a
    key that is missing because it is misspelt."""
    meant = {(*at[:-1], _near_key(schema.at(at[:-1]), str(at[-1]))) for at, _ in _of_kind(errors, "extra_forbidden")}
    for at, detail in errors:
        emptied = detail["type"] == "too_short" and any(other[: len(at)] == at != other for other, _ in errors)
        misspelt = detail["type"] == "missing" and at in meant
        if not (emptied or misspelt):
            yield at, detail


def _of_kind(errors: list[Located], kind: str) -> Iterator[Located]:
    return ((at, detail) for at, detail in errors if detail["type"] == kind)


def _key_path(detail: ErrorDetails) -> KeyPath:
    """Pydantic's location, extended by the key that a validator names as `at`."""
    return (*detail["loc"], *detail.get("ctx", {}).get("at", ()))


def _where(document: YamlDocument, at: KeyPath) -> str:
    key = f", {dotted(at)}" if at else ""
    return f"{document.path}, line {document.line(at)}{key}: "


def dotted(at: KeyPath) -> str:
    """A key path as people write it: `signals[1].name`."""
    text = ""
    for part in at:
        text += f"[{part}]" if isinstance(part, int) else f".{part[:_SHOWN]}" if text else part[:_SHOWN]
    return text


def _problem(schema: _Schema, at: KeyPath, detail: ErrorDetails) -> str:
    match detail["type"]:
        case "missing":
            return f"this key is missing{_meaning(schema.at(at))}"
        case "extra_forbidden":
            return _unknown_key(schema.at(at[:-1]), str(at[-1]))
        case "value_error" | "unknown_backend":
            return _told_by_validator(detail)
        case "string_too_short" | "too_short":
            return f"must not be empty{_meaning(schema.at(at))}"
        case _:
            return f"expected {_expected(schema.at(at), detail)}, found {_shown(detail['input'])}"


def _expected(field_schema: Mapping[str, Any], detail: ErrorDetails) -> str:
    match detail["type"]:
        case "string_pattern_mismatch":
            pattern = detail.get("ctx", {}).get("pattern", "")
            return _lower(field_schema.get("description") or f"text that matches {pattern}").rstrip(".")
        case "dict_type" | "model_type" | "model_attributes_type":
            keys = ", ".join(field_schema.get("properties", {}))
            return f"keys and values ({keys})" if keys else "keys and values"
        case "tuple_type" | "list_type":
            return "a list (lines that start with `- `)"
        case "string_type":
            return "text (in quotes if it looks like a number)"
        case _:
            return _lower(detail["msg"].removeprefix("Input should be ").split(", unable")[0])


def _told_by_validator(detail: ErrorDetails) -> str:
    message = detail["msg"].removeprefix("Value error, ").rstrip(".")
    message = message.replace("value is not a valid email address: An email", "not an e-mail address: an email")
    scalar = not isinstance(detail["input"], (dict, list))
    return f"{message}, found {_shown(detail['input'])}" if scalar else message


def _unknown_key(section: Mapping[str, Any], key: str) -> str:
    near = _near_key(section, key)
    mend = f"did you mean {near!r}?" if near else f"known here: {', '.join(section.get('properties', {}))}"
    return f"there is no such key; {mend}"


def _near_key(section: Mapping[str, Any], key: str) -> str | None:
    near = difflib.get_close_matches(key.lower(), list(section.get("properties", {})), n=1, cutoff=0.6)
    return near[0] if near else None


def _meaning(field_schema: Mapping[str, Any]) -> str:
    description = field_schema.get("description", "")
    return f" ({_lower(description).rstrip('.')})" if description else ""


def _shown(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, (dict, list)):
        return f"a {_kind(value)}"
    text = str(value).lower() if isinstance(value, bool) else repr(value)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "..."


def _kind(value: Any) -> str:
    return "group of keys" if isinstance(value, dict) else "list" if isinstance(value, list) else "single value"


def _lower(sentence: str) -> str:
    return sentence if sentence[1:2].isupper() else sentence[:1].lower() + sentence[1:]


class _Schema:
    """The model's JSON schema, walked by key path to find what a place in the file means."""

    def __init__(self, model: type[BaseModel]) -> None:
        self._root = model.model_json_schema()

    def at(self, key_path: KeyPath) -> JsonSchema:
        """The schema at the place; empty where the model knows none."""
        current = self._root
        for part in key_path:
            current = self._step(self._resolved(current), part)
        return self._resolved(current)

    def _step(self, schema: JsonSchema, part: str | int) -> JsonSchema:
        below = schema.get("items") if isinstance(part, int) else schema.get("properties", {}).get(part)
        below = schema.get("additionalProperties") if below is None else below
        return below if isinstance(below, dict) else {}

    def _resolved(self, schema: JsonSchema) -> JsonSchema:
        for option in schema.get("anyOf", ()):
            if option.get("type") != "null":
                schema = {**schema, **option}
                break
        name = schema.get("$ref", "").rsplit("/", 1)[-1]
        target = self._root.get("$defs", {}).get(name, {})
        described = {key: value for key, value in schema.items() if key == "description"}
        return {**target, **described} if target else schema
