"""Who is in which arm follows from the company and the salt alone, and stands once it was settled."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miniatures.agents.enrolment import arm_of, enrol, require_as_settled, settled_test
from miniatures.datamodel.arms import AbTest
from miniatures.datamodel.campaign import Campaign
from miniatures.datamodel.errors import InputError
from miniatures.datamodel.prospect import BadRow, Prospect
from miniatures.datamodel.trace import new_id
from miniatures.store.open import open_store
from miniatures.store.store import Store
from tests.chaos.small_campaign import sqlite_url

NOW = datetime(2026, 11, 22, tzinfo=UTC)
LATER = datetime(2026, 11, 29, tzinfo=UTC)
COMPANIES = [f"company {number}" for number in range(20_000)]
EVEN = {"student": 0.5, "teacher": 0.5}
RULE = {"metric": "replied", "margin": 0.02, "reference": "teacher"}


def campaign(**changes: Any) -> Campaign:
    fields = {
        "name": "cold",
        "brief": "brief.md",
        "prospects": "prospects.csv",
        "search": "ddgs",
        "backends": {"student": "local:smollm2-135m-instruct", "teacher": "litellm:x/y"},
        "roles": {"writer": "student"},
        "arms": {"student": {}, "teacher": {"writer": "teacher"}},
        "test": RULE,
    }
    return Campaign.model_validate({**fields, **changes})


def person(name: str, company: str) -> Prospect:
    return Prospect(email=f"{name}@mail.example", company=company)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(sqlite_url(tmp_path)) as store:
        yield store


@pytest.mark.parametrize("shares", [EVEN, {"a": 0.1, "b": 0.9}, {"a": 0.2, "b": 0.3, "c": 0.5}])
@pytest.mark.parametrize("salt", ["one", "another"])
def test_each_arm_has_its_share_of_the_companies(shares: dict[str, float], salt: str) -> None:
    placed = [arm_of(company, salt, shares) for company in COMPANIES]
    for arm, share in shares.items():
        four_errors = 4 * math.sqrt(len(COMPANIES) * share * (1 - share))
        assert abs(placed.count(arm) - len(COMPANIES) * share) < four_errors


def test_another_salt_gives_an_assignment_that_knows_nothing_of_the_first() -> None:
    same = sum(arm_of(one, "one", EVEN) == arm_of(one, "another", EVEN) for one in COMPANIES)
    assert abs(same - len(COMPANIES) / 2) < 4 * math.sqrt(len(COMPANIES) / 4)


@given(st.text(), st.text(), st.permutations(["a", "b", "c"]))
def test_the_order_in_which_arms_are_written_moves_nobody(company: str, salt: str, order: list[str]) -> None:
    shares = {"a": 0.2, "b": 0.3, "c": 0.5}
    assert arm_of(company, salt, {arm: shares[arm] for arm in order}) == arm_of(company, salt, shares)


def test_assignments_are_the_same_on_every_machine_and_in_every_year() -> None:
    names = ["nordfrost", "kelder", "brigg", "northmill bakery", "harbour flowers", "cedar grocers"]
    found = "".join(arm_of(name, "salt", EVEN)[0] for name in names)
    assert found == "tttsss", "the first hexadecimal digit that sha256sum gives for salt, newline, name: b c d 1 2 4"


async def test_all_people_of_a_company_are_in_one_arm_however_it_is_spelt(store: Store) -> None:
    test = await settled_test(store, campaign(), salt="salt", now=NOW)
    spellings = ["Nordfrost", "NORDFROST GmbH", "Nordfrost Ltd.", "nordfrost"]
    people = [person(f"p{number}", f"{spelling}") for number, spelling in enumerate(spellings)]
    enrolled = await enrol(store, test, people, NOW)
    assert len(set(enrolled.arms.values())) == 1
    kept = store.mail.enrolments.of("cold")
    assert {one.company for one in kept.values()} == {"nordfrost"}


async def test_later_prospects_and_corrected_rows_move_nobody(store: Store) -> None:
    test = await settled_test(store, campaign(), salt="salt", now=NOW)
    first = [person(f"p{number}", f"Company A{number}") for number in range(40)]
    before = (await enrol(store, test, first, NOW)).arms
    corrected = [one.model_copy(update={"company": f"{one.company} Renamed"}) for one in first]
    newcomers = [person(f"q{number}", f"Company B{number}") for number in range(40)]
    after = await enrol(store, test, [*newcomers, *corrected], LATER)
    assert {key: after.arms[key] for key in before} == before
    assert after.people.total() == 80
    kept = store.mail.enrolments.of("cold")
    assert {kept[one.key].enrolled_at for one in first} == {NOW}
    assert {kept[one.key].enrolled_at for one in newcomers} == {LATER}


async def test_rows_that_are_left_out_are_counted_and_enrolled_nowhere(store: Store) -> None:
    test = await settled_test(store, campaign(), salt="salt", now=NOW)
    bad = BadRow(line=3, reason="no e-mail address")
    enrolled = await enrol(store, test, [person("p", "Kelder"), bad], NOW)
    assert (enrolled.bad_rows.count, enrolled.bad_rows.first) == (1, [bad])
    assert len(enrolled.arms) == len(store.mail.enrolments.of("cold")) == 1


async def test_the_salt_that_was_drawn_first_stands(store: Store) -> None:
    first = await settled_test(store, campaign(), salt="first", now=NOW)
    second = await settled_test(store, campaign(), salt="second", now=LATER)
    assert first == second
    assert second.salt == "first"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"arms": {"student": {}, "other": {}}, "test": {**RULE, "reference": "other"}}, "its file has other"),
        ({"arms": {"student": {"share": 0.4}, "teacher": {"share": 0.6}}}, r"teacher \(0.6\)"),
        ({"arms": {}, "test": None}, "its file has no arms any more"),
        ({"test": {**RULE, "margin": 0.03}}, "`test` is not the rule that campaign cold began with"),
        ({"test": None}, "`test` is not the rule that campaign cold began with"),
    ],
)
async def test_what_was_settled_cannot_be_changed(store: Store, changes: dict[str, Any], told: str) -> None:
    await settled_test(store, campaign(), salt="salt", now=NOW)
    with pytest.raises(InputError, match=told) as refused:
        require_as_settled(store.mail.enrolments.test("cold"), campaign(**changes))
    assert "another `name:`" in refused.value.hint


async def test_what_an_arm_is_made_of_may_change(store: Store) -> None:
    """A policy has a hash of its own on every record; who is in the arm stays."""
    await settled_test(store, campaign(), salt="salt", now=NOW)
    await settled_test(store, campaign(arms={"student": {"fallback": "teacher"}, "teacher": {}}), salt="x", now=NOW)


async def test_a_campaign_that_was_run_without_arms_gets_none(store: Store) -> None:
    await store.start_run(new_id(), "cold", "policy")
    with pytest.raises(InputError, match="was run before it had arms"):
        await settled_test(store, campaign(), salt="salt", now=NOW)
    assert store.mail.enrolments.test("cold") is None


def test_a_campaign_that_began_no_test_may_say_what_it_likes() -> None:
    require_as_settled(None, campaign())
    require_as_settled(None, campaign(arms={}, test=None))
    settled = AbTest(campaign="cold", salt="", shares=EVEN, rule=campaign().test.version, started_at=NOW)
    require_as_settled(settled, campaign())
