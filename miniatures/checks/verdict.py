"""What one check says: passed, failed or could not run, and why."""

from __future__ import annotations

from typing import NamedTuple

from miniatures.datamodel.check import Outcome


class Verdict(NamedTuple):
    """An outcome and its reason."""

    outcome: Outcome
    reason: str = ""


_PASSED = Verdict(Outcome.PASS)


def passed() -> Verdict:
    """Nothing to complain of."""
    return _PASSED


def failed(reason: str) -> Verdict:
    """The draft must not go out as it is."""
    return Verdict(Outcome.FAIL, reason)


def not_run(reason: str) -> Verdict:
    """The check had nothing to work on; this is not a pass."""
    return Verdict(Outcome.NOT_RUN, reason)


def listed(pieces: tuple[str, ...] | list[str], limit: int = 5) -> str:
    """Pieces for a sentence: a, b and c; the rest is counted."""
    shown = [piece if len(piece) <= 60 else piece[:59] + "…" for piece in pieces[:limit]]
    if len(pieces) > limit:
        shown.append(f"{len(pieces) - limit} more")
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
