"""A sentence is asked about until it is decided whether it is wanted, and never longer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miniatures.agents.classify import SURE, classify, shares, wanted_share
from miniatures.agents.roles.researcher import Sighting, sighting_schema
from miniatures.prompts.taxonomy import known_taxonomy

WANTED = {"cost", "technology"}
KINDS = known_taxonomy().names


@dataclass
class Told:
    value: Sighting | None
    probability: float | None


class Model:
    """Names the likeliest kind that its schema leaves, as a model held to it does."""

    def __init__(self, weights: dict[str, float]) -> None:
        self.weights = weights
        self.again: list[bool] = []

    async def __call__(self, kinds: frozenset[str], *, again: bool) -> Told:
        self.again.append(again)
        kind = max(sorted(kinds), key=lambda one: self.weights.get(one, 0.0))
        return Told(Sighting(kind=kind), self.weights.get(kind, 0.0))


async def seen(weights: dict[str, float]) -> tuple[bool, list[bool]]:
    """Whether the sentence is taken, and the questions that it took."""
    model = Model(weights)
    replies = await classify(KINDS, WANTED, model)
    return wanted_share(shares(replies), WANTED) >= SURE, model.again


@pytest.mark.parametrize(
    ("weights", "taken", "questions"),
    [
        ({"cost": 0.9}, True, 1),
        ({"vague": 0.9}, False, 1),
        ({"cost": 0.5, "technology": 0.4}, True, 2),
        ({"cost": 0.6, "vague": 0.4}, False, 2),
        ({"vague": 0.2, "cost": 0.4, "technology": 0.4}, True, 2),
        ({"vague": 0.24, "cost": 0.23, "technology": 0.2, "hiring": 0.1}, False, 4),
        ({"cost": 0.3, "technology": 0.1}, False, 4),
    ],
)
async def test_wavering_between_wanted_kinds_is_sure_enough(
    weights: dict[str, float], taken: bool, questions: int
) -> None:
    assert await seen(weights) == (taken, [False, True, True, True][:questions])


@given(st.lists(st.floats(0.001, 1), min_size=1, max_size=8), st.randoms())
async def test_asking_on_never_changes_what_all_probabilities_would_say(drawn: list[float], chance: Any) -> None:
    near = [*sorted(WANTED), *sorted(KINDS - WANTED)[: 8 - len(WANTED)]]
    kinds = chance.sample(near, len(drawn))
    weights = {kind: share / sum(drawn) for kind, share in zip(kinds, drawn, strict=True)}
    taken, questions = await seen(weights)
    whole = wanted_share(weights, WANTED) >= SURE + 1e-9
    assert len(questions) <= 4
    assert not taken or wanted_share(weights, WANTED) >= SURE - 1e-9
    assert taken or not whole or len(questions) == 4


@pytest.mark.parametrize("kind", ["cost", "vague"])
async def test_a_backend_that_cannot_tell_is_taken_at_its_word(kind: str) -> None:
    class Silent(Model):
        async def __call__(self, kinds: frozenset[str], *, again: bool) -> Told:
            return Told((await super().__call__(kinds, again=again)).value, None)

    model = Silent({kind: 0.1})
    assert shares(await classify(KINDS, WANTED, model)) == {kind: 1.0}
    assert len(model.again) == 1


@pytest.mark.parametrize("value", [None, Sighting(kind="hiring")])
async def test_a_backend_that_tells_nothing_new_is_not_asked_for_ever(value: Sighting | None) -> None:
    asked: list[bool] = []

    async def stubborn(kinds: frozenset[str], *, again: bool) -> Told:
        asked.append(again)
        return Told(value, 0.1)

    replies = await classify(KINDS, WANTED, stubborn)
    assert len(replies) == len(asked) == (1 if value is None else 2)


def test_the_schema_lists_what_is_left() -> None:
    assert sighting_schema(KINDS)["properties"]["kind"]["enum"] == sorted(KINDS)
    assert len(KINDS) == len(known_taxonomy().kinds) + len(known_taxonomy().reasons)
    assert sighting_schema(frozenset({"cost"}))["properties"]["kind"]["enum"] == ["cost"]
