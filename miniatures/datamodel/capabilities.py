"""What may be asked of a backend, and how: graphs ask for these, never for a size or a name.

What a model may be trusted with comes with its training and stands on a miniature's card; what an engine can do comes
with the engine. A campaign file may overrule both for one backend, so that a miniature behind a server is asked like
one in this process.
"""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from miniatures.datamodel.frozen import Strict


class Variant(StrEnum):
    """Renderings of one prompt: a large model's long one, a small model's compact one, those for a writer that phrases
    the opening alone and for a researcher that reads a sentence in its page, and the one that asks for a follow-up.
    """

    FULL = "full"
    COMPACT = "compact"
    OPENING = "opening"
    PASSAGE = "passage"
    FOLLOW_UP = "follow_up"


class Phrases(StrEnum):
    """Which parts of an email a writer phrases. What the brief owns is placed verbatim for one of the opening."""

    ALL = "all"
    OPENING = "opening"


class Questions(StrEnum):
    """How a researcher is asked about sentences: which of the list are worth it, what each one is, or what each one is
    in its place in its page.
    """

    LIST = "list"
    EACH = "each"
    PASSAGE = "passage"


class Grammar(StrEnum):
    """How a backend takes what an answer is held to.

    `schema`: a plain JSON schema. `grounded`: a JSON schema that may list the names and numbers a text is made of, as
    the engines of this process and `miniatures serve` take it. `ebnf`: the same as a grammar, as vLLM takes it.
    """

    SCHEMA = "schema"
    GROUNDED = "grounded"
    EBNF = "ebnf"


class Trust(Strict):
    """What a model may be trusted with; on a miniature's card."""

    variant: Variant = Field(default=Variant.FULL, description="Which rendering of each prompt it is asked with.")
    questions: Questions = Field(default=Questions.LIST, description="How it is asked about sentences as a researcher.")
    held: bool = Field(default=False, description="Its emails are held to their prompt's names, numbers and length.")
    phrases: Phrases = Field(
        default=Phrases.ALL,
        exclude_if=lambda phrases: phrases is Phrases.ALL,
        description="What it phrases as a writer: all of an email, or its opening, joint and subject.",
    )
    judges: bool = Field(
        default=False,
        exclude_if=lambda judges: not judges,
        description="Whether a writer of openings is believed that news is no reason to write.",
    )
    own_kinds: bool = Field(default=True, description="Whether a brief may name kinds of news of its own.")
    languages: tuple[str, ...] = Field(
        default=(),
        exclude_if=lambda languages: not languages,
        description="Those that it writes (BCP 47, without a region); any if none is named.",
    )


class Abilities(Strict):
    """What an engine or a server can do."""

    grammar: Grammar = Field(default=Grammar.SCHEMA, description="How it takes what an answer is held to.")
    probability: bool = Field(default=False, description="Whether it tells how probable an answer was.")
    penalties: bool = Field(default=True, description="Whether it takes a frequency penalty.")


class Capabilities(Trust, Abilities):
    """Both: all that decides how a backend is asked."""

    def with_trust(self, trust: Trust) -> Capabilities:
        """The same engine with another model's trust."""
        return self.model_copy(update={name: getattr(trust, name) for name in Trust.model_fields})


SMALL = Trust(variant=Variant.COMPACT, questions=Questions.EACH, held=True, own_kinds=False, languages=("en",))
"""What an untuned small model is trusted with, and the miniatures that this project trains."""

TELLER = SMALL.model_copy(update={"phrases": Phrases.OPENING})
"""A small model that tells the news, and leaves what the brief owns to code."""

READER = Trust(variant=Variant.COMPACT, questions=Questions.PASSAGE)
"""A classifier that reads sentences in their pages."""


class CapabilitySettings(Strict):
    """What a campaign file says of one backend's capabilities; null leaves what the backend says itself."""

    like: str | None = Field(default=None, description="A miniature:NAME@REF whose card says what it is trusted with.")
    variant: Variant | None = None
    questions: Questions | None = None
    held: bool | None = None
    phrases: Phrases | None = None
    judges: bool | None = None
    own_kinds: bool | None = None
    languages: tuple[str, ...] | None = None
    grammar: Grammar | None = None
    probability: bool | None = None
    penalties: bool | None = None

    def over(self, known: Capabilities) -> Capabilities:
        """The capabilities with what is stated here in their place."""
        return known.model_copy(update=self.model_dump(exclude={"like"}, exclude_none=True))
