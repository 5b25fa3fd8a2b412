"""Every number, name and link of the email is carried by the brief, a quote or the prospect's own fields."""

from __future__ import annotations

from miniatures.checks.case import CheckCase
from miniatures.checks.draft_text import DraftText
from miniatures.checks.support import distinct, unsupported_pieces
from miniatures.checks.verdict import Verdict, failed, listed, passed


def check_unsupported(draft: DraftText, case: CheckCase) -> Verdict:
    """Nothing specific is said that no source says."""
    found: dict[str, list[str]] = {}
    for place, reading in draft.readings():
        for piece in unsupported_pieces(reading, case):
            found.setdefault(place, []).append(piece)
    if not found:
        return passed()
    said = "; ".join(f"the {place} names {listed(distinct(pieces))}" for place, pieces in found.items())
    return failed(f"{said}, which neither the brief nor a quote carries")
