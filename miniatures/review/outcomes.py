"""What runs left for each prospect of a campaign, kept in memory as a few words each, and why some have no draft.

It is brought up to date by what was saved since, so that whoever watches a run reads no result twice.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from threading import Lock
from typing import Any

from pydantic import ValidationError
from pydantic_core import from_json

from miniatures.datamodel.dossier import Dossier
from miniatures.datamodel.draft import DraftStatus
from miniatures.store.store import WRITTEN, Store
from miniatures.store.tallies import SavedOutcome


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the last run that reached a prospect left: `why` names what stood in the way of a draft, the gist first."""

    row: str
    status: DraftStatus
    had_reason: bool
    why: tuple[str, ...] = ()

    @property
    def has_draft(self) -> bool:
        return self.status in WRITTEN


class Outcomes:
    """The outcomes of one campaign, by prospect's key. One thread at a time brings them up to date."""

    def __init__(self, store: Store, campaign: str) -> None:
        self._store = store
        self._campaign = campaign
        self.revision = 0
        """Grows with whatever is saved."""
        self._lock = Lock()
        self.by_prospect: dict[str, Outcome] = {}

    def refresh(self) -> bool:
        """Take in what was saved since; returns whether that was anything."""
        with self._lock:
            before = self.revision
            while page := self._store.outcomes_since(self._campaign, self.revision):
                for saved in page:
                    self.by_prospect[saved.prospect] = _outcome(saved)
                self.revision = page[-1].revision
            return self.revision > before


def _outcome(saved: SavedOutcome) -> Outcome:
    if saved.status in WRITTEN:
        return Outcome(saved.row, saved.status, had_reason=True)
    try:
        result = from_json(saved.document)
        dossier = Dossier.model_validate(result["dossier"]) if result.get("dossier") else None
        error = result.get("error")
    except (ValueError, ValidationError, TypeError, AttributeError):
        return Outcome(saved.row, saved.status, had_reason=False, why=("What was stored of it cannot be read",))
    found = dossier is not None and bool(dossier.facts)
    return Outcome(saved.row, saved.status, found, _why(saved.status, dossier, error))


def _why(status: DraftStatus, dossier: Dossier | None, error: Any) -> tuple[str, ...]:
    if error or dossier is None:
        word = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", str(error or "").partition(":")[0]).lower()
        return (f"{status.value.replace('_', ' ')}{': ' if word else ''}{word}".capitalize(),)
    return dossier.kinds_of_nothing or (status.value.replace("_", " ").capitalize(),)
