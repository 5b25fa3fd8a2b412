"""How far a second labeller, who saw pages and briefs alone, agrees with the hands on a tenth of the companies."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter

from miniatures.datamodel.errors import InputError
from miniatures.datamodel.frozen import Strict
from miniatures.finetune.arena.company import ArenaCompany, Label

_NOTHING, _NO = "empty", "no"


class SecondLabel(Strict):
    """What the second labeller said of one sentence; `worth` by brief is open, support or no."""

    domain: str
    quote: str
    status: str
    worth: dict[str, str]


@dataclass(frozen=True)
class Agreement:
    """Of how many judgements which share is equal, and Cohen's kappa (Cohen 1960): what is left of it above chance."""

    judgements: int
    equal: float
    kappa: float


def agreement(second: Iterable[SecondLabel], companies: Mapping[str, ArenaCompany]) -> tuple[Agreement, Agreement]:
    """Of what the sentences are, and of what they are worth to each brief. A sentence without a label is empty."""
    statuses: Counter[tuple[str, str]] = Counter()
    worths: Counter[tuple[str, str]] = Counter()
    for one in second:
        label = next((label for label in companies[one.domain].labels if label.quote == one.quote), None)
        statuses[_status(label), one.status] += 1
        for brief, verdict in one.worth.items():
            given = None if label is None else label.worth.get(brief)
            worths[_NO if given is None else given.verdict.value, verdict] += 1
    return _agreement(statuses), _agreement(worths)


def load_second(path: Path) -> list[SecondLabel]:
    """The second labeller's file.

    Raises:
        InputError: it is no list of such labels.
    """
    try:
        return TypeAdapter(list[SecondLabel]).validate_json(path.read_bytes())
    except ValueError as error:
        raise InputError(f"{path}: {str(error).splitlines()[0]}", hint="Restore the file.") from error


def _status(label: Label | None) -> str:
    if label is None:
        return _NOTHING
    return "news" if label.fault is None else label.fault.value


def _agreement(pairs: Counter[tuple[str, str]]) -> Agreement:
    total = sum(pairs.values())
    equal = sum(count for (one, other), count in pairs.items() if one == other) / total
    first, second = (_shares(pairs, side, total) for side in (0, 1))
    chance = sum(share * second[word] for word, share in first.items())
    return Agreement(total, equal, 1.0 if chance == 1 else (equal - chance) / (1 - chance))


def _shares(pairs: Counter[tuple[str, str]], side: int, total: int) -> dict[str, float]:
    found: dict[str, float] = defaultdict(float)
    for pair, count in pairs.items():
        found[pair[side]] += count / total
    return found
