"""Traces of one writer's question and one researcher's, with answers that pass the checks or do not."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from miniatures.agents.prompting import brief_variables, prospect_variables, quote_variables
from miniatures.agents.researcher import sighting_variables
from miniatures.datamodel.backend import BackendIdentity
from miniatures.datamodel.evidence import Evidence
from miniatures.datamodel.prospect import Prospect
from miniatures.datamodel.trace import Trace
from tests.checks.cases import BODY, BRIEF, NOW, PROSPECT, QUOTE, SUBJECT

CAMPAIGN = "autumn"
GOOD = {"subject": SUBJECT, "body": BODY}
BETTER = {"subject": SUBJECT, "body": BODY.replace("I saw that", "I read that")}
BAD = {"subject": SUBJECT, "body": BODY.replace("60 seconds", "5 seconds")}
OTHERS = [{"number": 2, "text": "We value our people."}]


def writer_trace(answer: dict[str, Any] | None, prospect: Prospect = PROSPECT, **fields: Any) -> Trace:
    evidence = Evidence(quote=QUOTE, url="", text_hash="", fetched_at=NOW, signal="expansion")
    variables = {
        "brief": brief_variables(BRIEF),
        "prospect": prospect_variables(prospect),
        "quotes": quote_variables([evidence], BRIEF, prospect),
        "reasons": fields.pop("reasons", []),
        "previous": fields.pop("previous", None),
    }
    return _trace("writer", variables, answer, prospect, **fields)


def researcher_trace(numbers: list[int], prospect: Prospect = PROSPECT, **fields: Any) -> Trace:
    variables = {
        "company": prospect.company,
        "today": "2026-06-01",
        "facts": fields.pop("facts", 4),
        "signals": [{"name": "expansion", "describes": "opened a new store", "kinds": ["expansion"]}],
        "sentences": [{"number": 1, "text": QUOTE}, *OTHERS],
        "reasons": [],
    }
    answer = {"choices": [{"number": number, "signal": "expansion"} for number in numbers]}
    return _trace("researcher", variables, answer, prospect, **fields)


def sighting_trace(kind: str, text: str = QUOTE, prospect: Prospect = PROSPECT, **fields: Any) -> Trace:
    variables = sighting_variables(prospect.company, "2026-06-01", text)
    return _trace("researcher", variables, {"kind": kind}, prospect, **fields)


def _trace(name: str, variables: dict[str, Any], answer: Any, prospect: Prospect, **fields: Any) -> Trace:
    return Trace(
        **{
            "run_id": "run",
            "campaign": CAMPAIGN,
            "prospect": prospect.key,
            "role": name,
            "node": "write",
            "prompt_name": name,
            "variables": variables,
            "backend": BackendIdentity(provider="test", model="test"),
            "messages": (),
            "structured": answer,
            "started_at": datetime(2026, 6, 1, tzinfo=UTC),
            **fields,
        }
    )
