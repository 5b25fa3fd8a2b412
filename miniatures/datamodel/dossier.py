"""What research knows about one prospect, and what it could not find out and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum
from itertools import groupby

from pydantic import Field

from miniatures.datamodel.backend import Bill
from miniatures.datamodel.evidence import Evidence, Quote
from miniatures.datamodel.frozen import Frozen

_WORDS = {
    "blocked": "blocked",
    "blocked_or_empty": "blocked or empty",
    "robots_disallowed": "closed to robots",
    "address_refused": "at an address that is refused",
    "needs_browser": "readable in a browser only",
    "unsupported_type": "of a kind that is not read",
    "timed_out": "timed out",
    "out_of_time": "left unread for lack of time",
}
_TELLING = frozenset({"blocked", "blocked_or_empty", "failed", "timed_out"})
"""Of these the first one's own word is added: it says what to mend."""
_LONGEST_DETAIL = 160
_OF_MODELS = frozenset({"malformed_answer", "dropped_choice", "no_reason"})


class DossierStatus(StrEnum):
    """Three different ways of having nothing, and one of having something."""

    FOUND = "found"
    NOTHING_FOUND = "nothing_found"
    BLOCKED = "blocked"
    FAILED = "failed"


class SetAsideReason(StrEnum):
    """Why a quote that was found is not used."""

    STALE = "stale"
    OTHER_COMPANY = "other_company"
    LANGUAGE = "language"
    NO_REASON = "no_reason"


class SetAside(Frozen):
    """Evidence that was found and is not used."""

    evidence: Evidence
    reason: SetAsideReason
    detail: str = ""


class Problem(Frozen):
    """A search or a page that gave nothing because something went wrong; never folded into 'nothing found'."""

    where: str = Field(description="The query or the URL.")
    kind: str = Field(description="Closed word from the search or fetch outcome, such as blocked or timed_out.")
    detail: str = ""


class Dossier(Frozen):
    """The facts about one prospect, each with its evidence."""

    status: DossierStatus
    facts: tuple[Evidence | Quote, ...] = ()
    set_aside: tuple[SetAside, ...] = ()
    problems: tuple[Problem, ...] = ()
    candidates: int = Field(default=0, description="Sentences that the researcher chose from.")
    bill: Bill = Field(default=Bill(), description="Of the planner and the researcher.")

    @property
    def why_nothing(self) -> str:
        """Why there is no fact, in one sentence that a person can read in a list; empty where there is one."""
        if self.facts:
            return ""
        reasons = [*_of_problems(self.problems), *_of_set_aside(self.set_aside)]
        beginning = _beginning(self.status, _counted(self.candidates, "sentence") if self.candidates else "")
        return f"{beginning}{': ' if reasons else ''}{', '.join(reasons)}."

    @property
    def kinds_of_nothing(self) -> tuple[str, ...]:
        """The same in words that many dossiers share: how research ended, then each thing that stood in its way."""
        if self.facts:
            return ()
        told = sorted({_sort(problem) for problem in self.problems if problem.kind not in _OF_MODELS})
        aside = {one.reason for one in self.set_aside}
        return (
            _beginning(self.status, "the sentences" if self.candidates else ""),
            *(f"{'page' if is_page else 'search'}: {_word(kind)}" for is_page, kind in told),
            *(f"sentence: {word}" for reason, word in _ASIDE_WORDS.items() if reason in aside),
        )


_ASIDE_WORDS = {
    SetAsideReason.STALE: "too old",
    SetAsideReason.OTHER_COMPANY: "about another company",
    SetAsideReason.LANGUAGE: "in a language that the writer does not know",
    SetAsideReason.NO_REASON: "no good reason to write, as the writer judged",
}


def _beginning(status: DossierStatus, sentences: str) -> str:
    """How research ended that chose from these sentences, if from any."""
    match status:
        case DossierStatus.BLOCKED:
            return "Research was blocked"
        case DossierStatus.FAILED:
            return "Research failed"
        case DossierStatus.FOUND | DossierStatus.NOTHING_FOUND:
            return f"None of {sentences} tells what the brief looks for" if sentences else "Nothing to quote was found"


def _of_problems(problems: Sequence[Problem]) -> Iterator[str]:
    told = [problem for problem in problems if problem.kind not in _OF_MODELS]
    for (is_page, kind), group in groupby(sorted(told, key=_sort), key=_sort):
        alike = list(group)
        detail = next((one.detail for one in alike if one.detail), "") if kind in _TELLING else ""
        because = f" ({detail[:_LONGEST_DETAIL]})" if detail else ""
        yield f"{_counted(len(alike), 'page' if is_page else 'search')} {_word(kind)}{because}"


def _word(kind: str) -> str:
    return _WORDS.get(kind, kind.replace("_", " "))


def _sort(problem: Problem) -> tuple[bool, str]:
    return problem.where.startswith(("http://", "https://")), problem.kind


def _of_set_aside(set_aside: Sequence[SetAside]) -> Iterator[str]:
    reasons = [one.reason for one in set_aside]
    for reason, word in _ASIDE_WORDS.items():
        if count := reasons.count(reason):
            yield f"{_counted(count, 'sentence')} {word}"


def _counted(count: int, noun: str) -> str:
    plural = "es" if noun.endswith("ch") else "s"
    return f"{count} {noun}{'' if count == 1 else plural}"
