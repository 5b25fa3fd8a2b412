"""A campaign with a fallback or a shadow: what it leaves to learn from, and that a shadow changes nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from miniatures.agents.campaign import CampaignRunner
from miniatures.agents.runs import open_roles
from miniatures.agents.seats import Seats
from miniatures.backends.errors import ServerFailed
from miniatures.backends.wrappers.recorded import RecordedBackend
from miniatures.datamodel.backend import BackendIdentity, Bill
from miniatures.datamodel.campaign import Budget, WritingSettings
from miniatures.datamodel.capabilities import Capabilities, Variant
from miniatures.datamodel.draft import DraftStatus
from miniatures.datamodel.seat import Seat
from miniatures.datamodel.trace import new_id
from miniatures.inputs.campaign import load_campaign
from miniatures.inputs.scaffold import create_campaign
from miniatures.prompts.library import PromptLibrary
from miniatures.store.open import open_store
from miniatures.store.second_answers import shadow_pairs, teacher_candidates
from tests.chaos.small_campaign import (
    NAME,
    SteadyBackend,
    prospects,
    run_small_campaign,
    small_context,
    sqlite_url,
)

TEACHER = BackendIdentity(provider="steady", model="teacher")


class DownBackend(SteadyBackend):
    """Never answers."""

    async def _agenerate(self, *_: object, **__: object):
        raise ServerFailed("down")


LARGE = Capabilities()


def shadowed(teacher: SteadyBackend) -> Seats:
    return Seats(RecordedBackend(SteadyBackend()), shadow=RecordedBackend(teacher))


def results(url: str) -> list[tuple[str, Any, Bill]]:
    with open_store(url) as store:
        return [(result.prospect.email, _told(result.draft), result.bill) for result in store.results(NAME)]


def _told(draft: Any) -> Any:
    """A draft without the names of its calls."""
    return draft.model_copy(update={"id": "", "trace": None, "evidence": [one.quote for one in draft.evidence]})


async def test_each_used_answer_has_the_shadows_beside_it(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path)
    teacher = SteadyBackend(identity=TEACHER, capabilities=LARGE)
    (tmp_path / "plain").mkdir()
    plain = await run_small_campaign(sqlite_url(tmp_path / "plain"), 3)
    with_shadow = await run_small_campaign(url, 3, shadowed(teacher))
    assert with_shadow.bill.usage.total_tokens > plain.bill.usage.total_tokens, "the run says what it truly took"
    assert results(url) == results(sqlite_url(tmp_path / "plain")), "no result knows of the shadow"
    with open_store(url) as store:
        pairs, traces = list(shadow_pairs(store, NAME)), list(store.traces(NAME))
        assert len(pairs) == 3 * (2 + 2)
        assert len(traces) == 2 * len(pairs) + 3, "the researcher has no shadow here"
        assert {pair.used.prompt_name for pair in pairs} == {"writer"}
        for pair in pairs:
            assert (pair.used.role, pair.shadow.role) == ("writer", "writer")
            assert (pair.used.seat, pair.shadow.seat) == (Seat.FIRST, Seat.SHADOW)
            assert pair.shadow.shadow_of == pair.used.id
            assert pair.used.variables == pair.shadow.variables
            assert (pair.used.prompt_variant, pair.shadow.prompt_variant) == ("compact", "full")
        assert {str(trace.backend) for trace in teacher_candidates(store, NAME)} == {"steady:teacher"}
        assert {result.draft.backend for result in store.results(NAME) if result.draft} == {"steady:steady"}


async def test_a_shadow_that_is_down_or_dear_changes_no_result(tmp_path: Path) -> None:
    url, budget = sqlite_url(tmp_path), Budget(tokens=9_000)
    summary = await run_small_campaign(url, 3, shadowed(DownBackend(identity=TEACHER)), prospect_budget=budget)
    assert summary.by_status == {DraftStatus.NEEDS_REVIEW: 3}
    with open_store(url) as store:
        assert list(shadow_pairs(store, NAME)) == []
        failed = [trace for trace in store.traces(NAME) if trace.seat is Seat.SHADOW]
        assert len(failed) == 3 * (2 + 2) and all(trace.error for trace in failed)


@pytest.fixture
def campaign(tmp_path: Path) -> Path:
    create_campaign(tmp_path / "autumn")
    return tmp_path / "autumn" / "campaign.yaml"


def with_roles(path: Path, roles: str) -> Path:
    head, _, _ = path.read_text().partition("backends:")
    backends = "{a: 'openai-compatible:http://127.0.0.1:9/v1#a', b: 'openai-compatible:http://127.0.0.1:9/v1#b'}"
    path.write_text(f"{head}backends: {backends}\nroles: {roles}\n")
    return path


def test_seats_that_name_one_backend_share_it(campaign: Path) -> None:
    loaded = load_campaign(with_roles(campaign, "{researcher: {first: a, shadow: b}, writer: a, shadow: b}"))
    with open_store(f"sqlite:///{campaign.parent}/store.sqlite") as store:
        seats = open_roles(loaded, store, new_id())
    assert set(seats) == {"researcher", "writer"}
    assert seats["writer"].first is seats["researcher"].first, "one dressed backend, one limit, one price"
    assert seats["writer"].shadow is seats["researcher"].shadow
    assert seats["writer"].fallback is None


async def test_what_a_fallback_wrote_is_a_candidate_with_its_variables(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path)
    teacher = RecordedBackend(SteadyBackend(identity=TEACHER, capabilities=LARGE))
    with open_store(url) as store, store.campaign_lock(NAME):
        student = RecordedBackend(SteadyBackend())
        context = small_context(Seats(student, fallback=teacher), store.ledger(NAME), write=WritingSettings())
        runner = CampaignRunner(campaign=NAME, context=context, store=store, concurrency=4)
        await runner.run(prospects(2), 2)
        found = list(teacher_candidates(store, NAME))
    assert [(trace.seat, trace.role, str(trace.backend)) for trace in found] == [
        (Seat.FALLBACK, "writer", "steady:teacher")
    ] * 2
    for trace in found:
        again = PromptLibrary().render("writer", Variant.COMPACT, trace.variables)
        assert trace.variables["prospect"]["company"] in again.messages[-1].content
        assert (trace.variables["reasons"], trace.variables["previous"]) == ([], None)
