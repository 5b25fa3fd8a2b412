"""The whole graph: research leads to writing only where there is evidence, and finished stages are not done again."""

from __future__ import annotations

import subprocess
import sys

from miniatures import build_prospect_graph
from miniatures.agents.tools.search.base import SearchOutcome, SearchStatus
from miniatures.datamodel.dossier import DossierStatus
from miniatures.datamodel.draft import DraftStatus
from miniatures.store.tracing import Scope, enter_scope
from tests.agents.scene import (
    BAD_EMAIL,
    FIRST_SENTENCE,
    GOOD_EMAIL,
    FixedSearch,
    MemoryLedger,
    context,
    found,
    page,
    scripted,
)
from tests.checks.cases import PROSPECT


async def run(given):
    return await build_prospect_graph().compile().ainvoke({"prospect": PROSPECT}, context=given)


async def test_a_prospect_becomes_a_draft():
    state = await run(context())
    assert set(state) == {"prospect", "dossier", "draft"}
    assert state["dossier"].status is DossierStatus.FOUND
    assert state["draft"].status is DraftStatus.READY


async def test_without_evidence_there_is_no_draft_and_no_writer_is_asked():
    writer = scripted(GOOD_EMAIL)
    given = context(search=FixedSearch(SearchOutcome(status=SearchStatus.BLOCKED)), models={"writer": writer})
    state = await run(given)
    assert "draft" not in state
    assert state["dossier"].status is DossierStatus.BLOCKED
    assert not writer.calls


def roles(**changes):
    fields = {"researcher": scripted(FIRST_SENTENCE), "writer": scripted(BAD_EMAIL, GOOD_EMAIL)}
    return {**fields, **changes}


async def test_finished_stages_are_recalled_and_the_result_is_the_same():
    ledger = MemoryLedger()
    first = await run(context(models=roles(), ledger=ledger))
    again = roles()
    search = FixedSearch(found(page()))
    second = await run(context(models=again, ledger=ledger, search=search))
    assert second["draft"] == first["draft"]
    assert second["dossier"] == first["dossier"]
    assert not search.queries
    assert not any(model.calls for model in again.values())
    assert ledger.recalled == ["gather", "select", "write", "write"]


async def test_a_swapped_writer_reuses_research_and_writes_anew():
    ledger = MemoryLedger()
    await run(context(models=roles(), ledger=ledger))
    researcher, writer = scripted(FIRST_SENTENCE), scripted(GOOD_EMAIL, name="other")
    state = await run(context(models={"researcher": researcher, "writer": writer}, ledger=ledger))
    assert ledger.recalled == ["gather", "select"]
    assert len(writer.calls) == 1
    assert state["draft"].backend == "test:other"


async def test_a_changed_brief_reuses_nothing():
    ledger = MemoryLedger()
    given = context(models=roles(), ledger=ledger)
    await run(given)
    other = given.brief.model_copy(update={"tone": "formal"})
    await run(context(models=roles(), ledger=ledger, brief=other))
    assert ledger.recalled == []


async def test_what_was_blocked_is_tried_again():
    ledger = MemoryLedger()
    blocked = FixedSearch(SearchOutcome(status=SearchStatus.BLOCKED))
    assert (await run(context(search=blocked, ledger=ledger)))["dossier"].status is DossierStatus.BLOCKED
    assert (await run(context(ledger=ledger)))["dossier"].status is DossierStatus.FOUND


async def test_stages_and_checks_leave_spans_in_one_tree():
    entries = []

    class Sink:
        def record(self, entry):
            entries.append(entry)

    with enter_scope(Scope(Sink(), "run", "campaign", PROSPECT.key)):
        await run(context(models=roles()))
    names = [(entry.kind, entry.name) for entry in entries]
    assert names.count(("stage", "write")) == 2
    assert names.count(("check", "email")) == 2
    assert ("stage", "gather") in names
    check = next(entry for entry in entries if entry.kind == "check")
    assert "unsupported" in check.attributes["failed"]


def test_importing_the_package_does_not_load_langgraph():
    code = "import sys, miniatures.agents; print('langgraph' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "False"
