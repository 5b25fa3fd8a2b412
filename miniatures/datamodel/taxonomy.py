"""What one sentence of a page can be: the kinds of news that emails are written about, and the reasons why it is none.

Both are data: one file describes them (`prompts/taxonomy.yaml`), prompts render them, datasets and cards name its hash.
"""

from __future__ import annotations

import unicodedata
from typing import Annotated

from pydantic import BeforeValidator, Field

from miniatures.datamodel.frozen import Strict
from miniatures.datamodel.hashing import content_hash

_INVISIBLE_MARKS = {"\u034f", *map(chr, range(0xFE00, 0xFE10))}


def canonical_name(name: object) -> object:
    """A name as models see it, however a person wrote it: small letters and digits, one underscore between words.

    Words may be of any alphabet. What holds none is left as it is, to be refused.
    """
    if not isinstance(name, str):
        return name
    text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    words = "".join(sign if _is_of_a_word(sign) else " " for sign in text).split()
    return "_".join(words) or name


def _is_of_a_word(sign: str) -> bool:
    return unicodedata.category(sign)[0] in "LNM" and sign not in _INVISIBLE_MARKS


Name = Annotated[str, Field(pattern=r"^[\p{L}\p{N}\p{M}_]+$", max_length=80), BeforeValidator(canonical_name)]
"""A name of signals and kinds, in its one form."""


class Kind(Strict):
    """One kind of news, or one reason why a sentence is none."""

    name: Name = Field(description="A name of letters and digits, such as expansion, of 80 characters at most.")
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
