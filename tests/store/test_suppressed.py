"""Of a list, whoever is suppressed is told from everybody else, and why."""

from __future__ import annotations

from pathlib import Path

import pytest

from miniatures.datamodel.prospect import BadRow, Prospect, RowFault
from miniatures.datamodel.suppression import SuppressionReason
from miniatures.inputs.prospects import read_prospects
from miniatures.store.store import Store
from miniatures.store.suppressed import suppression_of


@pytest.fixture(autouse=True)
def own_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINIATURES_HOME", str(tmp_path / "home"))


async def test_a_list_is_read_without_whoever_is_suppressed(store: Store) -> None:
    suppressions = store.mail.suppressions
    await suppressions.add("a@mill.example", SuppressionReason.FORGOTTEN)
    await suppressions.add("@bakery.example", SuppressionReason.OPT_OUT, campaign="autumn")
    await suppressions.add("c@mill.example", SuppressionReason.BOUNCE, campaign="spring")
    rows = [
        {"email": email, "company": "A company"}
        for email in ("A@mill.example", "b@bakery.example", "c@mill.example", "a@mill.example")
    ]
    entries = list(read_prospects(rows, suppressed=suppression_of(store, "autumn")))
    told = [(one.line, one.fault) if isinstance(one, BadRow) else one.email for one in entries]
    assert told == [(1, RowFault.SUPPRESSED), (2, RowFault.SUPPRESSED), "c@mill.example", (4, RowFault.DUPLICATE)]
    assert isinstance(entries[0], BadRow) and isinstance(entries[1], BadRow)
    assert (entries[0].reason.split(":")[0], entries[1].reason.split(":")[0]) == (
        "suppressed (forgotten)",
        "suppressed (opt out)",
    )
    assert all(isinstance(one, Prospect) for one in read_prospects(rows[:3]))
