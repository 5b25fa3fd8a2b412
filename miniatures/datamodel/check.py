"""The vocabulary of the email checks: one for graph, evaluation and report."""

from __future__ import annotations

from enum import StrEnum

from miniatures.datamodel.frozen import Frozen


class CheckName(StrEnum):
    """Every check there is, in the order in which reports show them."""

    SCHEMA = "schema"
    LENGTH = "length"
    LANGUAGE = "language"
    GREETING = "greeting"
    CITATION = "citation"
    UNSUPPORTED = "unsupported"
    GROUNDS = "grounds"
    PLACEHOLDERS = "placeholders"
    CALL_TO_ACTION = "call_to_action"
    SIGNATURE = "signature"
    REPETITION = "repetition"
    SPAM = "spam"
    LINKS = "links"
    EVIDENCE = "evidence"
    SWAP = "swap"
    SURENESS = "sureness"
    VETTED = "vetted"


class Outcome(StrEnum):
    """A check that could not run is not a pass."""

    PASS = "pass"
    FAIL = "fail"
    NOT_RUN = "not_run"


class CheckResult(Frozen):
    """What one check said of one draft, with a reason that a person can act on."""

    name: CheckName
    outcome: Outcome
    reason: str = ""

    @property
    def passed(self) -> bool:
        return self.outcome is Outcome.PASS
