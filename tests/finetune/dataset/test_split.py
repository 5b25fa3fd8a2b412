"""No company and no near-duplicates on two sides; and a dataset that grows can keep the sides that it had."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from miniatures.datamodel.dataset import Split
from miniatures.finetune.dataset.build import BuildSettings, build_dataset
from miniatures.finetune.dataset.split import sides_of, split_by_company
from tests.finetune.small_examples import body, example, firm


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 12)), min_size=1, max_size=40),
    st.integers(0, 99),
    st.floats(0, 0.5),
    st.floats(0, 0.5),
)
def test_a_split_never_divides_a_company_or_near_duplicates(drawn, seed, test, validation):
    kept = [(example(firm(company), str(place)), group) for place, (company, group) in enumerate(drawn)]
    sides = split_by_company(kept, {Split.TEST: test, Split.VALIDATION: validation}, seed=seed)
    side_of = {one.id: split for split, own in sides.items() for one in own}
    assert len(side_of) == len(kept)
    for key in (lambda one, _: one.company, lambda _, group: group):
        by_key: dict[object, set[Split]] = {}
        for one, group in kept:
            by_key.setdefault(key(one, group), set()).add(side_of[one.id])
        assert all(len(found) == 1 for found in by_key.values())


def test_companies_of_an_earlier_dataset_stay_on_their_side(tmp_path):
    first = [example(firm(place), body(place)) for place in range(20)]
    shares = {"test": 0.2, "validation": 0.2}
    before = sides_of(build_dataset(first, tmp_path / "a", BuildSettings(**shares)))
    grown = [*first, *(example(firm(place), body(place)) for place in range(20, 40))]
    drawn = sides_of(build_dataset(grown, tmp_path / "b", BuildSettings(**shares)))
    kept = build_dataset(grown, tmp_path / "c", BuildSettings(sides=before, **shares))
    after = sides_of(kept)
    assert any(drawn[company] is not side for company, side in before.items()), "drawn anew, some change sides"
    assert all(after[company] is side for company, side in before.items())
    assert kept.manifest.splits[Split.TEST].examples == 8


def test_a_tested_company_that_is_joined_with_a_trained_one_is_trained_on():
    kept = [(example("A", "one"), 1), (example("B", "one more"), 1), (example("C", "other"), 2)]
    known = {"a": Split.TEST, "b": Split.TRAIN, "c": Split.TEST}
    sides = split_by_company(kept, {Split.TEST: 1.0}, seed=1, known=known)
    assert {one.company for one in sides[Split.TRAIN]} == {"A", "B"}
    assert {one.company for one in sides[Split.TEST]} == {"C"}
