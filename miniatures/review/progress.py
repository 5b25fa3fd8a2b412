"""How far runs have come with the list as it is today."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from threading import Thread

from miniatures.datamodel.errors import MiniaturesError
from miniatures.datamodel.prospect import Prospect
from miniatures.inputs.campaign import LoadedCampaign
from miniatures.review.outcomes import Outcome
from miniatures.store.results import rows_of

PATIENCE_S = 1.0
"""How long who looks first waits for the list; a hundred thousand prospects take ten times that to be read."""


@dataclass(frozen=True)
class Progress:
    """How far runs have come. `changed` are those whose row was changed since, `removed` those off the list.

    `left_out` are rows that no run takes, as they are broken or opted out. Until the list is read (`is_reading`), or if
    it cannot be (`trouble` says why), everybody who was reached counts as listed.
    """

    listed: int = 0
    reached: int = 0
    changed: int = 0
    removed: int = 0
    left_out: int = 0
    is_reading: bool = False
    trouble: str = ""

    @property
    def left(self) -> int:
        return self.listed - self.reached


@dataclass(frozen=True, eq=False)
class ListedRows:
    """Who is on the list: of each row its key and the short hashes by which results know it."""

    rows: Mapping[str, tuple[str, ...]]
    left_out: int = 0
    trouble: str = ""


class ListReader:
    """The list of a campaign, read in a thread of its own whenever its files have changed."""

    def __init__(self) -> None:
        self._loaded: LoadedCampaign | None = None
        self._coming: Future[ListedRows] = Future()
        self._last: ListedRows | None = None

    def rows(self, loaded: LoadedCampaign) -> tuple[ListedRows | None, bool]:
        """The list, and whether it is the one of today; else it is the one from before, if any was read."""
        is_first = loaded is not self._loaded
        if is_first:
            self._loaded, self._coming = loaded, Future()
            Thread(target=_read, args=(loaded, self._coming), name="list", daemon=True).start()
        try:
            self._last = self._coming.result(PATIENCE_S if is_first else 0)
        except TimeoutError:
            return self._last, False
        return self._last, True


def joined(
    listed: ListedRows | None, outcomes: Mapping[str, Outcome], *, is_reading: bool = False
) -> tuple[Progress, Mapping[str, Outcome]]:
    """How far the list is done, and the outcomes of those whose row is still what was worked on."""
    if listed is None or listed.trouble:
        trouble = listed.trouble if listed else ""
        return Progress(len(outcomes), len(outcomes), is_reading=is_reading, trouble=trouble), outcomes
    known = {key: outcome for key, outcome in outcomes.items() if key in listed.rows}
    current = {key: outcome for key, outcome in known.items() if outcome.row in listed.rows[key]}
    progress = Progress(
        listed=len(listed.rows),
        reached=len(current),
        changed=len(known) - len(current),
        removed=len(outcomes) - len(known),
        left_out=listed.left_out,
        is_reading=is_reading,
    )
    return progress, current


def _read(loaded: LoadedCampaign, found: Future[ListedRows]) -> None:
    rows: dict[str, tuple[str, ...]] = {}
    left_out = 0
    try:
        for row in loaded.prospects():
            if isinstance(row, Prospect):
                rows[row.key] = rows_of(row) if row.extra else (row.row,)
            else:
                left_out += 1
    except MiniaturesError as error:
        found.set_result(ListedRows({}, trouble=error.message))
    except BaseException as error:
        found.set_exception(error)
        raise
    else:
        found.set_result(ListedRows(rows, left_out))
