"""Examples of gold data are questions as a campaign asks them, and their answers are the labels' own."""

from __future__ import annotations

from pathlib import Path

import pytest

from miniatures.agents.roles.role import role_named
from miniatures.datamodel.capabilities import SMALL, Capabilities
from miniatures.datamodel.example import Source
from miniatures.finetune.dataset.rendering import chat_messages
from miniatures.finetune.gold.all_examples import gold_examples
from miniatures.finetune.gold.examples import researcher_examples, writer_example
from miniatures.finetune.gold.folder import GoldFolder, Worth, read_gold
from miniatures.prompts.library import PromptLibrary
from tests.finetune.gold_folders import GOLD, slice_of


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return slice_of("borealis", tmp_path_factory.mktemp("gold") / "slice", 8)


@pytest.fixture(scope="module")
def folder(path: Path) -> GoldFolder:
    return read_gold(path)


def test_an_email_becomes_the_answer_to_a_prompt_that_holds_its_quotes(folder):
    email = folder.emails[0]
    example = writer_example(email, folder)
    company = folder.companies[email.company]
    system, user = chat_messages(example, PromptLibrary(), Capabilities().with_trust(SMALL))
    assert all(company.sentences[number - 1].text in user.content for number in email.quotes)
    assert all(claim in system.content for claim in folder.briefs[email.brief].claims)
    assert company.contacts[email.contact - 1].last_name in user.content
    assert example.answer == {"subject": email.subject.strip(), "body": email.body.strip()}
    assert (example.company, example.source) == (company.name, Source.GOLD)
    assert not role_named("writer").faults_of(example.variables, example.answer)


def test_a_case_is_asked_and_has_no_answer():
    heldout = read_gold(GOLD / "heldout")
    assert writer_example(heldout.cases[0], heldout).answer is None


def test_the_researchers_answer_is_what_the_labels_say(folder):
    pages = {company.name: company for company in folder.companies.values()}
    for example in researcher_examples(folder, seed=7):
        shown = {row["number"]: row["text"] for row in example.variables["sentences"]}
        worth = {sentence.text: sentence.worth for sentence in pages[example.company].sentences}
        signals = {signal["name"] for signal in example.variables["signals"]}
        assert list(shown) == list(range(1, len(shown) + 1))
        assert all(worth[shown[number]] is Worth.MUST for number in example.labels["must"])
        assert all(worth[shown[number]] is Worth.MAY for number in example.labels["may"])
        chosen = [choice["number"] for choice in example.answer["choices"]]
        assert chosen == [*example.labels["must"], *example.labels["may"]][:12]
        assert {choice["signal"] for choice in example.answer["choices"]} <= signals
        assert not role_named("researcher").faults_of(example.variables, example.answer)


def test_some_questions_have_nothing_right_and_are_answered_so(folder):
    empty = [one for one in researcher_examples(folder, seed=7) if not one.answer["choices"]]
    assert empty
    assert all(not one.labels["must"] and not one.labels["may"] for one in empty)


def test_equal_seeds_give_equal_examples_and_no_two_are_the_same(path):
    once, refused = gold_examples([path], 7, 1)
    again, _ = gold_examples([path], 7, 1)
    assert [one.id for one in once] == [one.id for one in again]
    assert len({one.id for one in once}) == len(once)
    assert refused == 0
    other, _ = gold_examples([path], 8, 1)
    assert {one.id for one in other} != {one.id for one in once}


def test_an_email_that_a_check_refuses_is_left_out_and_counted(path, tmp_path):
    import shutil

    spoilt = Path(shutil.copytree(path, tmp_path / "spoilt"))
    text = (spoilt / "emails.yaml").read_text(encoding="utf-8")
    first = read_gold(path).emails[0].subject.strip()
    (spoilt / "emails.yaml").write_text(text.replace(first, f"{first} {{name}} [Link]", 1), encoding="utf-8")
    examples, refused = gold_examples([spoilt], 7, 1)
    assert refused == 1
    whole, _ = gold_examples([path], 7, 1)
    assert sum(one.role == "writer" for one in examples) < sum(one.role == "writer" for one in whole)
