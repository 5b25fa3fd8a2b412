"""Reads what one hand wrote for the arena: `briefs/*.md` and `companies/*.yaml`, cross-checked."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from miniatures.datamodel.brief import Brief
from miniatures.datamodel.errors import InputError
from miniatures.finetune.arena.company import ArenaCompany
from miniatures.inputs.brief import load_brief
from miniatures.inputs.validation import validate
from miniatures.inputs.yaml_file import load_yaml

_SPLIT = "split.yaml"


@dataclass(frozen=True)
class ArenaHand:
    """What one author wrote: briefs by their file's name, companies by their domain."""

    name: str
    briefs: dict[str, Brief]
    companies: dict[str, ArenaCompany]


def companies_of(hands: Iterable[ArenaHand]) -> dict[str, ArenaCompany]:
    """The companies of all hands, by domain."""
    return {domain: company for hand in hands for domain, company in hand.companies.items()}


def is_hand(folder: Path) -> bool:
    """Whether the folder holds what a hand writes."""
    return all((folder / inner).is_dir() for inner in ("briefs", "companies"))


def holds(folder: Path, name: str, suffix: str = ".yaml") -> bool:
    """Whether the folder is the one of that name, with what is not any one hand's."""
    return folder.name == name and any(folder.glob(f"*{suffix}"))


def read_hand(folder: Path) -> ArenaHand:
    """Everything in the folder.

    Raises:
        InputError: one line for each mistake: the file, the place in it and what is wrong.
    """
    mistakes: list[str] = []
    briefs: dict[str, Brief] = {}
    for path in sorted(folder.glob("briefs/*.md")):
        with _noting(mistakes):
            briefs[path.stem] = load_brief(path)
    companies: dict[str, ArenaCompany] = {}
    for path in sorted(folder.glob("companies/*.yaml")):
        with _noting(mistakes):
            company = validate(ArenaCompany, load_yaml(path))
            mistakes += [f"{path}: {fault}" for fault in _faults(company, briefs)]
            companies[company.domain] = company
    if not briefs or not companies:
        mistakes.append(f"{folder}: expected briefs/*.md and companies/*.yaml")
    if mistakes:
        raise InputError("\n".join(mistakes), hint="Mend these places.")
    return ArenaHand(folder.name, briefs, companies)


def as_of(folder: Path) -> str:
    """The day, year first, that a hand's pages and emails are read as of: beside it in the arena's `split.yaml`.

    Raises:
        InputError: the file is not there, or names no such day.
    """
    path = folder.parent / _SPLIT
    said = load_yaml(path).data
    try:
        return datetime.date.fromisoformat(str(said["as_of"])).isoformat()
    except (ValueError, TypeError, KeyError) as error:
        raise InputError(f"{path} names no day as `as_of`", hint="Write one: as_of: 2026-12-01.") from error


@contextmanager
def _noting(mistakes: list[str]) -> Iterator[None]:
    """Keep an input error's text and go on, so that one reading names every mistake."""
    try:
        yield
    except InputError as error:
        mistakes.append(error.message)


def _faults(company: ArenaCompany, briefs: dict[str, Brief]) -> list[str]:
    faults = []
    for label in company.labels:
        for slug, worth in label.worth.items():
            said = f"{slug!r} for {label.quote[:50]!r}"
            if slug not in briefs:
                faults.append(f"no brief is named {said}")
                continue
            signal = next((one for one in briefs[slug].signals if one.name == worth.signal), None)
            if signal is None:
                names = ", ".join(one.name for one in briefs[slug].signals)
                faults.append(f"no signal {worth.signal!r} in {said}; there are {names}")
            elif worth.angle > len(signal.angles):
                faults.append(f"{worth.signal} has {len(signal.angles)} angles, not {worth.angle}, in {said}")
    return faults


def summary(hand: ArenaHand) -> str:
    """One line that counts what is there."""
    companies = hand.companies.values()
    labels = [label for company in companies for label in company.labels]
    verdicts = Counter(worth.verdict.value for label in labels for worth in label.worth.values())
    told = sum(len(worth.told) for label in labels for worth in label.worth.values())
    return (
        f"{hand.name}: {len(hand.briefs)} briefs, {len(hand.companies)} companies "
        f"({sum(not company.has_news for company in companies)} without news), "
        f"{sum(len(company.pages) for company in companies)} pages, {len(labels)} labels: "
        f"{dict(verdicts)}, faults {dict(Counter(label.fault.value for label in labels if label.fault))}, "
        f"{told} tellings; traps {dict(Counter(trap.value for company in companies for trap in company.traps))}"
    )
