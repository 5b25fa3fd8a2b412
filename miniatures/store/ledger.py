"""The ledger's contract: a finished stage is remembered under a key that changes when anything it depends on does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from miniatures.datamodel.hashing import content_hash


@dataclass(frozen=True)
class StageKey:
    """Names one stage of one prospect; `inputs` hashes all it read: brief, prompt versions, backend identity."""

    stage: str
    prospect: str
    inputs: str

    @classmethod
    def of(cls, stage: str, prospect: str, **inputs: Any) -> StageKey:
        """The key of a stage with these inputs (JSON values or Pydantic models)."""
        return cls(stage=stage, prospect=prospect, inputs=content_hash(inputs))


class Ledger(Protocol):
    """Remembers finished stages. `finish` returns only when the result, and every trace left before it, is durable."""

    async def recall(self, key: StageKey) -> Any | None:
        """The JSON result of a finished stage, or None."""
        ...

    async def finish(self, key: StageKey, result: Any) -> None:
        """Remember the stage's JSON result."""
        ...
