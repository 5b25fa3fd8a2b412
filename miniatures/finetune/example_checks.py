"""Checks an answer against nothing but the variables of its prompt, so that an example can be checked wherever it is.

A dataset keeps neither pages nor addresses. What the checks need of them that the variables lack (a quote's date, the
prospect's own links) forbids nothing here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from miniatures.agents.answers import Selection, Sighting
from miniatures.checks import CheckCase, run_checks
from miniatures.datamodel.brief import Brief
from miniatures.datamodel.draft import EmailText
from miniatures.datamodel.evidence import Evidence
from miniatures.datamodel.hashing import text_hash
from miniatures.datamodel.prospect import Prospect
from miniatures.finetune.gold_day import WRITTEN_AT

WRITER, RESEARCHER = "writer", "researcher"
ADDRESS = "prospect@company.example"
URL = "https://company.example/news"


def case_of(variables: Mapping[str, Any]) -> CheckCase:
    """What an answer to a writer's prompt with these variables is checked against.

    Raises:
        pydantic.ValidationError, KeyError: these are not a writer's variables.
    """
    quotes = [(str(quote["text"]), str(quote["signal"])) for quote in variables["quotes"]]
    return CheckCase(
        prospect=Prospect(email=ADDRESS, **variables["prospect"]),
        brief=Brief.model_validate(variables["brief"]),
        evidence=tuple(
            Evidence(quote=text, url=URL, text_hash=text_hash(text), fetched_at=WRITTEN_AT, signal=signal)
            for text, signal in quotes
        ),
        now=WRITTEN_AT,
    )


def faults(role: str, variables: Mapping[str, Any], answer: dict[str, Any]) -> tuple[str, ...]:
    """Why the answer is not one to learn from; empty if nothing speaks against it. Roles without checks have no faults.

    A writer's email is held to every check; a researcher's choice may name only sentences and signals that exist.
    """
    try:
        match role:
            case "writer":
                return run_checks(EmailText.model_validate(answer), case_of(variables)).reasons
            case "researcher" if "signals" in variables:
                return _choice_faults(variables, Selection.model_validate(answer))
            case "researcher":
                Sighting.model_validate(answer)
                return ()
            case _:
                return ()
    except (ValidationError, KeyError, TypeError) as error:
        return (f"it cannot be read: {str(error).splitlines()[0]}",)


def _choice_faults(variables: Mapping[str, Any], selection: Selection) -> tuple[str, ...]:
    known = {sentence["number"] for sentence in variables["sentences"]}
    signals = {signal["name"] for signal in variables["signals"]}
    numbers = [choice.number for choice in selection.choices]
    found = []
    if len(numbers) > variables["facts"]:
        found.append(f"{len(numbers)} sentences are chosen; {variables['facts']} are allowed")
    if len(set(numbers)) < len(numbers):
        found.append("a sentence is chosen twice")
    found += [f"there is no sentence {number}" for number in numbers if number not in known]
    found += [f"there is no signal {one.signal}" for one in selection.choices if one.signal not in signals]
    return tuple(found)
