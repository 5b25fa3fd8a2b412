"""A version that learned from somebody who is forgotten stays flagged for as long as its adapter is the same."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from miniatures.weights.errors import RegistryError
from miniatures.weights.forgotten import FLAGS, ForgottenFlag, Saw, flag, flags_markdown, flags_of
from miniatures.weights.registry import Registry
from tests.weights.miniatures_made import card_of, tiny_adapter

NOW = datetime(2026, 10, 5, tzinfo=UTC)
FLAG = ForgottenFlag(person="p", saw=Saw.DATASET, source="d" * 64, since=NOW)


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return Registry(tmp_path / "registry", shipped=tmp_path / "shipped")


def test_of_one_person_the_first_flag_stays(registry: Registry) -> None:
    later = FLAG.model_copy(update={"saw": Saw.COMPANY})
    other = FLAG.model_copy(update={"person": "q"})
    for one in (FLAG, later, other):
        flag(registry, "outreach", "a" * 12, one)
    flag(registry, "outreach", "b" * 12, other)
    assert flags_of(registry, "outreach", "a" * 12) == (FLAG, other)
    assert flags_of(registry, "outreach", "c" * 12) == ()
    assert flags_of(registry, "another", "a" * 12) == ()


def test_the_same_adapter_registered_again_is_flagged_still(registry: Registry, tmp_path: Path) -> None:
    adapter = tiny_adapter(tmp_path / "a", 1)
    version = registry.register(card_of(adapter), adapter)
    flag(registry, "outreach", version, FLAG)
    assert registry.names() == ["outreach"] and registry.versions("outreach") == [version]
    registry.remove("outreach", version)
    registry.register(card_of(adapter), adapter)
    assert flags_of(registry, "outreach", version) == (FLAG,)


@pytest.mark.parametrize(
    ("saw", "words"),
    [
        (Saw.DATASET, "trained on examples of theirs"),
        (Saw.START, "goes on from"),
        (Saw.COMPANY, "it may have learned from them"),
    ],
)
def test_a_card_says_how_it_is_known_and_what_to_do(saw: Saw, words: str) -> None:
    page = flags_markdown("outreach", "abc", (FLAG.model_copy(update={"saw": saw}),))
    assert words in page and "miniatures models remove outreach@abc" in page
    assert flags_markdown("outreach", "abc", ()) == ""


def test_damaged_flags_are_told(registry: Registry) -> None:
    flag(registry, "outreach", "a" * 12, FLAG)
    (registry.root / "outreach" / FLAGS).write_text("[]")
    with pytest.raises(RegistryError, match="cannot be read"):
        flags_of(registry, "outreach", "a" * 12)
