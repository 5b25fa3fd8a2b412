"""Tells first emails from follow-ups in a query: what a follow-up is kept under ends in its step."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, ColumnElement, case, func

_FOLLOW_UP = "%+_"
_ENDING = 2
"""Characters of the mark and the one digit behind it, as a campaign has nine follow-ups at most."""


def is_first(policy: Column[Any]) -> ColumnElement[bool]:
    """Whether what is kept under this policy is about a first email."""
    return policy.not_like(_FOLLOW_UP)


def is_follow_up(policy: Column[Any]) -> ColumnElement[bool]:
    """Whether it is about a follow-up."""
    return policy.like(_FOLLOW_UP)


def step_text(policy: Column[Any]) -> ColumnElement[str]:
    """What tells the steps apart: empty for first emails."""
    return case((is_follow_up(policy), func.substr(policy, func.length(policy) - _ENDING + 1)), else_="")
