"""Asks a small researcher what kind of news one sentence is, until it is decided whether that is wanted.

An answer says how probable the model found it. Some kinds are close neighbours: a model that wavers between two wanted
ones is sure enough that the sentence is wanted, and one that wavers between a wanted one and none is not. So where the
likeliest kind decides nothing, it is asked again without that kind.
"""

from __future__ import annotations

from collections.abc import Collection, Coroutine, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from miniatures.agents.roles.researcher import Sighting

SURE = 0.75
"""The least probability of wanted news: what the validation split of the shipped miniature suggests."""

AGAIN = "select_again"
"""The node in traces of what else a sentence might be, which is no answer to learn from."""

_MOST_REPLIES = 4


class Reply(Protocol):
    """An answer, as far as it matters here: what was read, if anything was, and how probable it was."""

    @property
    def value(self) -> Sighting | None: ...

    @property
    def probability(self) -> float | None: ...


R = TypeVar("R", bound=Reply)
R_co = TypeVar("R_co", bound=Reply, covariant=True)


class AskOne(Protocol[R_co]):
    """Puts the question, with the kinds that may be answered, and whether it was put before with more of them."""

    def __call__(self, kinds: frozenset[str], *, again: bool) -> Coroutine[Any, Any, R_co]: ...


async def classify(kinds: frozenset[str], wanted: Collection[str], ask_one: AskOne[R]) -> list[R]:
    """What the sentence is, and as long as that decides nothing, what else it might be."""
    replies: list[R] = []
    while not _is_decided(replies, wanted):
        replies.append(await ask_one(kinds.difference(shares(replies)), again=bool(replies)))
    return replies


def _is_decided(replies: Sequence[Reply], wanted: Collection[str]) -> bool:
    """Also when the last reply told nothing new."""
    told = shares(replies)
    share = wanted_share(told, wanted)
    reachable = share + 1 - sum(told.values())
    return share >= SURE or reachable < SURE or len(told) < len(replies) or len(replies) == _MOST_REPLIES


def shares(replies: Sequence[Reply]) -> dict[str, float]:
    """The probability of each kind that was named, likeliest first; a backend that cannot tell is taken at its word."""
    read = [(one.value.kind, one.probability) for one in replies if one.value is not None]
    return {kind: 1.0 if probability is None else probability for kind, probability in read}


def wanted_share(told: Mapping[str, float], wanted: Collection[str]) -> float:
    """The probability that it is one of the wanted kinds, as far as was told."""
    return sum(share for kind, share in told.items() if kind in wanted)
