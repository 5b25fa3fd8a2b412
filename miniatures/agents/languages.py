"""Refuses a brief in a language that its writer was not taught, before anything is asked: half of it would be wrong."""

from __future__ import annotations

from miniatures.checks.language import NAMES, languages_of, primary
from miniatures.datamodel.brief import Brief
from miniatures.datamodel.capabilities import Capabilities
from miniatures.datamodel.errors import InputError


def require_languages(capabilities: Capabilities, brief: Brief) -> None:
    """Look at the language that the brief asks for and at the one that it is written in.

    Raises:
        InputError: the writer names its languages, and one of these is not among them.
    """
    taught = {primary(language) for language in capabilities.languages}
    unknown = next((language for language in languages_of(brief) if language not in taught), None)
    if taught and unknown is not None:
        raise InputError(
            f"the brief is in {_name(unknown)}, and its writer knows only {', '.join(map(_name, sorted(taught)))}",
            hint="Let a large model write, or a miniature that was trained on emails in that language.",
        )


def _name(language: str) -> str:
    return NAMES.get(language, repr(language))
