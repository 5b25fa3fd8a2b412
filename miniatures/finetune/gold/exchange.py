"""Exchanges the facts of a text for others of their kind (data augmentation): names, places, numbers and years.

A small model learns to copy, or to look at what a sentence says, only when names and numbers tell it nothing.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from miniatures.finetune.gold.folder import GoldCompany, GoldContact, GoldFolder

_NUMBER = re.compile(r"(?<![\w.,])(?P<number>\d{1,3}(?:,\d{3})+|\d+(?:\.\d+)?)(?![\w]|[.,]\d)")
_CODE = re.compile(r"[A-Z]{2,}[\w.&/-]*\s$")
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


def years_later(text: str, years: int) -> str:
    """The text with every year moved."""
    return re.sub(rf"\b(?:{_YEAR.pattern})\b", lambda match: str(int(match[0]) + years), text)


class Exchange:
    """What is put in place of what, in one pass over a text, longest first."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self._table: dict[str, str] = {}

    def name(self, old: str, pool: Iterable[str]) -> None:
        """Exchange a name for another of the pool, also where it stands in small letters."""
        others = [name for name in pool if name != old and name not in self._table.values()]
        if old and others:
            self._table[old] = self.chance.choice(others)
            if old.isalpha() and self._table[old].isalpha():
                self._table[old.lower()] = self._table[old].lower()

    def company_names(self, company: GoldCompany, pools: Pools) -> None:
        """Exchange the names that stand on a company's page, each for one of its kind."""
        for kind, names in company.names.items():
            for name in names:
                self.name(name, pools.names[kind])

    def numbers(self, texts: Iterable[str], spared: str) -> None:
        """Exchange each number of the texts, but not years, codes such as ISO 9001, or those in `spared`."""
        fixed = set(_NUMBER.findall(spared))
        for text in texts:
            for match in _NUMBER.finditer(text):
                number = match["number"]
                if number in fixed or _YEAR.fullmatch(number) or _CODE.search(text[: match.start()]):
                    continue
                self._table.setdefault(number, self._number(number))

    def _number(self, old: str) -> str:
        """A number of the same shape, not 0 and not 1, so that no plural changes; days of a month stay possible."""
        if old in {"0", "1"}:
            return old
        if len(old) <= 2:
            return str(self.chance.randint(2, 9) if len(old) == 1 else self.chance.randint(10, 28))
        digits = [str(self.chance.randint(0, 9)) if sign.isdigit() else sign for sign in old]
        return str(self.chance.randint(1, 9)) + "".join(digits[1:])

    def text(self, text: str) -> str:
        """The text with everything exchanged."""
        either = "|".join(map(re.escape, sorted(self._table, key=len, reverse=True))) or r"(?!)"
        return re.sub(rf"(?<![\w.,])(?:{either})(?!\w|[.,]\d)", lambda match: self._table[match[0]], text)

    def everywhere(self, value: Any, keep: tuple[str, ...] = ()) -> Any:
        """The same structure with every text exchanged, the fields in `keep` left alone."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {key: one if key in keep else self.everywhere(one, keep) for key, one in value.items()}
        return [self.everywhere(one, keep) for one in value] if isinstance(value, list) else value
