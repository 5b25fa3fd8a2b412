"""The gold data of the repository keeps its promises, and a mistake in a folder is named with its place."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
import yaml

from miniatures.datamodel.errors import InputError
from miniatures.finetune.gold.__main__ import main
from miniatures.finetune.gold.check import failures, unloved_frames
from miniatures.finetune.gold.examples import researcher_examples
from miniatures.finetune.gold.folder import Trap, read_gold
from miniatures.finetune.near_duplicates import near_duplicates
from tests.finetune.gold_folders import GOLD, slice_of, training_folders

_HOST = re.compile(r"(?:https?://|@)([\w.-]+\w)")
_RESERVED = (".example", ".test")


def emails():
    return [email for folder in training_folders() for email in folder.emails]


def companies():
    return [company for folder in training_folders() for company in folder.companies.values()]


def test_there_is_as_much_as_was_promised():
    assert len(emails()) >= 900
    assert len({company.name for company in companies()}) >= 250
    assert len({company.industry for company in companies()}) >= 15
    assert len({brief for folder in training_folders() for brief in folder.briefs}) >= 60


@pytest.mark.slow
def test_every_email_passes_every_check():
    failed = [(folder.name, email.subject, why) for folder in training_folders() for email, why in failures(folder)]
    assert not failed


def test_no_more_than_three_in_a_hundred_read_alike():
    bodies = [email.body for email in emails()]
    alike = {later for _, later in near_duplicates(bodies)}
    assert len(alike) <= 0.03 * len(bodies)


def test_openings_are_not_repeated_within_a_folder():
    worst = {folder.name: unloved_frames(folder)[:1] for folder in training_folders()}
    assert all(count <= 12 for frames in worst.values() for _, count in frames), worst


def test_traps_of_every_kind_make_up_a_share():
    traps = Counter(email.trap for email in emails())
    assert set(traps) == set(Trap)
    assert 0.15 <= 1 - traps[Trap.NONE] / traps.total() <= 0.45


def test_names_come_from_many_alphabets_of_letters():
    names = {contact.first_name for company in companies() for contact in company.contacts}
    assert len(names) >= 300
    assert sum(not name.isascii() for name in names) >= 50


@pytest.mark.slow
def test_the_researcher_has_enough_questions_and_some_have_no_answer():
    asked = [example for folder in training_folders() for example in researcher_examples(folder, seed=7)]
    assert len(asked) >= 400
    assert len({example.company for example in asked}) >= 200
    empty = sum(not example.answer["choices"] for example in asked)
    assert empty >= 0.08 * len(asked)


@pytest.mark.parametrize("path", sorted(GOLD.rglob("*.yaml")), ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_every_host_and_address_is_reserved(path: Path):
    hosts = set(_HOST.findall(path.read_text(encoding="utf-8")))
    assert all(host.lower().endswith(_RESERVED) for host in hosts), sorted(hosts)


def test_what_is_held_out_is_held_out():
    heldout = read_gold(GOLD / "heldout")
    assert not heldout.emails
    assert len(heldout.cases) >= 400
    assert len({case.company for case in heldout.cases}) >= 60
    assert len({case.brief for case in heldout.cases}) >= 10
    for folder in training_folders():
        assert not set(heldout.briefs) & set(folder.briefs)
        ours = {company.name for company in heldout.companies.values()}
        assert not ours & {company.name for company in folder.companies.values()}
        said = {sentence.text for company in folder.companies.values() for sentence in company.sentences}
        assert not said & {sentence.text for company in heldout.companies.values() for sentence in company.sentences}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return slice_of("atlas", tmp_path / "slice", 4)


def spoil(folder: Path, name: str, **changes: object) -> None:
    rows = yaml.safe_load((folder / name).read_text(encoding="utf-8"))
    rows[0].update(changes)
    (folder / name).write_text(yaml.safe_dump(rows, allow_unicode=True), encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "changes", "said"),
    [
        ("emails.yaml", {"brief": "nobody"}, "no brief is named nobody"),
        ("emails.yaml", {"company": "nobody"}, "no company is named nobody"),
        ("emails.yaml", {"contact": 99}, r"contacts, not 99"),
        ("emails.yaml", {"quotes": [99], "uses": [99]}, r"quotes are \[99\]"),
        ("emails.yaml", {"uses": [98]}, "must be among quotes"),
        ("emails.yaml", {"trap": "bear"}, "trap"),
        ("emails.yaml", {"sujet": "?"}, "sujet"),
        ("companies.yaml", {"sentences": [["no", "must", f"Sentence {n}."] for n in range(5)]}, "names no kind"),
        ("briefs.yaml", {"slug": "Not A Slug"}, "slug"),
    ],
)
def test_a_mistake_is_named_with_its_file_and_line(folder: Path, name: str, changes: dict[str, object], said: str):
    with pytest.raises(InputError, match=said) as caught:
        spoil(folder, name, **changes)
        read_gold(folder)
    assert re.search(rf"{name}, line \d+:", caught.value.message)


def test_one_slug_twice_and_a_folder_that_is_none(folder: Path, tmp_path: Path):
    rows = yaml.safe_load((folder / "companies.yaml").read_text(encoding="utf-8"))
    (folder / "companies-2.yaml").write_text(yaml.safe_dump(rows[:1]), encoding="utf-8")
    with pytest.raises(InputError, match="stands there twice"):
        read_gold(folder)
    with pytest.raises(InputError, match=r"no briefs\.yaml"):
        read_gold(tmp_path)


def test_the_command_says_what_fails_and_what_is_in_order(folder: Path, capsys: pytest.CaptureFixture[str]):
    assert main([str(folder)]) == 0
    assert "4 of 4 pass every check; 0 near-duplicate pairs" in capsys.readouterr().out
    rows = yaml.safe_load((folder / "emails.yaml").read_text(encoding="utf-8"))
    spoil(folder, "emails.yaml", body=rows[0]["body"] + "\nUse it for 987,654 years.\n")
    assert main([str(folder)]) == 1
    out = capsys.readouterr().out
    assert "FAILS" in out and "3 of 4" in out
