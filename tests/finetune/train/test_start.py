"""Training goes on from a registered adapter, and the card knows what that had learned."""

from __future__ import annotations

from pathlib import Path

import pytest

from miniatures.datamodel.errors import InputError
from miniatures.finetune.train.card import register_run
from miniatures.finetune.train.training import train
from miniatures.weights.errors import UnknownMiniature
from miniatures.weights.registry import Registry
from tests.finetune.tiny_runs import Workshop, make_workshop, one_thread

pytestmark = pytest.mark.slow


@pytest.fixture
def registered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Workshop, str]:
    """A workshop, and the version of a run of two steps in the user's registry."""
    monkeypatch.setenv("MINIATURES_HOME", str(tmp_path / "home"))
    workshop = make_workshop(tmp_path / "first", emails=6)
    prepared = workshop.prepared(max_steps=2, evaluate_every=2)
    with one_thread():
        summary = train(prepared, tmp_path / "out", lambda progress: None)
    card = register_run(prepared, workshop.dataset, summary, tmp_path / "out", Registry())
    return workshop, card.version


def test_it_starts_from_what_was_learned_and_pins_the_version(registered: tuple[Workshop, str]) -> None:
    workshop, version = registered
    fresh, again = workshop.prepared(max_steps=1), workshop.prepared(max_steps=1, start="tiny@candidate")
    assert again.recipe.start == f"tiny@{version}"
    assert again.hash != fresh.hash
    ups = {name: weight for name, weight in again.model.named_parameters() if "lora_B" in name}
    assert ups
    assert all(bool(weight.abs().sum() > 0) for weight in ups.values())
    assert all(not bool(weight.any()) for name, weight in fresh.model.named_parameters() if "lora_B" in name)


def test_its_card_has_the_companies_of_both(registered: tuple[Workshop, str], tmp_path: Path) -> None:
    workshop, version = registered
    prepared = workshop.prepared(max_steps=1, evaluate_every=1, start="tiny@candidate", name="later")
    with one_thread():
        summary = train(prepared, tmp_path / "later", lambda progress: None)
    registry = Registry()
    first = registry.card("tiny", version)
    registry.update_card(first)
    other = first.model_copy(update={"companies": ("0" * 12,)})
    card = register_run(prepared, workshop.dataset, summary, tmp_path / "later", _Knowing(registry, other))
    assert set(card.companies) == {"0" * 12, *first.companies}
    assert card.recipe["start"] == f"tiny@{version}"


class _Knowing(Registry):
    """The user's registry, in which the first run's card names another company."""

    def __init__(self, registry: Registry, card: object) -> None:
        super().__init__(registry.root)
        self._card = card

    def card(self, name: str, ref: str = "live") -> object:  # type: ignore[override]
        return self._card


@pytest.mark.parametrize(
    ("changes", "said"), [({"lora": {"rank": 4}}, "another rank"), ({"start": "none@live"}, "none")]
)
def test_another_shape_and_no_such_miniature(registered: tuple[Workshop, str], changes: dict, said: str) -> None:
    workshop, _ = registered
    with pytest.raises((InputError, UnknownMiniature), match=said):
        workshop.prepared(**{"max_steps": 1, "start": "tiny@candidate", **changes})
