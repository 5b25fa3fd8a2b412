"""The arms of a test run side by side over pages on disk: whatever ends one of them leaves the others to finish."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from miniatures.agents.run_events import RunEvent, RunSummary
from miniatures.agents.runner import RunOutcome
from miniatures.agents.runs import open_arms, open_campaign, run_campaign
from miniatures.backends.errors import UnknownModel
from miniatures.cli.run_command import exit_code
from miniatures.datamodel.ab_decision import AbAction, AbDecision
from miniatures.datamodel.draft import DraftStatus
from miniatures.datamodel.errors import ExitCode, InputError, MiniaturesError
from miniatures.datamodel.live_verdict import GuardrailHit, Rate
from miniatures.datamodel.prospect import Prospect
from miniatures.datamodel.result import ProspectResult
from miniatures.datamodel.seat import Seat
from miniatures.datamodel.verdict import Guardrail
from miniatures.inputs.campaign import LoadedCampaign, load_campaign
from miniatures.inputs.scaffold import create_campaign
from miniatures.store.open import open_store
from tests.chaos.unruly_server import UnrulyServer, answers, error, unruly

COMPANIES = [f"Velbrook {name}" for name in ("Ada", "Bo", "Cy", "Di", "Ed", "Flo", "Gus", "Hal", "Ina", "Jo")]
EMAIL = json.dumps({"subject": "Places", "body": "Hello,\n\nyou added places.\n\nRobin"})
CAMPAIGN = """
name: autumn
brief: brief.md
prospects: prospects.csv
search: local:./sites
hosts: {{'*.example': '127.0.0.1:1'}}
backends:
  written: {{use: 'openai-compatible:{server}#written'}}
  short: {{use: 'openai-compatible:{server}#short', budget_tokens: 1}}
  missing: miniature:nobody@live
  misspelt: minature:nobody@live
roles: {{writer: none}}
concurrency: 4
{more}
"""
Write = Callable[[str], LoadedCampaign]


@pytest.fixture
def server() -> Iterator[UnrulyServer]:
    """A model that writes everybody the same."""
    with unruly(answers(EMAIL)) as server:
        yield server


@pytest.fixture
def write(tmp_path: Path, server: UnrulyServer) -> Write:
    """Writes the campaign's file, with arms as given, beside a list and pages with a piece of news for each."""
    folder = tmp_path / "autumn"
    create_campaign(folder)
    lines = ["email,first_name,company,website"]
    for company in COMPANIES:
        host = f"{company.replace(' ', '-').lower()}.example"
        page = folder / "sites" / host / "index.html"
        page.parent.mkdir(parents=True)
        page.write_text(f"<article><p>In October 2026 {company} opened a new warehouse in Rotterdam.</p></article>")
        lines += [f"kim@{host},Kim,{company},https://{host}", f"lee@{host},Lee,{company} Ltd,https://{host}"]
    (folder / "prospects.csv").write_text("\n".join([*lines, "nobody,,,"]) + "\n")

    def write(more: str) -> LoadedCampaign:
        (folder / "campaign.yaml").write_text(CAMPAIGN.format(server=server.url, more=more))
        return load_campaign(folder, trusted=True)

    return write


def kept(loaded: LoadedCampaign) -> dict[str, ProspectResult]:
    with open_store(loaded.store_url) as store:
        return {result.prospect.email: result for result in store.results(loaded.name)}


def written_for(loaded: LoadedCampaign) -> set[str]:
    """The keys of those whom a run has reached."""
    return {one.prospect.key for one in kept(loaded).values() if one.status is not DraftStatus.PENDING}


def enrolled(loaded: LoadedCampaign) -> dict[str, str]:
    with open_store(loaded.store_url) as store:
        return {key: one.arm for key, one in store.mail.enrolments.of(loaded.name).items()}


def told(summary: RunSummary) -> dict[str, RunOutcome]:
    return {arm: one.outcome for arm, one in summary.arms.items()}


async def test_each_prospect_is_done_once_by_the_arm_of_its_company(write: Write) -> None:
    loaded = write("arms: {placed: {}, written: {writer: written}}")
    events: list[RunEvent] = []
    summary = await run_campaign(loaded, on_event=events.append)
    results, places = kept(loaded), enrolled(loaded)
    assert {result.prospect.key: result.arm for result in results.values()} == places
    assert len(results) == len(places) == 20
    listed = [row.email for row in loaded.prospects() if isinstance(row, Prospect)]
    with open_store(loaded.store_url) as store:
        assert [result.prospect.email for result in store.results(loaded.name)] == listed
    by_company: dict[str, set[str]] = {}
    for result in results.values():
        by_company.setdefault(result.prospect.company.removesuffix(" Ltd"), set()).add(result.arm)
    assert Counter(len(arms) for arms in by_company.values()) == {1: 10}
    policies = {(result.arm, result.policy) for result in results.values()}
    assert len(policies) == len({arm for arm, _ in policies}) == 2
    writers = {(result.arm, result.draft.backend.partition(":")[0]) for result in results.values() if result.draft}
    assert writers == {("placed", "placed"), ("written", "openai-compatible")}
    assert told(summary) == {"placed": RunOutcome.COMPLETED, "written": RunOutcome.COMPLETED}
    assert summary.new == sum(one.new for one in summary.arms.values()) == 20
    assert (summary.outcome, summary.bad_row_count, len(summary.bad_rows)) == (RunOutcome.COMPLETED, 1, 1)
    assert [event.done for event in events] == list(range(1, 21))
    assert {event.total for event in events} == {20}
    assert events[-1].bill == summary.bill
    assert summary.bill.usage.total_tokens == summary.arms["written"].bill.usage.total_tokens > 0


async def _stop(loaded: LoadedCampaign, arm: str) -> None:
    hit = GuardrailHit(
        arm=arm,
        guardrail=Guardrail.BOUNCED,
        rate=Rate(count=12, base=60, low=0.1, high=0.3),
        limit=0.05,
        low=0.08,
    )
    decision = AbDecision(
        id=arm,
        campaign=loaded.name,
        arm=arm,
        action=AbAction.STOPPED,
        why="It bounced.",
        hits=(hit,),
        decided_by="guardrail",
        decided_at=datetime(2026, 3, 3, tzinfo=UTC),
    )
    with open_store(loaded.store_url) as store:
        await store.mail.decisions.keep(decision)


async def test_nothing_is_written_in_an_arm_that_was_stopped_and_that_is_no_failure(write: Write) -> None:
    loaded = write("arms: {placed: {}, written: {writer: written}}")
    await run_campaign(loaded, limit=4)
    before = written_for(loaded)
    await _stop(loaded, "written")
    events: list[RunEvent] = []
    summary = await run_campaign(loaded, on_event=events.append)
    places, results = enrolled(loaded), written_for(loaded)
    assert results == before | {key for key, arm in places.items() if arm == "placed"}
    stopped = summary.arms["written"].stopped
    assert stopped is not None and stopped.hits[0].rate.count == 12
    assert stopped.left_out == 20 - len(results) > 0, "they are enrolled, and counted"
    assert (summary.outcome, exit_code(summary), summary.arms["placed"].stopped) == (
        RunOutcome.COMPLETED,
        ExitCode.OK,
        None,
    )
    assert {event.total for event in events} == {Counter(places.values())["placed"]}


async def test_a_stopped_arm_whose_backend_is_gone_ends_no_run(write: Write) -> None:
    loaded = write("arms: {placed: {}, gone: {writer: missing}}")
    assert (await run_campaign(loaded)).outcome is RunOutcome.BACKEND_UNAVAILABLE
    await _stop(loaded, "gone")
    summary = await run_campaign(loaded)
    assert (summary.outcome, exit_code(summary)) == (RunOutcome.COMPLETED, ExitCode.OK)
    assert summary.arms["gone"].stopped is not None


async def test_when_every_arm_was_stopped_a_run_ends_at_once(write: Write) -> None:
    loaded = write("arms: {placed: {}, other: {}}")
    await _stop(loaded, "placed")
    await _stop(loaded, "other")
    summary = await run_campaign(loaded)
    assert (summary.new, summary.outcome, written_for(loaded)) == (0, RunOutcome.COMPLETED, set())
    assert sum(one.stopped.left_out for one in summary.arms.values() if one.stopped) == 20


async def test_a_run_notes_who_takes_its_peoples_mail(write: Write) -> None:
    async def gateway_of(domain: str) -> str | None:
        return "big.example" if domain < "velbrook-d" else None

    loaded = write("arms: {placed: {}, other: {}}")
    summary = await run_campaign(loaded, gateway_of=gateway_of)
    assert summary.outcome is RunOutcome.COMPLETED
    with open_store(loaded.store_url) as store:
        gateways = Counter(one.gateway for one in store.mail.enrolments.of(loaded.name).values())
    assert gateways == {"big.example": 6, "unknown": 14}


async def test_a_second_run_does_nothing_again_and_newcomers_move_nobody(write: Write) -> None:
    loaded = write("arms: {placed: {}, other: {}}")
    await run_campaign(loaded, limit=6)
    before = enrolled(loaded)
    assert len(before) == 6
    summary = await run_campaign(loaded)
    assert (summary.reused, summary.new) == (6, 14)
    assert before.items() <= enrolled(loaded).items()
    with open_store(loaded.store_url) as store:
        runs = store.runs(loaded.name)
    assert [run.outcome for run in runs] == ["completed"] * 4
    assert all(run.ended_at is not None and run.ended_at > run.started_at for run in runs)


ENDED_EARLY = [
    pytest.param("short", RunOutcome.BUDGET_REACHED, ExitCode.BUDGET_REACHED, "backend short", id="a spent budget"),
    pytest.param("missing", RunOutcome.BACKEND_UNAVAILABLE, ExitCode.BACKEND_UNAVAILABLE, "'nobody'", id="no model"),
    pytest.param("written", RunOutcome.BACKEND_UNAVAILABLE, ExitCode.BACKEND_UNAVAILABLE, "", id="a refused key"),
]


@pytest.mark.parametrize(("writer", "outcome", "code", "why"), ENDED_EARLY)
async def test_what_ends_one_arm_leaves_the_other_to_finish(
    write: Write, server: UnrulyServer, writer: str, outcome: RunOutcome, code: ExitCode, why: str
) -> None:
    server._behaviours = (error(401, "no such key"),)
    loaded = write(f"arms: {{placed: {{}}, ended: {{writer: {writer}}}}}")
    summary = await run_campaign(loaded)
    assert told(summary) == {"placed": RunOutcome.COMPLETED, "ended": outcome}
    assert summary.outcome is outcome
    assert exit_code(summary) is code
    assert summary.message.startswith("ended: ") and why in summary.message
    places = Counter(enrolled(loaded).values())
    assert places.total() == 20, "who is in which arm is settled, whether it can be run or not"
    assert summary.arms["placed"].new == places["placed"] > 0
    assert {result.arm for result in kept(loaded).values() if result.status is not DraftStatus.PENDING} == {"placed"}


async def test_a_crash_of_one_arm_is_raised_once_the_other_has_finished(write: Write) -> None:
    loaded = write("arms: {placed: {}, crashed: {writer: written, prompts: broken}}")
    (loaded.folder / "broken").mkdir()
    (loaded.folder / "broken" / "writer.full.jinja").write_text("{% block user %}{{ nowhere.at_all }}{% endblock %}")
    with pytest.raises(InputError, match=r"writer\.full\.jinja"):
        await run_campaign(loaded)
    places = Counter(enrolled(loaded).values())
    done = Counter(result.arm for result in kept(loaded).values() if result.status is not DraftStatus.PENDING)
    assert done["placed"] == places["placed"] > 0


async def test_the_campaign_s_own_budget_is_common(write: Write) -> None:
    loaded = write("budget: {tokens: 1}\narms: {one: {writer: written}, two: {writer: written}}")
    summary = await run_campaign(loaded)
    assert set(told(summary).values()) == {RunOutcome.BUDGET_REACHED}
    assert summary.new == 0


async def test_arms_share_an_open_backend_and_no_policy(write: Write) -> None:
    loaded = write("arms: {one: {writer: written, verifier: written}, two: {writer: written}}")
    async with open_arms(loaded, hosts={}) as opened:
        one, two = (opened.arms[arm].context for arm in ("one", "two"))
    assert one.model("writer") is two.model("writer")
    assert (one.seat("verifier", Seat.FIRST) is None, two.seat("verifier", Seat.FIRST) is None) == (False, True)
    assert one.policy.hash != two.policy.hash
    assert one.fetcher is two.fetcher and one.search is two.search


async def test_an_arm_s_own_prompts_are_part_of_its_policy(write: Write) -> None:
    loaded = write("arms: {one: {writer: written}, two: {writer: written, prompts: shorter}}")
    with pytest.raises(InputError, match="arm two: there is no folder shorter"):
        await run_campaign(loaded)
    (loaded.folder / "shorter").mkdir()
    (loaded.folder / "shorter" / "writer.full.jinja").write_text("{% block user %}Write.{% endblock %}")
    async with open_arms(loaded, hosts={}) as opened:
        assert len({one.context.policy.hash for one in opened.arms.values()}) == 2


@pytest.mark.parametrize(
    ("more", "why"),
    [
        pytest.param("arms: {one: {}, two: {writer: misspelt}}", "names no kind of backend", id="a misspelt backend"),
        pytest.param("", "its file has no arms any more", id="no arms"),
        pytest.param("arms: {one: {share: 0.9}, two: {share: 0.1}}", "began as a test of one", id="other shares"),
    ],
)
async def test_a_file_that_is_wrong_or_changed_is_refused_before_anything_is_done(
    write: Write, more: str, why: str
) -> None:
    await run_campaign(write("arms: {one: {}, two: {}}"), limit=1)
    with pytest.raises(MiniaturesError, match=why) as refused:
        await run_campaign(write(more))
    assert refused.value.exit_code is ExitCode.BAD_INPUT
    assert len(kept(write(more))) == 1


async def test_arms_come_too_late_for_a_campaign_that_was_run(write: Write) -> None:
    await run_campaign(write(""), limit=1)
    with pytest.raises(InputError, match="was run before it had arms"):
        await run_campaign(write("arms: {one: {}, two: {}}"))


async def test_what_an_arm_made_is_changed_by_that_arm_or_by_none(write: Write) -> None:
    async with open_arms(write("arms: {one: {}, two: {writer: missing}}"), hosts={}) as opened:
        assert opened.of("one").context is opened.arms["one"].context
        with pytest.raises(UnknownModel):
            opened.of("two")
        for gone in ("three", ""):
            with pytest.raises(InputError, match="no longer has"):
                opened.of(gone)


async def test_a_test_is_no_single_policy(write: Write) -> None:
    with pytest.raises(InputError, match="is an A/B test"):
        async with open_campaign(write("arms: {one: {}, two: {}}"), hosts={}):
            pass
