"""A second labeller's agreement is counted above chance."""

from __future__ import annotations

from pathlib import Path

import pytest

from miniatures.datamodel.errors import InputError
from miniatures.finetune.arena.agreement import SecondLabel, agreement, load_second
from miniatures.finetune.arena.company import ArenaCompany
from miniatures.finetune.arena.folder import read_hand
from miniatures.inputs.validation import validate
from miniatures.inputs.yaml_file import parse_yaml
from tests.finetune.arena.test_arena import COMPANY

ARENA = Path(__file__).parents[3] / "examples/arena"


def test_equal_labels_agree_wholly_and_others_by_so_much(tmp_path: Path) -> None:
    company: ArenaCompany = validate(ArenaCompany, parse_yaml(COMPANY, Path("hollin.yaml")))
    labels = [
        SecondLabel(
            domain=company.domain,
            quote=label.quote,
            status="news" if label.fault is None else label.fault.value,
            worth={"warm": label.worth["warm"].verdict.value if "warm" in label.worth else "no"},
        )
        for label in company.labels
    ]
    companies = {company.domain: company}
    status, worth = agreement(labels, companies)
    assert (status.equal, status.kappa, worth.kappa) == (1, 1, 1)
    status, _ = agreement([labels[0].model_copy(update={"status": "order"}), *labels[1:]], companies)
    assert status.equal == pytest.approx(1 - 1 / len(labels))
    assert status.kappa < status.equal


def test_the_second_labels_that_ship_are_of_the_arena_and_agree() -> None:
    hands = [read_hand(folder) for folder in sorted(ARENA.iterdir()) if (folder / "companies").is_dir()]
    companies = {domain: company for hand in hands for domain, company in hand.companies.items()}
    second = load_second(ARENA / "second_labels.json")
    assert len({one.domain for one in second}) >= len(companies) // 10
    status, worth = agreement(second, companies)
    assert status.kappa > 0.8
    assert worth.kappa > 0.8


def test_a_file_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "second.json").write_text("{}")
    with pytest.raises(InputError, match=r"second\.json"):
        load_second(tmp_path / "second.json")
