"""Says in one line why a run that wrote nothing could reach nothing: a table of counts does not tell what to mend."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from miniatures.datamodel.draft import DraftStatus
from miniatures.datamodel.standing import Standing, State
from miniatures.store.store import WRITTEN

_UNREACHED = (State.BLOCKED, State.FAILED)


def wrote_nothing(by_status: Mapping[DraftStatus, int]) -> bool:
    """Whether no prospect of a run has an email."""
    return not any(by_status.get(status, 0) for status in WRITTEN)


def why_unreached(by_status: Mapping[DraftStatus, int], standings: Iterable[Standing]) -> str:
    """The first problem's own words; empty where something was written, or nothing was in the way."""
    if not wrote_nothing(by_status) or not any(by_status.get(DraftStatus(state.value), 0) for state in _UNREACHED):
        return ""
    words = next((told for one in standings if one.state in _UNREACHED and (told := _first_problem(one))), "")
    ended = words.rstrip(".")
    offline = " No internet connection?" if "dns" in ended.casefold() else ""
    return f"Nothing was written: {ended}.{offline}" if words else ""


def _first_problem(standing: Standing) -> str:
    dossier = standing.result.dossier
    details = (problem.detail for problem in dossier.problems) if dossier else ()
    return next(filter(None, details), standing.reason)
