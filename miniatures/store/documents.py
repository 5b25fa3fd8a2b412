"""Makes JSON that both databases take: no NUL and no lone surrogate, both of which hostile or broken pages contain."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import date
from enum import Enum
from typing import Any

from pydantic import BaseModel
from pydantic_core import PydanticSerializationError, to_json

_ESCAPED_NUL = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")
_LONE_SURROGATES = re.compile("[\ud800-\udfff]")
_REPLACEMENT = "\ufffd"
_DEEPEST = 100


def model_json(model: BaseModel) -> str:
    """The model's JSON. A value that has none is written as its text: a trace is never lost for an odd attribute."""
    try:
        text = model.model_dump_json(fallback=str)
    except PydanticSerializationError:
        text = to_json(_cleaned(model, otherwise=str)).decode()
    return _without_nul(text)


def plain_json(content: Any) -> str:
    """The JSON of JSON values or Pydantic models; infinities and NaN become null.

    Raises:
        TypeError: part of the content has no JSON.
    """
    try:
        text = to_json(content, inf_nan_mode="null").decode()
    except PydanticSerializationError:
        text = to_json(_cleaned(content, otherwise=_refuse)).decode()
    return _without_nul(text)


def _without_nul(text: str) -> str:
    return _ESCAPED_NUL.sub(rf"\1{_REPLACEMENT}", text) if "\\u0000" in text else text


def _cleaned(value: Any, *, otherwise: Callable[[Any], Any], depth: int = 0) -> Any:
    """The value as clean JSON values; slow, so only used where the fast way failed."""

    def inner(item: Any) -> Any:
        return _cleaned(item, otherwise=otherwise, depth=depth + 1)

    match value:
        case _ if depth > _DEEPEST:
            clean = otherwise(f"{type(value).__name__} nested too deeply")
        case Enum():
            clean = inner(value.value)
        case str():
            clean = _LONE_SURROGATES.sub(_REPLACEMENT, value)
        case float():
            clean = value if math.isfinite(value) else None
        case None | bool() | int():
            clean = value
        case date():
            clean = value.isoformat()
        case BaseModel():
            clean = {name: inner(item) for name, item in value}
        case dict():
            clean = {inner(str(name)): inner(item) for name, item in value.items()}
        case list() | tuple():
            clean = [inner(item) for item in value]
        case _:
            clean = inner(str(otherwise(value)))
    return clean


def _refuse(value: Any) -> Any:
    raise TypeError(f"a stage's result must be JSON, and this is not: {value!r}")
