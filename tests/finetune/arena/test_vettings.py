"""A verifier's examples: true tellings, the same with one thing changed, and what a reader said."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from miniatures.agents.roles.verifier import Form, Part, StatementVariables, Truth, Vetting
from miniatures.agents.roles.writer import WriterVariables
from miniatures.datamodel.errors import InputError
from miniatures.finetune.arena.folder import as_of, read_hand
from miniatures.finetune.arena.openings import openings, questions
from miniatures.finetune.arena.tellings import unshown
from miniatures.finetune.arena.vettings import ReadTelling, load_readings, vetting_examples

ARENA = Path(__file__).parents[3] / "examples/arena"
HAND = read_hand(ARENA / "heron")
TODAY = as_of(ARENA / "heron")


def test_each_true_telling_has_changed_ones_beside_it() -> None:
    made = list(vetting_examples([HAND], [], TODAY, 7))
    answers = [Vetting.model_validate(example.answer) for example in made]
    asked = [StatementVariables.model_validate(example.variables) for example in made]
    told = [telling for variables, telling in openings(HAND, TODAY) if not unshown(telling, variables)]
    true = {one.statement for one, said in zip(asked, answers, strict=True) if said.truth is Truth.SUPPORTED}
    assert {telling.subject for telling in told} <= true
    counts = Counter(said.truth for said in answers)
    assert counts[Truth.SUPPORTED] > 50
    assert counts[Truth.DISTORTED] + counts[Truth.WRONG_JOIN] + counts[Truth.INVENTED] > counts[Truth.SUPPORTED]
    assert made == list(vetting_examples([HAND], [], TODAY, 7))


def test_no_changed_statement_is_a_true_one_of_the_same_sentence() -> None:
    made = list(vetting_examples([HAND], [], TODAY, 7))
    said: dict[tuple[str, str, str], set[str]] = {}
    for example in made:
        assert example.answer is not None
        asked = example.variables
        said.setdefault((asked["statement"], asked["text"], asked["part"]), set()).add(example.answer["truth"])
    assert not [one for one, truths in said.items() if Truth.SUPPORTED in truths and len(truths) > 1]


def reading(variables: WriterVariables, domain: str, brief: str) -> ReadTelling:
    return ReadTelling(
        hand=HAND.name,
        domain=domain,
        brief=brief,
        page="/",
        news=variables.quotes[0].text,
        opening="You closed the yard.",
        subject="The yard",
        truth=Truth.INVENTED,
        form=Form.GOOD,
        subject_truth=Truth.SUPPORTED,
        subject_form=Form.ODD,
        verdict="reject",
    )


def test_a_reading_gives_an_example_for_the_opening_and_one_for_the_subject(tmp_path: Path) -> None:
    _, brief, domain, variables = next(questions(HAND, TODAY))
    path = tmp_path / "read.jsonl"
    path.write_text(reading(variables, domain, brief).model_dump_json() + "\n\n")
    (read,) = load_readings(path)
    before = len(list(vetting_examples([HAND], [], TODAY, 7)))
    *_, opening, subject = vetting_examples([HAND], [read], TODAY, 7)
    assert len(list(vetting_examples([HAND], [read], TODAY, 7))) == before + 2
    assert (opening.variables["part"], opening.answer) == (Part.OPENING, {"truth": "invented", "form": "good"})
    assert (subject.variables["part"], subject.answer) == (Part.SUBJECT, {"truth": "supported", "form": "odd"})
    elsewhere = read.model_copy(update={"domain": "nobody.example"})
    assert len(list(vetting_examples([HAND], [elsewhere], TODAY, 7))) == before
    path.write_text("{}")
    with pytest.raises(InputError, match=r"read\.jsonl"):
        load_readings(path)
