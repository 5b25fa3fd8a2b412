"""Traces of one writer's question and one researcher's, with answers that pass the checks or do not."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from miniatures.agents.roles.researcher import ListVariables, SentenceVariables
from miniatures.agents.roles.role import Variables
from miniatures.agents.roles.writer import WriterVariables
from miniatures.datamodel.backend import BackendIdentity
from miniatures.datamodel.prospect import Prospect
from miniatures.datamodel.trace import Trace
from tests.checks.cases import BODY, BRIEF, PROSPECT, QUOTE, SUBJECT, evidence

CAMPAIGN = "autumn"
GOOD = {"subject": SUBJECT, "body": BODY}
BETTER = {"subject": SUBJECT, "body": BODY.replace("I saw that", "I read that")}
BAD = {"subject": SUBJECT, "body": BODY.replace("60 seconds", "5 seconds")}
TODAY = "2026-06-01"


def writer_trace(answer: dict[str, Any] | None, prospect: Prospect = PROSPECT, **fields: Any) -> Trace:
    """`reasons` and `previous` make it a rewrite; `sources` name the calls that chose its facts."""
    told = {name: fields.pop(name) for name in ("reasons", "previous") if name in fields}
    variables = WriterVariables.of(BRIEF, prospect, [evidence()], **told)
    return _trace("writer", variables, answer, prospect, **fields)


def researcher_trace(numbers: list[int], prospect: Prospect = PROSPECT, **fields: Any) -> Trace:
    sentences, facts = [QUOTE, "We value our people."], fields.pop("facts", 4)
    variables = ListVariables.of(BRIEF, prospect.company, fields.pop("today", TODAY), sentences, facts=facts)
    answer = {"choices": [{"number": number, "signal": "expansion"} for number in numbers]}
    return _trace("researcher", variables, answer, prospect, **fields)


def sighting_trace(kind: str, text: str = QUOTE, prospect: Prospect = PROSPECT, **fields: Any) -> Trace:
    variables = SentenceVariables.of(prospect.company, TODAY, text)
    return _trace("researcher", variables, {"kind": kind}, prospect, **fields)


def _trace(name: str, variables: Variables, answer: Any, prospect: Prospect, **fields: Any) -> Trace:
    return Trace(
        **{
            "run_id": "run",
            "campaign": CAMPAIGN,
            "prospect": prospect.key,
            "role": name,
            "node": "write",
            "prompt_name": name,
            "variables": variables.model_dump(mode="json"),
            "backend": BackendIdentity(provider="test", model="test"),
            "messages": (),
            "structured": answer,
            "started_at": datetime(2026, 6, 1, tzinfo=UTC),
            **fields,
        }
    )
