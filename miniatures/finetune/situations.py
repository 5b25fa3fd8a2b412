"""Draws what a teacher is asked: brief x dossier situations out of a described space, spread evenly and by seed.

The space is a folder of gold data, or a YAML file that names such folders and narrows them. Each draw takes from the
industry, the length and the trap that were drawn least so far. The first n draws of a seed are the same whatever n is,
so a larger order goes on where a smaller one ended.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from pathlib import Path
from random import Random

from pydantic import Field

from miniatures.agents.roles.researcher import RESEARCHER, ListVariables
from miniatures.agents.roles.writer import WRITER, WriterVariables
from miniatures.checks import CheckCase
from miniatures.datamodel.brief import Brief, Length
from miniatures.datamodel.campaign import ResearchSettings
from miniatures.datamodel.errors import InputError
from miniatures.datamodel.evidence import Quote
from miniatures.datamodel.frozen import Strict
from miniatures.datamodel.hashing import content_hash, text_hash
from miniatures.finetune.gold.check import evidence_of
from miniatures.finetune.gold.examples import candidates
from miniatures.finetune.gold.folder import GoldBrief, GoldCompany, GoldFolder, Trap, Worth, read_gold
from miniatures.finetune.gold_day import WRITTEN_AT
from miniatures.inputs.validation import validate
from miniatures.inputs.yaml_file import load_yaml

TRAPS = (Trap.NONE, Trap.THIN, Trap.IRRELEVANT, Trap.STALE, Trap.SENSITIVE)
"""The traps that can be drawn; what contradicts itself has to be written."""
_FACTS = ResearchSettings().facts
_IDLE = {Worth.BOILERPLATE, Worth.OPINION, Worth.VAGUE}


class Space(Strict):
    """What situations are drawn from. An empty list takes everything there is."""

    gold: tuple[Path, ...] = Field(min_length=1, description="Folders with briefs and companies, from this file's.")
    industries: tuple[str, ...] = ()
    traps: tuple[Trap, ...] = ()
    lengths: tuple[Length, ...] = Field(default=(), description="In place of each brief's own.")


@dataclass(frozen=True)
class Situation:
    """One question to a teacher: who is written to, about what, from which sentences."""

    role: str
    brief_slug: str
    brief: Brief
    company: GoldCompany
    evidence: tuple[Quote, ...]
    sentences: tuple[str, ...]
    contact: int
    trap: Trap

    @cached_property
    def variables(self) -> WriterVariables | ListVariables:
        """The variables of the role's prompt, as a campaign would have them."""
        if self.role == RESEARCHER.name:
            today = WRITTEN_AT.date().isoformat()
            return ListVariables.of(self.brief, self.company.name, today, self.sentences, facts=_FACTS)
        return WriterVariables.of(self.brief, self.company.prospect(self.contact), self.evidence)

    @property
    def case(self) -> CheckCase:
        """What an email is checked against, on the day on which the situation plays."""
        prospect = self.company.prospect(self.contact)
        return CheckCase(prospect=prospect, brief=self.brief, evidence=self.evidence, now=WRITTEN_AT)

    @cached_property
    def id(self) -> str:
        """Names the question: equal questions have equal names."""
        return content_hash([self.role, self.variables])[:16]


@dataclass(frozen=True)
class _Place:
    """One point of the space that a situation can be drawn at."""

    brief: GoldBrief
    company: GoldCompany
    length: Length
    contact: int
    trap: Trap

    @property
    def stratum(self) -> tuple[str, Length, Trap]:
        return self.company.industry, self.length, self.trap

    def order(self, seed: int) -> str:
        """The place's position among its like, by seed."""
        names = (self.brief.slug, self.company.slug, self.length.max_words, self.contact, self.trap)
        return text_hash(f"{seed} {names}")


def read_space(path: Path) -> Space:
    """The space that a folder of gold data is, or that a YAML file describes.

    Raises:
        InputError: names the file, the line and the key of each mistake.
    """
    if path.is_dir():
        return Space(gold=(path,))
    space = validate(Space, load_yaml(path))
    return space.model_copy(update={"gold": tuple(path.parent / folder for folder in space.gold)})


def draw_situations(space: Space, role: str, count: int, seed: int) -> list[Situation]:
    """At most `count` different situations; fewer if the space holds no more.

    Raises:
        InputError: a folder holds mistakes, or nothing in the space fits.
    """
    places = [place for folder in space.gold for place in _places(read_gold(folder), space, role)]
    if not places:
        raise InputError(
            "nothing in the space fits: no company has news of a kind that a brief looks for",
            hint="Widen industries and traps, or add companies.",
        )
    drawn: dict[str, Situation] = {}
    for place in _evenly(places, seed):
        situation = _situation(place, role, Random(place.order(seed)))
        if situation is not None:
            drawn.setdefault(situation.id, situation)
        if len(drawn) == count:
            break
    return list(drawn.values())


def _places(folder: GoldFolder, space: Space, role: str) -> Iterator[_Place]:
    companies = [one for one in folder.companies.values() if not space.industries or one.industry in space.industries]
    for company, brief, trap in product(companies, folder.briefs.values(), space.traps or TRAPS):
        if _fits(company, brief, trap, role):
            contacts = range(1, len(company.contacts) + 1) if role == WRITER.name else (1,)
            for length, contact in product(space.lengths or (brief.length,), contacts):
                yield _Place(brief, company, length, contact, trap)


def _fits(company: GoldCompany, brief: GoldBrief, trap: Trap, role: str) -> bool:
    good = len(_numbers(company, brief))
    if role == RESEARCHER.name:
        return good > 0 if trap is Trap.NONE else good == 0 if trap is Trap.IRRELEVANT else False
    if trap is Trap.NONE:
        return good > 1
    return good > 0 and (trap is Trap.THIN or bool(_spoilers(company, trap)))


def _evenly(places: Iterable[_Place], seed: int) -> Iterator[_Place]:
    """All places, each next one from the stratum whose industry, length and trap came least so far."""
    strata: dict[tuple[str, Length, Trap], list[_Place]] = defaultdict(list)
    for place in sorted(places, key=lambda place: place.order(seed)):
        strata[place.stratum].append(place)
    order = sorted(strata, key=lambda stratum: text_hash(f"{seed} {stratum}"))
    margins: list[Counter[object]] = [
        Counter(dict.fromkeys({stratum[axis] for stratum in order}, 0)) for axis in range(3)
    ]
    used: Counter[str] = Counter()

    def load(stratum: tuple[str, Length, Trap]) -> int:
        return sum(margin[value] * len(margin) for margin, value in zip(margins, stratum, strict=True))

    while order:
        stratum = min(order, key=load)
        group = strata[stratum]
        place = min(group, key=lambda place: used[place.company.slug] + used[place.brief.slug])
        group.remove(place)
        if not group:
            order.remove(stratum)
        for margin, value in zip(margins, stratum, strict=True):
            margin[value] += 1
        used.update((place.company.slug, place.brief.slug))
        yield place


def _situation(place: _Place, role: str, chance: Random) -> Situation | None:
    brief = place.brief.plain.model_copy(update={"length": place.length})
    researches = role == RESEARCHER.name
    sentences = candidates(place.company, brief, []) if researches else []
    if researches and not sentences:
        return None
    evidence = () if researches else evidence_of(place.company, place.brief, _quotes(place, chance))
    own = place.length == place.brief.length
    slug = place.brief.slug if own else f"{place.brief.slug}-{place.length.max_words}"
    return Situation(role, slug, brief, place.company, evidence, tuple(sentences), place.contact, place.trap)


def _quotes(place: _Place, chance: Random) -> tuple[int, ...]:
    good = _numbers(place.company, place.brief)
    if place.trap is Trap.THIN:
        return (chance.choice(good),)
    if place.trap is Trap.NONE:
        return tuple(chance.sample(good, chance.randint(2, min(len(good), _FACTS))))
    spoilers = _spoilers(place.company, place.trap)
    most = 2 if place.trap is Trap.IRRELEVANT else 1
    chosen = chance.sample(good, min(len(good), chance.randint(1, 2)))
    chosen += chance.sample(spoilers, min(len(spoilers), most))
    return tuple(chance.sample(chosen, len(chosen)))


def _numbers(company: GoldCompany, brief: GoldBrief) -> list[int]:
    """Numbers of the sentences that the brief can use."""
    usable = enumerate(company.sentences, start=1)
    return [number for number, one in usable if one.usable and brief.signal_of(one.kind) is not None]


def _spoilers(company: GoldCompany, trap: Trap) -> list[int]:
    """Numbers of the sentences that make the trap."""
    wanted = {Trap.STALE: {Worth.STALE}, Trap.SENSITIVE: {Worth.SENSITIVE}, Trap.IRRELEVANT: _IDLE}.get(trap, set())
    return [number for number, one in enumerate(company.sentences, start=1) if one.worth in wanted]
