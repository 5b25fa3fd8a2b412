"""A campaign with a fallback or a shadow: what it leaves to learn from, and that a shadow changes nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from miniatures.agents.campaign import CampaignRunner
from miniatures.agents.context import CampaignContext
from miniatures.agents.runs import open_roles
from miniatures.backends.errors import ServerFailed
from miniatures.backends.wrappers.recorded import RecordedBackend
from miniatures.backends.wrappers.shadow import ShadowBackend
from miniatures.datamodel.backend import BackendIdentity, Profile, Usage
from miniatures.datamodel.campaign import Budget
from miniatures.datamodel.draft import DraftStatus
from miniatures.inputs.campaign import load_campaign
from miniatures.inputs.scaffold import create_campaign
from miniatures.prompts.library import PromptLibrary
from miniatures.store.open import open_store
from miniatures.store.second_answers import shadow_pairs, teacher_candidates
from tests.chaos.small_campaign import (
    BRIEF,
    NAME,
    NOW,
    HeldPages,
    SteadyBackend,
    prospects,
    run_small_campaign,
    sqlite_url,
)

TEACHER = BackendIdentity(provider="steady", model="teacher")


class DownBackend(SteadyBackend):
    """Never answers."""

    async def _agenerate(self, *_: object, **__: object):
        raise ServerFailed("down")


def shadowed(teacher: SteadyBackend) -> ShadowBackend:
    return ShadowBackend(SteadyBackend(), RecordedBackend(teacher))


def results(url: str) -> list[tuple[str, Any, Usage]]:
    with open_store(url) as store:
        return [(result.prospect.email, result.draft, result.usage) for result in store.results(NAME)]


async def test_each_used_answer_has_the_shadows_beside_it(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path)
    teacher = SteadyBackend(identity=TEACHER, prompt_profile=Profile.FULL)
    (tmp_path / "plain").mkdir()
    plain = await run_small_campaign(sqlite_url(tmp_path / "plain"), 3)
    with_shadow = await run_small_campaign(url, 3, shadowed(teacher))
    assert with_shadow.usage.total_tokens > plain.usage.total_tokens, "the run says what it truly took"
    assert results(url) == results(sqlite_url(tmp_path / "plain")), "no result knows of the shadow"
    with open_store(url) as store:
        pairs, traces = list(shadow_pairs(store, NAME)), list(store.traces(NAME))
        assert len(pairs) == 3 * (2 + 2)
        assert len(traces) == 2 * len(pairs) + 3, "what the small researcher was asked is no question for a large one"
        assert {pair.used.prompt_name for pair in pairs} == {"writer"}
        for pair in pairs:
            assert (pair.used.role, pair.shadow.role) == (pair.used.prompt_name, "shadow")
            assert pair.used.variables == pair.shadow.variables
            assert (pair.used.prompt_profile, pair.shadow.prompt_profile) == ("compact", "full")
        assert {str(trace.backend) for trace in teacher_candidates(store, NAME)} == {"steady:teacher"}
        assert {result.draft.backend for result in store.results(NAME) if result.draft} == {"steady:steady"}


async def test_a_shadow_that_is_down_or_dear_changes_no_result(tmp_path: Path) -> None:
    url, budget = sqlite_url(tmp_path), Budget(tokens=9_000)
    summary = await run_small_campaign(url, 3, shadowed(DownBackend(identity=TEACHER)), prospect_budget=budget)
    assert summary.by_status == {DraftStatus.NEEDS_REVIEW: 3}
    with open_store(url) as store:
        assert list(shadow_pairs(store, NAME)) == []
        failed = [trace for trace in store.traces(NAME) if trace.role == "shadow"]
        assert len(failed) == 15 and all(trace.error for trace in failed)


@pytest.fixture
def campaign(tmp_path: Path) -> Path:
    create_campaign(tmp_path / "autumn")
    return tmp_path / "autumn" / "campaign.yaml"


def with_roles(path: Path, roles: str) -> Path:
    head, _, _ = path.read_text().partition("backends:")
    backends = "{a: 'openai-compatible:http://127.0.0.1:9/v1#a', b: 'openai-compatible:http://127.0.0.1:9/v1#b'}"
    path.write_text(f"{head}backends: {backends}\nroles: {roles}\n")
    return path


def test_the_shadow_goes_with_the_writer_and_is_no_role_of_its_own(campaign: Path) -> None:
    loaded = load_campaign(with_roles(campaign, "{researcher: a, writer: a, shadow: b}"))
    with open_store(f"sqlite:///{campaign.parent}/store.sqlite") as store:
        models = open_roles(loaded, store)
    assert set(models) == {"researcher", "writer"}
    writer = models["writer"]
    assert isinstance(writer, ShadowBackend) and not isinstance(models["researcher"], ShadowBackend)
    assert writer.inner is models["researcher"], "one dressed backend, one limit, one price"
    assert (writer.identity.model, writer.shadow.identity.model) == (
        models["researcher"].identity.model,
        "http://127.0.0.1:9/v1#b",
    )


async def test_what_a_fallback_wrote_is_a_candidate_with_its_variables(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path)
    teacher = RecordedBackend(SteadyBackend(identity=TEACHER, prompt_profile=Profile.FULL))
    with open_store(url) as store, store.campaign_lock(NAME):
        student = RecordedBackend(SteadyBackend())
        models = {"researcher": student, "writer": student, "fallback": teacher}
        context = CampaignContext(
            models=models, brief=BRIEF, search=HeldPages(), ledger=store.ledger(NAME), now=lambda: NOW
        )
        runner = CampaignRunner(campaign=NAME, policy="p", context=context, store=store, concurrency=4)
        await runner.run(prospects(2), 2)
        found = list(teacher_candidates(store, NAME))
    assert [(trace.role, trace.prompt_name, str(trace.backend)) for trace in found] == [
        ("fallback", "writer", "steady:teacher")
    ] * 2
    for trace in found:
        again = PromptLibrary().render("writer", Profile.COMPACT, trace.variables)
        assert trace.variables["prospect"]["company"] in again.messages[-1].content
        assert (trace.variables["reasons"], trace.variables["previous"]) == ([], None)
