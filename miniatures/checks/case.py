"""What a draft is checked against: everything that may carry a claim, and what must not."""

from __future__ import annotations

import calendar
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property, lru_cache

from miniatures.checks.months import months_named
from miniatures.checks.reading import Reading, read_source
from miniatures.checks.web import host_of, without_links
from miniatures.checks.words import words_of
from miniatures.datamodel.brief import Brief
from miniatures.datamodel.dossier import SetAside
from miniatures.datamodel.draft import Ground
from miniatures.datamodel.evidence import Quote
from miniatures.datamodel.prospect import Recipient
from miniatures.datamodel.vetted import VettedStatement


@dataclass(frozen=True, slots=True)
class Source:
    """One text that may carry a claim: a line of the brief or a quote."""

    ground: Ground
    text: str
    reading: Reading


@dataclass(frozen=True)
class CheckCase:
    """One prospect's case. `foils` are other companies' quotes for the swap test; the bundled ones serve if empty.

    `vetted` is what a verifier said of the email's statements, null where it could read none, empty where nobody does.
    `sure_bound` is how sure of the reason to write the researcher must have been; null where no risk is stated.
    `max_age_days` is the age at which a published quote is stale, in days before `now`; null never. What is not known
    of a case, such as the address or a quote's date, forbids nothing.
    """

    prospect: Recipient
    brief: Brief
    evidence: tuple[Quote, ...] = ()
    foils: tuple[Quote, ...] = ()
    set_aside: tuple[SetAside, ...] = ()
    now: datetime | None = None
    max_age_days: int | None = None
    sure_bound: float | None = None
    vetted: tuple[VettedStatement, ...] | None = ()

    def with_evidence(self, evidence: tuple[Quote, ...]) -> CheckCase:
        """The same case resting on other quotes."""
        return replace(self, evidence=evidence)

    def with_vetted(self, vetted: tuple[VettedStatement, ...] | None) -> CheckCase:
        """The same case once a verifier has read the email."""
        return replace(self, vetted=vetted)

    @property
    def checked_at(self) -> datetime:
        return self.now or datetime.now(UTC)

    @cached_property
    def _brief_reading(self) -> BriefReading:
        return read_brief(self.brief)

    @property
    def brief_sources(self) -> tuple[Source, ...]:
        return self._brief_reading.sources

    @cached_property
    def quote_sources(self) -> tuple[Source, ...]:
        return tuple(quote_source(item.quote, self.brief.language) for item in self.evidence)

    @cached_property
    def around_sources(self) -> tuple[Source, ...]:
        """What stands around the quotes: its numbers and names may be said, as the day of a release may."""
        return tuple(quote_source(item.around, self.brief.language) for item in self.evidence if item.around)

    @cached_property
    def sources(self) -> tuple[Source, ...]:
        return self.brief_sources + self.quote_sources

    def readings_for(self, said: Reading) -> tuple[Reading, ...]:
        """Everything that may carry a number or a link of a text.

        The numbers of the sender's address stand for the address alone: a text that uses them names more of it.
        """
        address = self._brief_reading.address
        is_address = not said.stems or not address.stems.isdisjoint(said.stems)
        return (*self._readings, address) if is_address else self._readings

    @cached_property
    def _readings(self) -> tuple[Reading, ...]:
        brief = self._brief_reading
        return (
            *(source.reading for source in (*brief.told, *self.quote_sources, *self.around_sources)),
            brief.contact,
            self.prospect_reading,
        )

    @cached_property
    def common_numbers(self) -> tuple[Reading, ...]:
        """Readings of the brief and the prospect's fields that hold numbers."""
        common = (*(source.reading for source in self.brief_sources), self.prospect_reading)
        return tuple(reading for reading in common if reading.numbers)

    @cached_property
    def prospect_reading(self) -> Reading:
        """The prospect's own fields, which ground their own words but no claim about the offer."""
        return read_source(" ; ".join(self.prospect.known_texts), self.brief.language)

    @cached_property
    def words(self) -> frozenset[str]:
        """Every folded word that any source or the prospect's fields carry."""
        told = (*self.quote_sources, *self.around_sources)
        quotes = (source.reading.words for source in told)
        months = self._months(" ".join(source.text for source in told))
        return self._brief_reading.words.union(self.prospect_reading.words, months, *quotes)

    def _months(self, text: str) -> frozenset[str]:
        """The English names of the months that quotes name in figures or in another language."""
        if not self.brief.language.startswith("en"):
            return frozenset()
        return frozenset(calendar.month_name[number].lower() for number in months_named(text))

    @cached_property
    def plain_words(self) -> frozenset[str]:
        """Every folded word of the sources that stands outside of anything that can be clicked."""
        texts = (*(source.text for source in (*self.sources, *self.around_sources)), *self.prospect.known_texts)
        return frozenset(word for text in texts for word in words_of(without_links(text, ())))

    @cached_property
    def common_stems(self) -> frozenset[str]:
        """Stems that say nothing about any one quote: the brief and the prospect's fields carry them."""
        return self._brief_reading.stems | self.prospect_reading.stems


class BriefReading:
    """The brief's lines that may carry a claim, read once. What it asks research to look for carries none."""

    def __init__(self, brief: Brief) -> None:
        sender = brief.sender
        signature = f"{sender.name}, {sender.title}, {sender.company}, {sender.email}, {sender.postal_address}"
        background = [line.strip() for line in brief.background.splitlines() if line.strip()]
        angles = [line for signal in brief.signals for line in (*signal.angles, signal.subject)]
        texts = [
            *brief.claims,
            *angles,
            brief.offer,
            brief.call_to_action,
            brief.audience,
            *background,
            *brief.links,
        ]
        contact = [sender.name, sender.title, sender.company, sender.email, *map(host_of, brief.links)]
        self.contact = read_source(" ; ".join(contact), brief.language)
        self.address = read_source(sender.postal_address, brief.language)
        self.told = tuple(Source(Ground.BRIEF, text, read_source(text, brief.language)) for text in texts if text)
        self.sources = (*self.told, Source(Ground.BRIEF, signature, read_source(signature, brief.language)))
        self.words: frozenset[str] = frozenset().union(*(source.reading.words for source in self.sources))
        self.stems: frozenset[str] = frozenset().union(*(source.reading.stems for source in self.sources))


@lru_cache(maxsize=64)
def read_brief(brief: Brief) -> BriefReading:
    """The brief's reading, made once for all its prospects."""
    return BriefReading(brief)


@lru_cache(maxsize=4_096)
def quote_source(quote: str, language: str) -> Source:
    """A quote as a source."""
    return Source(Ground.QUOTE, quote, read_source(quote, language))
