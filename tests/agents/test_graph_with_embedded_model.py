"""The whole graph on the embedded model: it runs, every quote is verbatim, and the checks say what they saw."""

from __future__ import annotations

import json

import pytest

from miniatures import build_prospect_graph
from miniatures.datamodel.campaign import WritingSettings
from miniatures.datamodel.check import CheckName, Outcome
from miniatures.datamodel.dossier import DossierStatus
from miniatures.datamodel.draft import DraftStatus
from tests.agents.scene import PAGE_TEXT, MemoryLedger, context
from tests.checks.cases import PROSPECT

pytestmark = pytest.mark.slow


async def test_an_untuned_miniature_is_carried_to_an_honest_end(embedded_backend):
    models = {"researcher": embedded_backend, "writer": embedded_backend, "verifier": embedded_backend}
    ledger = MemoryLedger()
    given = context(models=models, write=WritingSettings(samples=2, rewrites=1), ledger=ledger)
    graph = build_prospect_graph().compile()
    first = await graph.ainvoke({"prospect": PROSPECT}, context=given)
    dossier, draft = first["dossier"], first.get("draft")
    assert all(fact.quote in PAGE_TEXT for fact in dossier.facts)
    if draft is None:
        assert dossier.status is DossierStatus.NOTHING_FOUND
    else:
        assert [check.name for check in draft.checks] == list(CheckName)
        passed = all(check.outcome is Outcome.PASS for check in draft.checks)
        assert draft.status is (DraftStatus.READY if passed else DraftStatus.NEEDS_REVIEW)
        assert draft.usage.output_tokens > 0
        assert draft.reading
    stages = len(ledger.rows)
    again = await graph.ainvoke({"prospect": PROSPECT}, context=given)
    assert json.dumps(again.get("draft") and again["draft"].model_dump(mode="json")) == json.dumps(
        draft and draft.model_dump(mode="json")
    )
    assert len(ledger.rows) == stages
