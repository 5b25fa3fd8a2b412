"""A sentence is asked about until it is decided whether it is wanted, and never longer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from miniatures.agents.answers import Sighting
from miniatures.agents.sighting import KINDS, SURE, shares, sight, sighting_schema, wanted_share
from miniatures.datamodel.news import NewsKind, NoNews

WANTED = {"cost", "technology"}
QUESTION = {"company": "Nordfrost", "today": "2026-11-22", "sentences": [{"number": 1, "text": "Power became dearer."}]}


@dataclass
class Told:
    value: dict[str, Any] | None
    probability: float | None


class Model:
    """Names the likeliest kind that its schema leaves, as a model held to it does."""

    def __init__(self, weights: dict[str, float]) -> None:
        self.weights = weights
        self.again: list[bool] = []

    async def __call__(self, question: dict[str, Any], form: type[BaseModel], *, again: bool, **options: Any) -> Told:
        assert (question, form, options["probability"]) == (QUESTION, Sighting, True)
        self.again.append(again)
        left = options["response_schema"]["properties"]["kind"]["enum"]
        kind = max(left, key=lambda one: self.weights.get(one, 0.0))
        return Told({"kind": kind}, self.weights.get(kind, 0.0))


async def seen(weights: dict[str, float]) -> tuple[bool, list[bool]]:
    """Whether the sentence is taken, and the questions that it took."""
    model = Model(weights)
    replies = await sight(QUESTION, WANTED, model)
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
        async def __call__(self, *question: Any, **options: Any) -> Told:
            return Told((await super().__call__(*question, **options)).value, None)

    model = Silent({kind: 0.1})
    assert shares(await sight(QUESTION, WANTED, model)) == {kind: 1.0}
    assert len(model.again) == 1


@pytest.mark.parametrize("value", [None, {"kind": "hiring"}])
async def test_a_backend_that_tells_nothing_new_is_not_asked_for_ever(value: dict[str, Any] | None) -> None:
    asked: list[bool] = []

    async def stubborn(question: dict[str, Any], form: type[BaseModel], *, again: bool, **options: Any) -> Told:
        asked.append(again)
        return Told(value, 0.1)

    replies = await sight(QUESTION, WANTED, stubborn)
    assert len(replies) == len(asked) == (1 if value is None else 2)


def test_the_schema_lists_what_is_left() -> None:
    for kind in sighting_schema()["properties"]["kind"]["enum"]:
        Sighting.model_validate({"kind": kind})
    assert len(KINDS) == len(NewsKind) + len(NoNews)
    assert sighting_schema(frozenset({"cost"}))["properties"]["kind"]["enum"] == ["cost"]
