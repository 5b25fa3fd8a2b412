"""What one check found, in words that say what to do."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from miniatures.datamodel.errors import MiniaturesError
from miniatures.datamodel.frozen import Frozen


class Outcome(StrEnum):
    """How a check ended. What is not known from here although the check ran, is a warning that says so."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"
    UNCHECKED = "could not be checked"
    """The check did not run; that is no pass."""


class Finding(Frozen):
    """One line."""

    about: str = Field(description="What was looked at, such as `SPF of tarnwick.example`.")
    outcome: Outcome
    told: str = Field(description="What was found, as a sentence without its full stop.")
    advice: str = Field(default="", description="What to do; empty if there is nothing.")


class CouldNotLook(MiniaturesError):
    """Something that a check asks did not answer; what it would have said is not known."""


def ok(about: str, told: str) -> Finding:
    """All is well."""
    return Finding(about=about, outcome=Outcome.OK, told=told)


def warning(about: str, told: str, advice: str) -> Finding:
    """It may do harm, or it cannot be known from here."""
    return Finding(about=about, outcome=Outcome.WARNING, told=told, advice=advice)


def problem(about: str, told: str, advice: str) -> Finding:
    """Nothing should be sent before this is mended."""
    return Finding(about=about, outcome=Outcome.PROBLEM, told=told, advice=advice)


def unchecked(about: str, told: str, advice: str = "") -> Finding:
    """The check did not run."""
    return Finding(about=about, outcome=Outcome.UNCHECKED, told=told, advice=advice or "Run it again.")
