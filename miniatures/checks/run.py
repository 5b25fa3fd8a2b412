"""Runs every check over one draft, in the order in which reports show them; and names their version."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path

from miniatures.checks.call_to_action import check_call_to_action
from miniatures.checks.case import CheckCase
from miniatures.checks.citation import check_citation
from miniatures.checks.draft_text import DraftText
from miniatures.checks.evidence import check_evidence
from miniatures.checks.greeting import check_greeting
from miniatures.checks.grounds import check_grounds
from miniatures.checks.language import check_language
from miniatures.checks.length import check_length
from miniatures.checks.links import check_links
from miniatures.checks.placeholders import check_placeholders
from miniatures.checks.repetition import check_repetition
from miniatures.checks.schema import check_schema, unreadable
from miniatures.checks.signature import check_signature
from miniatures.checks.spam import check_spam
from miniatures.checks.statements import statements_of
from miniatures.checks.sureness import check_sureness
from miniatures.checks.swap import check_swap
from miniatures.checks.unsupported import check_unsupported
from miniatures.checks.verdict import Verdict
from miniatures.checks.vetted import check_vetted
from miniatures.datamodel.check import CheckName, CheckResult, Outcome
from miniatures.datamodel.draft import EmailText, Statement
from miniatures.datamodel.hashing import content_hash, text_hash

_DATA = ("tld", "py3langid", "cleanco")
"""The packages that bring what the checks look things up in: public suffixes, languages, legal forms."""

Check = Callable[[DraftText, CheckCase], Verdict]

CHECKS: dict[CheckName, Check] = {
    CheckName.SCHEMA: check_schema,
    CheckName.LENGTH: check_length,
    CheckName.LANGUAGE: check_language,
    CheckName.GREETING: check_greeting,
    CheckName.CITATION: check_citation,
    CheckName.UNSUPPORTED: check_unsupported,
    CheckName.GROUNDS: check_grounds,
    CheckName.PLACEHOLDERS: check_placeholders,
    CheckName.CALL_TO_ACTION: check_call_to_action,
    CheckName.SIGNATURE: check_signature,
    CheckName.REPETITION: check_repetition,
    CheckName.SPAM: check_spam,
    CheckName.LINKS: check_links,
    CheckName.EVIDENCE: check_evidence,
    CheckName.SWAP: check_swap,
    CheckName.SURENESS: check_sureness,
    CheckName.VETTED: check_vetted,
}


@dataclass(frozen=True)
class CheckReport:
    """The outcome of every check of one draft, and its statements with their grounds."""

    results: tuple[CheckResult, ...]
    statements: tuple[Statement, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether every check ran and passed."""
        return all(result.passed for result in self.results)

    @property
    def failed(self) -> tuple[CheckResult, ...]:
        """What did not pass, checks that could not run included."""
        return tuple(result for result in self.results if not result.passed)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why it did not pass, one line a check."""
        return tuple(f"{result.name}: {result.reason}" for result in self.failed)


def run_checks(email: EmailText | None, case: CheckCase) -> CheckReport:
    """Every check of one email; `None` is an answer that was no email at all."""
    if email is None:
        return _only_schema("the answer is not an email with a subject and a body")
    trouble = unreadable(email.subject, email.body)
    if trouble:
        return _only_schema(trouble)
    draft = DraftText(email, case.brief.language)
    results = tuple(_result(name, check(draft, case)) for name, check in CHECKS.items())
    return CheckReport(results, statements_of(draft, case))


def _result(name: CheckName, verdict: Verdict) -> CheckResult:
    return CheckResult(name=name, outcome=verdict.outcome, reason=verdict.reason)


def _only_schema(reason: str) -> CheckReport:
    broken = CheckResult(name=CheckName.SCHEMA, outcome=Outcome.FAIL, reason=reason)
    rest = (name for name in CHECKS if name is not CheckName.SCHEMA)
    skipped = (CheckResult(name=name, outcome=Outcome.NOT_RUN, reason="there is no email to read") for name in rest)
    return CheckReport((broken, *skipped))


@lru_cache(maxsize=1)
def checks_version() -> str:
    """Hash of the checks' own code, word lists and data: a draft that was checked by others is checked anew."""
    folder = Path(__file__).parent
    files = sorted([*folder.glob("*.py"), *folder.glob("lists/*.txt")])
    data = [f"{package} {version(package)}" for package in _DATA]
    return content_hash([*data, *(text_hash(file.read_text(encoding="utf-8")) for file in files)])[:16]
