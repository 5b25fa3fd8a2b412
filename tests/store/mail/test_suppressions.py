"""Whoever opted out stays out: of one campaign, or of all that this user runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from miniatures.datamodel.errors import StoreError
from miniatures.datamodel.suppression import SuppressionReason
from miniatures.store.mail.suppressions import Suppressions, everywhere_file
from miniatures.store.open import open_store
from miniatures.store.store import Store
from tests.store.mail.emails import CAMPAIGN, claim, email_to, queue


async def test_the_first_reason_stays(store: Store) -> None:
    await store.mail.suppressions.add("a@b.example", SuppressionReason.OPT_OUT)
    await store.mail.suppressions.add("A@B.example", SuppressionReason.BOUNCE)
    [entry] = store.mail.suppressions.entries("autumn")
    assert entry.reason is SuppressionReason.OPT_OUT


async def test_what_holds_for_all_campaigns_holds_in_another_store_of_the_user(tmp_path: Path) -> None:
    with open_store(str(tmp_path / "one.sqlite")) as first, open_store(str(tmp_path / "two.sqlite")) as second:
        await first.mail.suppressions.add("a@b.example", SuppressionReason.COMPLAINT)
        await first.mail.suppressions.add("c@d.example", SuppressionReason.OPT_OUT, campaign="spring")
        assert second.mail.suppressions.listed("a@b.example", "autumn") is not None
        assert second.mail.suppressions.listed("c@d.example", "autumn") is None
        assert first.mail.suppressions.listed("c@d.example", "spring") is not None


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
async def test_no_address_lies_on_the_disk(store: Store, tmp_path: Path) -> None:
    await store.mail.suppressions.add("somebody@somewhere.example", SuppressionReason.OPT_OUT)
    await store.mail.suppressions.add("somebody@somewhere.example", SuppressionReason.OPT_OUT, campaign="autumn")
    assert everywhere_file().is_relative_to(tmp_path)
    store.close()
    for file in tmp_path.rglob("*"):
        assert not file.is_file() or b"somewhere" not in file.read_bytes()


async def test_many_are_taken_in_at_once(store: Store) -> None:
    await store.mail.suppressions.add_all((f"p{n}@x.example" for n in range(1_100)), SuppressionReason.IMPORTED)
    assert len(list(store.mail.suppressions.entries("autumn"))) == 1_100
    assert store.mail.suppressions.listed("p1099@x.example", "autumn") is not None


async def test_a_list_that_was_being_made_when_its_process_was_killed_is_empty(store: Store) -> None:
    everywhere_file().parent.mkdir(parents=True, exist_ok=True)
    everywhere_file().touch()
    assert store.mail.suppressions.listed("a@b.example", "autumn") is None
    await store.mail.suppressions.add("a@b.example", SuppressionReason.OPT_OUT)
    assert store.mail.suppressions.listed("a@b.example", "autumn") is not None


async def test_another_homes_secret_is_refused_since_its_opt_outs_would_be_unknown(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = email_to(1)
    monkeypatch.setenv("MINIATURES_HOME", str(tmp_path / "rosas home"))
    await queue(store, one)
    monkeypatch.setenv("MINIATURES_HOME", str(tmp_path / "a services home"))
    other = Suppressions(store._database, store._writer, store.now)
    for refused in (
        other.add(one.address, SuppressionReason.OPT_OUT),
        other.add(one.address, SuppressionReason.OPT_OUT, campaign=CAMPAIGN),
    ):
        with pytest.raises(StoreError, match="another home") as told:
            await refused
        assert "MINIATURES_HOME" in told.value.hint
    monkeypatch.setenv("MINIATURES_HOME", str(tmp_path / "rosas home"))
    await store.mail.suppressions.add(one.address, SuppressionReason.OPT_OUT)
    assert await claim(store) == []
