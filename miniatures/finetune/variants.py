"""Multiplies a hand-written email by exchanging its facts: names, places, products and numbers, wherever they stand.

A small model learns to copy only when nothing can be guessed. The prose stays the author's; what is copied changes in
brief, quotes, prospect and email together. A variant that a check refuses is thrown away, and all variants stay on
their original's side of a split.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from miniatures.datamodel.brief import Brief
from miniatures.datamodel.draft import EmailText
from miniatures.datamodel.example import Example, Source
from miniatures.datamodel.prospect import Prospect
from miniatures.finetune.example_checks import faults
from miniatures.finetune.gold import GoldBrief, GoldContact, GoldEmail, GoldFolder
from miniatures.finetune.gold_check import evidence_of
from miniatures.finetune.gold_examples import own_angles, written_example

_NUMBER = re.compile(r"(?<![\w.,])(?P<number>\d{1,3}(?:,\d{3})+|\d+(?:\.\d+)?)(?![\w]|[.,]\d)")
_CODE = re.compile(r"[A-Z]{2,}[\w.&/-]*\s$")
_SHARE_A_BRIEF = 7
_YEAR = re.compile(r"20[0-3]\d|19\d\d")


@dataclass(frozen=True)
class Pools:
    """What facts are exchanged for: the same kinds of names, out of all the data of one side."""

    contacts: tuple[GoldContact, ...]
    companies: tuple[str, ...]
    senders: tuple[str, ...]
    sellers: tuple[str, ...]
    names: dict[str, tuple[str, ...]]

    @classmethod
    def of(cls, folders: Iterable[GoldFolder]) -> Pools:
        """Everything that the folders name."""
        several = list(folders)
        companies = [company for folder in several for company in folder.companies.values()]
        briefs = [brief for folder in several for brief in folder.briefs.values()]
        kinds = sorted({kind for company in companies for kind in company.names})
        return cls(
            contacts=tuple(contact for company in companies for contact in company.contacts),
            companies=tuple(company.name for company in companies),
            senders=tuple(brief.sender.name for brief in briefs),
            sellers=tuple(brief.sender.company for brief in briefs if brief.sender.company.isalpha()),
            names={
                kind: tuple(name for company in companies for name in company.names.get(kind, ())) for kind in kinds
            },
        )


def folder_variants(
    folder: GoldFolder, emails: Iterable[GoldEmail], pools: Pools, rounds: int, seed: int
) -> Iterator[Example]:
    """Each email once a round, where the variant passes every check.

    A brief is exchanged as one for several of its emails, as in a campaign; the rest is exchanged for each email alone.
    """
    places: dict[str, int] = {}
    for email in emails:
        place = places[email.brief] = places.get(email.brief, -1) + 1
        for number in range(1, rounds + 1):
            shared = random.Random(f"{seed}/{email.brief}/{number}/{place // _SHARE_A_BRIEF}")
            own = random.Random(f"{seed}/{email.brief}/{number}/{place}/own")
            made = _variant(email, folder, pools, shared, own)
            if made is not None:
                yield made.model_copy(update={"lineage": (*made.lineage, f"variant:{number}")})


def _variant(
    email: GoldEmail, folder: GoldFolder, pools: Pools, shared: random.Random, own: random.Random
) -> Example | None:
    brief, company = folder.briefs[email.brief], folder.companies[email.company]
    prospect = company.prospect(email.contact)
    evidence = evidence_of(company, brief, email.quotes)
    exchange = _Exchange(shared)
    _exchange_sender(exchange, brief, pools)
    exchange.numbers([*brief.claims, brief.offer], spared=brief.call_to_action)
    new_brief = _brief(brief.plain, exchange)
    exchange.chance = own
    _exchange_prospect(exchange, prospect, pools)
    for kind, names in company.names.items():
        for name in names:
            exchange.name(name, pools.names[kind])
    exchange.numbers([item.quote for item in evidence], spared=brief.call_to_action)
    new_prospect = Prospect.model_validate(exchange.everywhere(prospect.model_dump(mode="json"), keep=("email",)))
    new_evidence = tuple(item.model_copy(update={"quote": exchange.text(item.quote)}) for item in evidence)
    text = EmailText(subject=exchange.text(email.text.subject), body=exchange.text(email.text.body))
    name = f"gold:{folder.name}/{email.company}/{email.brief}/{email.contact}"
    angles = {place: exchange.text(angle) for place, angle in own_angles(email, folder).items()}
    made = written_example(
        new_brief, new_prospect, new_evidence, text, name, Source.VARIANT, company=company.name, angles=angles
    )
    return None if faults(made.role, made.variables, text.model_dump()) else made


def _exchange_prospect(exchange: _Exchange, prospect: Prospect, pools: Pools) -> None:
    if prospect.first_name:
        exchange.name(prospect.first_name, [one.first_name for one in pools.contacts if one.first_name])
    if prospect.last_name:
        exchange.name(prospect.last_name, [one.last_name for one in pools.contacts if one.last_name])
    exchange.name(prospect.company, pools.companies)


def _exchange_sender(exchange: _Exchange, brief: GoldBrief, pools: Pools) -> None:
    exchange.name(brief.sender.name, pools.senders)
    if brief.sender.company.isalpha():
        exchange.name(brief.sender.company, pools.sellers)


def _brief(brief: Brief, exchange: _Exchange) -> Brief:
    data = brief.model_dump(mode="json")
    kept = {"links": data["links"], "length": data["length"], "signals": data["signals"]}
    sender = exchange.everywhere(data["sender"], keep=("email",))
    links = [exchange.text(link) for link in data["links"]]
    changed = exchange.everywhere({key: value for key, value in data.items() if key not in kept and key != "sender"})
    return Brief.model_validate({**kept, **changed, "sender": sender, "links": links})


class _Exchange:
    """What is put in place of what, in one pass over a text, longest first."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self._table: dict[str, str] = {}
        self._pattern: re.Pattern[str] | None = None

    def name(self, old: str, pool: Iterable[str]) -> None:
        others = [name for name in pool if name != old and name not in self._table.values()]
        if old and others:
            self._table[old] = self.chance.choice(others)
            if old.isalpha() and self._table[old].isalpha():
                self._table[old.lower()] = self._table[old].lower()
        self._pattern = None

    def numbers(self, texts: Iterable[str], spared: str) -> None:
        """Exchange each number of the texts, but not years, codes such as ISO 9001, or those in `spared`."""
        fixed = set(_NUMBER.findall(spared))
        for text in texts:
            for match in _NUMBER.finditer(text):
                number = match["number"]
                if number in fixed or _YEAR.fullmatch(number) or _CODE.search(text[: match.start()]):
                    continue
                self._table.setdefault(number, self._number(number))
        self._pattern = None

    def _number(self, old: str) -> str:
        """A number of the same shape, not 0 and not 1, so that no plural changes; days of a month stay possible."""
        if old in {"0", "1"}:
            return old
        if len(old) <= 2:
            return str(self.chance.randint(2, 9) if len(old) == 1 else self.chance.randint(10, 28))
        digits = [str(self.chance.randint(0, 9)) if sign.isdigit() else sign for sign in old]
        return str(self.chance.randint(1, 9)) + "".join(digits[1:])

    def text(self, text: str) -> str:
        return self._compiled.sub(lambda match: self._table[match[0]], text)

    def everywhere(self, value: Any, keep: tuple[str, ...] = ()) -> Any:
        """The same structure with every text exchanged, the fields in `keep` left alone."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {key: one if key in keep else self.everywhere(one, keep) for key, one in value.items()}
        return [self.everywhere(one, keep) for one in value] if isinstance(value, list) else value

    @property
    def _compiled(self) -> re.Pattern[str]:
        if self._pattern is None:
            longest_first = sorted(self._table, key=len, reverse=True)
            either = "|".join(map(re.escape, longest_first)) or r"(?!)"
            self._pattern = re.compile(rf"(?<![\w.,])(?:{either})(?!\w|[.,]\d)")
        return self._pattern
