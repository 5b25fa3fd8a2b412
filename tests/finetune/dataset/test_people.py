"""Third persons found by Presidio over a real spaCy pipeline, which here knows names by rules."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from miniatures.datamodel.errors import InputError
from miniatures.datamodel.example import Example
from miniatures.finetune.dataset.people import presidio_finder, third_persons
from miniatures.finetune.dataset.surrogates import Contact, Surrogates, contacts_of
from tests.finetune.dataset.test_surrogates import example

pytest.importorskip("presidio_analyzer")
QUOTE = "Ottilie Brandvold, who runs the plant, said so to Adwoa Mensah; Brandvold joined from Kvalnes."


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(rule_model(tmp_path_factory.mktemp("model")))


def rule_model(folder: Path) -> Path:
    """A spaCy model on disk whose entities are listed names."""
    import spacy

    pipeline = spacy.blank("en")
    ruler = pipeline.add_pipe("entity_ruler")
    names = ("Ottilie Brandvold", "Brandvold", "Adwoa Mensah", "Adwoa", "Anna Berg")
    ruler.add_patterns([{"label": "PERSON", "pattern": name} for name in names])  # type: ignore[attr-defined]
    pipeline.to_disk(folder)
    return folder


def masked(one: Example, model: str) -> Example:
    contacts = contacts_of([one]) | third_persons([one], presidio_finder(model))
    return Surrogates(contacts, b"secret").replace(one)


def test_a_third_person_is_the_same_stranger_in_quote_and_email(model: str) -> None:
    body = "Hi Adwoa,\n\nOttilie Brandvold says the plant grows. What would Ms Brandvold say?\n\nAnna Berg"
    one = example("Adwoa", "Mensah", body=body, quote=QUOTE)
    assert third_persons([one], presidio_finder(model)) >= {Contact("Ottilie", "Brandvold", one.company)}
    changed = masked(one, model)
    assert "Ottilie" not in changed.model_dump_json() and "Brandvold" not in changed.model_dump_json()
    quote = changed.variables["quotes"][0]["text"]
    named = " ".join(quote.split(" ")[:2]).rstrip(",")
    assert named in str((changed.answer or {})["body"]), "what the email says of the quote still holds"
    assert quote.endswith("joined from Kvalnes.") and "Anna Berg" in json.dumps(changed.answer)


def test_neither_the_prospect_nor_the_sender_is_a_third_person(model: str) -> None:
    one = example("Adwoa", "Mensah", body="Hi Adwoa,\n\nNews.\n\nAnna Berg", quote="Adwoa Mensah and Anna Berg met.")
    assert third_persons([one], presidio_finder(model)) == set()


def test_without_it_third_persons_stay_as_the_docstring_says() -> None:
    one = example("Adwoa", "Mensah", quote=QUOTE)
    assert "Ottilie Brandvold" in Surrogates(contacts_of([one]), b"secret").replace(one).model_dump_json()


def test_a_model_or_an_extra_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="the spaCy model xx_none is not installed") as missing:
        presidio_finder("xx_none")
    assert "spacy download xx_none" in missing.value.hint
    monkeypatch.setitem(sys.modules, "presidio_analyzer", None)
    with pytest.raises(InputError, match="needs presidio-analyzer") as missing:
        presidio_finder()
    assert "miniatures[anonymize]" in missing.value.hint
