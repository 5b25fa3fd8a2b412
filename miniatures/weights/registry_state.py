"""What is live and candidate of one miniature, and every promotion there ever was: one small file, `state.json`."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, ValidationError

from miniatures.datamodel.errors import InputError
from miniatures.datamodel.files import read_regular
from miniatures.datamodel.frozen import Strict
from miniatures.datamodel.miniature import Promotion
from miniatures.weights.errors import RegistryError
from miniatures.weights.home import write_atomically

STATE = "state.json"
_LARGEST = 50_000_000


class RegistryState(Strict):
    """The moving names of one miniature."""

    live: str | None = None
    candidate: str | None = None
    history: tuple[Promotion, ...] = Field(default=(), description="Oldest first.")

    def promoted(self, promotion: Promotion) -> RegistryState:
        """The state after one more promotion; a candidate that went live is no candidate any more."""
        candidate = None if self.candidate == promotion.version else self.candidate
        return RegistryState(live=promotion.version, candidate=candidate, history=(*self.history, promotion))

    def without(self, version: str) -> RegistryState:
        """The state once the version is gone: no name means it; the history stays."""
        gone = {stage: None for stage in ("live", "candidate") if getattr(self, stage) == version}
        return self.model_copy(update=gone)

    @property
    def earlier(self) -> str | None:
        """What `rollback` goes back to: what was live before, and after a rollback what was live before that."""
        stack: list[str | None] = []
        for promotion in self.history:
            if not promotion.rolled_back:
                stack.append(promotion.replaced)
            elif stack:
                stack.pop()
        return stack[-1] if stack else None


def read_state(folder: Path) -> RegistryState:
    """The state in a miniature's folder; an empty one where nothing was ever written.

    Raises:
        RegistryError: the file is damaged.
    """
    path = folder / STATE
    if not path.exists():
        return RegistryState()
    try:
        return RegistryState.model_validate_json(read_regular(path, _LARGEST))
    except (InputError, ValidationError) as error:
        raise RegistryError(
            f"the state {path} cannot be read: {str(error).splitlines()[0]}",
            hint=f"Restore it, or move it away and promote again. Pinned versions ({folder.name}@HASH) still serve.",
        ) from error


def write_state(folder: Path, state: RegistryState) -> None:
    """Write the state whole or not at all. The caller holds the miniature's lock."""
    write_atomically(folder / STATE, state.model_dump_json(indent=2) + "\n")
