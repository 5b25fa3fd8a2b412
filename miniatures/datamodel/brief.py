"""What is offered, by whom, to whom, in what tone, with which claims: the one ground besides evidence."""

from __future__ import annotations

from pydantic import EmailStr, Field, model_validator

from miniatures.datamodel.frozen import Strict
from miniatures.datamodel.hashing import content_hash, text_hash
from miniatures.datamodel.taxonomy import Kind, Name

_SHORTEST_WORD = 5
_FOLLOW_UP = (30, 80)
"""Words of a follow-up, from and to."""


def _words(text: str) -> frozenset[str]:
    return frozenset(word for word in text.casefold().split() if len(word) >= _SHORTEST_WORD)


class Sender(Strict):
    """The person who signs."""

    name: str = Field(min_length=1)
    title: str = ""
    company: str = Field(min_length=1)
    email: EmailStr
    postal_address: str = Field(min_length=1, description="Commercial mail must carry one.")


class Signal(Strict):
    """One kind of news worth an email, and the search query that looks for it."""

    name: Name = Field(description="A name of letters and digits, such as New site, of 80 characters at most.")
    describes: str = Field(min_length=1, description="What counts as this signal, in the words that pages would use.")
    query: str = Field(default="", description="Search query; `{company}` stands for the company's name.")
    kinds: tuple[Name, ...] = Field(
        default=(), description="Kinds of news that count as this signal: by them a small researcher finds it."
    )
    angles: tuple[str, ...] = Field(
        default=(),
        description="Sentences that say why such news makes the offer matter; each prospect's email is given one.",
    )

    subject: str = Field(
        default="",
        max_length=100,
        exclude_if=lambda subject: not subject,
        description="Subject line of an email about such news that code places; `{company}` stands for the company's "
        "name. Without one it is what the offer deals in, at the company.",
    )

    def angle_for(self, prospect: str) -> str:
        """The angle for one prospect, by pseudonym key: prospects with the same news are given different ones."""
        return self.angles[int(text_hash(f"{prospect} {self.name}")[:8], 16) % len(self.angles)] if self.angles else ""

    def query_for(self, company: str) -> str:
        """The query about one company; without a template, the company's name and the description."""
        return (self.query or "{company} " + self.describes).replace("{company}", company)


class Length(Strict):
    """Words that the body may have, greeting and signature included."""

    min_words: int = Field(default=40, ge=1)
    max_words: int = Field(default=150, ge=1)

    @model_validator(mode="after")
    def _ordered(self) -> Length:
        if self.min_words > self.max_words:
            raise ValueError(f"min_words ({self.min_words}) must not be above max_words ({self.max_words})")
        return self


class Brief(Strict):
    """One offer. Written as Markdown: these fields as YAML front matter, `background` as the prose below it."""

    offer: str = Field(min_length=1)
    claims: tuple[str, ...] = Field(
        min_length=1, description="Lines that the sender can stand behind, numbers included."
    )
    audience: str = ""
    tone: str = "plain, friendly, brief"
    call_to_action: str = Field(min_length=1, description="The one thing that the email asks for.")
    links: tuple[str, ...] = Field(default=(), description="The only links an email may carry.")
    language: str = "en"
    length: Length = Length()
    sender: Sender
    signals: tuple[Signal, ...] = Field(min_length=1)
    background: str = ""
    kinds: tuple[Kind, ...] = Field(
        default=(),
        exclude_if=lambda kinds: not kinds,
        description="Kinds of news that this brief adds to the known ones.",
    )

    def angles_of(self, signal: str) -> tuple[str, ...]:
        """The angles of the signal of this name; none where there is no such signal."""
        return next((one.angles for one in self.signals if one.name == signal), ())

    def number_of(self, claim: str) -> int:
        """The claim's place among the brief's, from 1; 0 for what is none of them."""
        return self.claims.index(claim) + 1 if claim in self.claims else 0

    def claim_for(self, signal: str, angle: str) -> str:
        """The claim that goes with this angle: the one that shares most words with it and with what is looked for."""
        wanted = _words(angle) | _words(next((one.describes for one in self.signals if one.name == signal), ""))
        return max(self.claims, key=lambda claim: len(_words(claim) & wanted))

    def subject_for(self, signal: str, company: str) -> str:
        """The subject line that the brief has for such news, empty without one."""
        named = next((one.subject for one in self.signals if one.name == signal), "")
        return named.replace("{company}", company)

    @property
    def for_follow_ups(self) -> Brief:
        """The same brief, asking for the length of an email that reminds of an earlier one."""
        shortest, longest = min(self.length.min_words, _FOLLOW_UP[0]), min(self.length.max_words, _FOLLOW_UP[1])
        return self.model_copy(update={"length": Length(min_words=shortest, max_words=longest)})

    @property
    def version(self) -> str:
        """Hash of everything in the brief; part of the key of each stage that reads it."""
        return content_hash(self)
