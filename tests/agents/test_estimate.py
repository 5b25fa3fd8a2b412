"""What a run is said to take, before it is: the calls of each role, their price, and what no run could do."""

from __future__ import annotations

from pathlib import Path

import pytest

from miniatures.agents.estimate import Estimate, RoleEstimate, estimate_campaign
from miniatures.datamodel.errors import InputError
from miniatures.inputs.campaign import load_campaign
from miniatures.inputs.scaffold import create_campaign

SERVER = "openai-compatible:http://127.0.0.1:9/v1"
BACKENDS = f"""backends:
  a: {{use: '{SERVER}#a', price: {{input_per_million: 3, output_per_million: 15}}}}
  b: {SERVER}#b
  small: local:smollm2-135m-instruct
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    create_campaign(tmp_path / "autumn")
    return tmp_path / "autumn"


async def estimated(folder: Path, roles: str, more: str = "", limit: int | None = None) -> Estimate:
    file = folder / "campaign.yaml"
    head, _, _ = file.read_text().partition("backends:")
    file.write_text(f"{head}{BACKENDS}roles: {{{roles}}}\n{more}\n")
    return await estimate_campaign(load_campaign(file), limit=limit)


def by_role(estimate: Estimate) -> dict[str, RoleEstimate]:
    return {one.role: one for one in estimate.roles}


async def test_each_role_is_counted_as_often_as_it_may_be_asked(folder: Path):
    roles = "researcher: a, planner: a, writer: a, verifier: a, fallback: b, shadow: b"
    write = "write: {samples: 2, rewrites: 2, retry_samples: 3}\nresearch: {rounds: 2}"
    found = by_role(await estimated(folder, roles, write, limit=2))
    calls = {role: one.calls for role, one in found.items()}
    assert calls == {
        "researcher": 4,
        "planner": 4,
        "writer": 16,
        "verifier": 2,
        "writer (fallback)": 6,
        "writer (shadow)": 16,
    }
    assert all(one.seconds is None for one in found.values()), "a server is not tried out"
    assert found["researcher"].bill.usage.input_tokens > found["writer"].bill.usage.input_tokens / 4, (
        "it reads the whole list"
    )


async def test_an_assessor_is_asked_about_the_best_few_reasons(folder: Path):
    free = "price: {input_per_million: 0, output_per_million: 0}"
    reader = f"  reader: {{use: '{SERVER}#r', {free}, capabilities: {{questions: passage}}}}\n"
    file = folder / "campaign.yaml"
    head, _, _ = file.read_text().partition("backends:")
    file.write_text(f"{head}{BACKENDS}{reader}roles: {{researcher: reader, assessor: a, writer: none}}\n")
    found = by_role(await estimate_campaign(load_campaign(file), limit=2))
    assert found["assessor"].calls == 2 * 5
    assert found["assessor"].bill.usage.input_tokens > 6 * 100


async def test_the_cost_is_that_of_the_price_and_unknown_as_soon_as_one_is(folder: Path):
    priced = await estimated(folder, "researcher: a, writer: a")
    expected = (3 * priced.bill.usage.input_tokens + 15 * priced.bill.usage.output_tokens) / 1e6
    assert priced.bill.cost_usd == pytest.approx(expected)
    unpriced = await estimated(folder, "researcher: a, writer: b")
    assert unpriced.bill.cost_usd is None
    assert by_role(unpriced)["researcher"].bill.cost_usd == pytest.approx(by_role(priced)["researcher"].bill.cost_usd)
    assert any("#b" in note for note in unpriced.notes)


@pytest.mark.slow
async def test_a_small_researcher_is_asked_about_each_sentence_and_timed(folder: Path):
    small = await estimated(folder, "researcher: small, writer: small", "research: {candidates: 7}", limit=3)
    assert by_role(small)["researcher"].calls == 3 * 7
    assert small.seconds is not None and small.seconds > 0


async def test_a_brief_that_a_small_researcher_could_not_serve_is_refused_as_the_run_would(folder: Path):
    brief = folder / "brief.md"
    lines = [line for line in brief.read_text().splitlines() if "kinds:" not in line]
    brief.write_text("\n".join(lines))
    with pytest.raises(InputError, match="names none for"):
        await estimated(folder, "researcher: small, writer: a")
    assert by_role(await estimated(folder, "researcher: a, writer: a"))["researcher"].calls


async def test_a_language_that_the_writer_was_not_taught_is_refused_as_the_run_would(folder: Path):
    brief = folder / "brief.md"
    brief.write_text(brief.read_text().replace("language: en", "language: de"))
    taught = SERVER.join(["backends: {w: {use: '", "#a', capabilities: {languages: [en]}}}"])
    (folder / "campaign.yaml").write_text(
        f"name: autumn\nbrief: brief.md\nprospects: prospects.csv\nsearch: ddgs\n{taught}\nroles: {{writer: w}}\n"
    )
    with pytest.raises(InputError, match="the brief is in German"):
        await estimate_campaign(load_campaign(folder))


async def test_a_search_folder_that_does_not_exist_is_refused_as_the_run_would(folder: Path):
    file = folder / "campaign.yaml"
    file.write_text(file.read_text().replace("search: ddgs", "search: local:nowhere"))
    with pytest.raises(InputError, match="nowhere does not exist"):
        await estimated(folder, "researcher: a, writer: a")


async def test_a_limit_in_usd_over_an_unknown_price_is_refused_as_the_run_would(folder: Path):
    with pytest.raises(InputError, match="campaign autumn has a limit in USD"):
        await estimated(folder, "researcher: a, writer: b", "budget: {usd: 2}")
