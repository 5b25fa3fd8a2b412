"""What people found who read drafts that were called ready: the one figure that says what `ready` is worth.

Check rates are instruments, not results, so whoever shows them shows this beside them. Until a miniature's card carries
readings of its own, these are the shipped miniature's: four campaigns on eighty hand-written sites of fictional
companies as real ones are, every ready draft read beside all pages, November 2026.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from miniatures.datamodel.draft import PLACED


@dataclass(frozen=True)
class Readings:
    """Drafts that were called ready, by what a reader would have done with them; `false` held a false statement."""

    drafts: int
    as_it_stood: int
    after_a_small_edit: int
    false: int

    @property
    def sentence(self) -> str:
        return (
            f"On realistic sites, of {self.drafts:,} drafts called ready, {self.as_it_stood:,} could be sent as it "
            f"stood, {self.after_a_small_edit:,} after a small edit, and {self.false:,} held a false statement."
        )


FIELD_READINGS = Readings(drafts=75, as_it_stood=1, after_a_small_edit=20, false=60)
PLACED_READINGS = Readings(drafts=45, as_it_stood=3, after_a_small_edit=16, false=6)
"""Of emails that code placed, with reasons that the shipped reader chose, on the test side of the arena: the first of
two readers, who agreed on 117 of 129."""


def readings_of(backends: Collection[str]) -> Readings:
    """What is known of drafts like those of these backends."""
    return PLACED_READINGS if backends and set(backends) == {PLACED} else FIELD_READINGS


READY_MEANS = "Ready means: passed the checks. Read every email before it is sent."
