"""Why a prospect stands where a run left it, in one line that a person can act on."""

from __future__ import annotations

from collections import Counter

from miniatures.datamodel.dossier import Dossier, Problem
from miniatures.datamodel.draft import DraftStatus
from miniatures.datamodel.result import ProspectResult

_PROBLEMS_TOLD = 3


def reason_of(result: ProspectResult) -> str:
    """The error, the checks that did not pass, or why nothing was found; empty for a draft that is ready."""
    if result.error:
        return result.error
    if result.draft:
        return "; ".join(f"{check.name.value}: {check.reason}" for check in result.draft.failed_checks)
    if result.dossier:
        return _without_draft(result.dossier)
    return "research found nothing to quote" if result.status is DraftStatus.NOTHING_FOUND else ""


def _without_draft(dossier: Dossier) -> str:
    """What was read and not used, then what could not be read, in the network's own words."""
    told = list(map(_problem, dossier.problems[:_PROBLEMS_TOLD]))
    more = len(dossier.problems) - len(told)
    read = _read(dossier) or ("" if told else "research found nothing to quote")
    return "; ".join(filter(None, [read, *told, f"and {more} more problems" if more else ""]))


def _read(dossier: Dossier) -> str:
    if dossier.set_aside:
        reasons = Counter(item.reason.value.replace("_", " ") for item in dossier.set_aside)
        kinds = ", ".join(f"{number} {reason}" for reason, number in reasons.most_common())
        return f"what was found was set aside ({kinds})"
    if dossier.candidates:
        return f"none of the {dossier.candidates} sentences read is news of a kind that the brief names"
    return ""


def _problem(problem: Problem) -> str:
    detail = f" ({problem.detail})" if problem.detail else ""
    return f"{problem.kind.replace('_', ' ')}: {problem.where}{detail}"
