"""Says Pydantic's errors in our words: where, and what was expected there, on one line and without its addresses."""

from __future__ import annotations

import re

from pydantic import ValidationError

_MOST = 3
_MEMBER = re.compile(r"<\w+\.\w+: ('[^']*')>")  # of an enum, as Python shows it
_LONGEST = 200  # characters of each


def mistakes(error: ValidationError, most: int = _MOST) -> str:
    """The first mistakes, such as `reviewer: Field required; action: Input should be 'accept', 'edit' or 'reject'`."""
    details = error.errors(include_url=False, include_input=False)[:most]
    return "; ".join(_mistake(detail["loc"], detail["msg"]) for detail in details)


def _mistake(location: tuple[int | str, ...], message: str) -> str:
    where = ".".join(map(str, location))
    said = _MEMBER.sub(r"\1", message.removeprefix("Value error, "))
    return " ".join(f"{where}: {said}".removeprefix(": ").split())[:_LONGEST]
