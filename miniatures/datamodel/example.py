"""One training example: the variables of a prompt, the answer that a reviewer stands behind, and where both came from.

The variables are kept, not the rendered text, so that a prompt edit renders the example anew instead of orphaning it.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from pydantic import Field

from miniatures.datamodel.frozen import Frozen
from miniatures.datamodel.hashing import content_hash
from miniatures.datamodel.json_types import StructuredAnswer

CHAT = "chat"
"""The role of an example that is a chat of one's own. It has no template: its turns are what it is."""


class Source(StrEnum):
    """Who wrote an example's answer."""

    GOLD = "gold"
    VARIANT = "variant"
    ACCEPTED = "accepted"
    EDITED = "edited"
    CHECKED = "checked"
    TEACHER = "teacher"
    OWN = "own"


class Example(Frozen):
    """What a model is to answer to one prompt."""

    role: str = Field(description="Whose answer it is: writer, researcher, or chat for one of one's own.")
    variables: dict[str, Any] = Field(description="Of the role's prompt template.")
    answer: StructuredAnswer | None = Field(description="The structured answer; null in a case that is only asked.")
    company: str = Field(description="Splits keep a company on one side.")
    source: Source
    lineage: tuple[str, ...] = Field(default=(), description="Trace ids, review ids or the name of a gold example.")
    rejected: StructuredAnswer | None = Field(default=None, description="The answer a reviewer preferred `answer` to.")
    labels: dict[str, tuple[int, ...]] = Field(
        default_factory=dict, description="A researcher's sentences by number that are `must` or `may`."
    )

    @property
    def id(self) -> str:
        """Hash of the whole content: equal examples have equal names."""
        return content_hash(self)[:16]
