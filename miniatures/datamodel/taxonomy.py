"""What one sentence of a page can be: the kinds of news that emails are written about, and the reasons why it is none.

Both are data: one file describes them (`prompts/taxonomy.yaml`), prompts render them, datasets and cards name its hash.
"""

from __future__ import annotations

from pydantic import Field

from miniatures.datamodel.frozen import Strict
from miniatures.datamodel.hashing import content_hash


class Kind(Strict):
    """One kind of news, or one reason why a sentence is none."""

    name: str = Field(
        pattern=r"^[a-z][a-z0-9_]*$", description="A name of small letters, digits and underscores, such as expansion."
    )
    describes: str = Field(min_length=1, description="What such a sentence says.")
    examples: tuple[str, ...] = Field(default=(), description="Sentences of this kind.")


class Taxonomy(Strict):
    """Everything that a sentence can be called."""

    kinds: tuple[Kind, ...] = Field(min_length=1, description="Kinds of news.")
    reasons: tuple[Kind, ...] = Field(min_length=1, description="Why a sentence is not worth an email.")

    @property
    def news(self) -> tuple[str, ...]:
        """The names of all kinds of news, in alphabetical order."""
        return tuple(sorted(kind.name for kind in self.kinds))

    @property
    def no_news(self) -> tuple[str, ...]:
        """The names of all reasons, in alphabetical order."""
        return tuple(sorted(reason.name for reason in self.reasons))

    @property
    def names(self) -> frozenset[str]:
        """All that a sentence can be called."""
        return frozenset((*self.news, *self.no_news))

    @property
    def hash(self) -> str:
        """Names the taxonomy wherever it is referred to."""
        return content_hash(self)[:16]
