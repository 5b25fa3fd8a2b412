"""Nobody's name stays in an example, everything else does, and what passed the checks still passes."""

# ruff: noqa: RUF001

from __future__ import annotations

import json

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from miniatures.agents.roles.role import role_named
from miniatures.checks.words import fold
from miniatures.datamodel.example import Example, Source
from miniatures.finetune.dataset.contact_details import surrogate_email, surrogate_phone
from miniatures.finetune.dataset.name_words import is_everyday, keys, name_parts, words_in
from miniatures.finetune.dataset.surrogate_names import FAMILY, GIVEN
from miniatures.finetune.dataset.surrogates import Contact, Surrogates, contacts_of, strings_in
from miniatures.finetune.gold.examples import writer_example
from miniatures.finetune.gold.folder import read_gold
from tests.checks.cases import BODY, BRIEF, QUOTE, SUBJECT
from tests.finetune.gold_folders import GOLD


def example(first: str, last: str, *, company: str = "Nordfrost Logistics GmbH", body: str = BODY, quote: str = QUOTE):
    return Example(
        role="writer",
        variables={
            "brief": BRIEF.model_dump(mode="json"),
            "prospect": {"first_name": first, "last_name": last, "title": "Head of Operations", "company": company},
            "quotes": [{"number": 1, "signal": "expansion", "text": quote}],
            "reasons": [],
            "previous": None,
        },
        answer={"subject": SUBJECT, "body": body},
        company=company,
        source=Source.CHECKED,
    )


def strangers(one: Example, *others: Contact, seed: int = 7) -> Example:
    return Surrogates({*contacts_of([one]), *others}, bytes([seed])).replace(one)


def body_of(one: Example) -> str:
    return str((one.answer or {})["body"])


def test_the_same_person_is_the_same_stranger_everywhere():
    body = "Dear Ms Osei-Tutu,\n\nAdwoa, ADWOA's plan and Adwoa Osei-Tutu's store.\n\nAnna Berg\nFrostWatch"
    changed = strangers(example("Adwoa", "Osei-Tutu", body=body, quote="adwoa osei-tutu said so."))
    first, last = (changed.variables["prospect"][field] for field in ("first_name", "last_name"))
    assert last.count("-") == 1
    assert body_of(changed) == (
        f"Dear Ms {last},\n\n{first}, {first.upper()}'s plan and {first} {last}'s store.\n\nAnna Berg\nFrostWatch"
    )
    assert changed.variables["quotes"][0]["text"] == f"{first.lower()} {last.lower()} said so."


def test_another_example_of_the_person_has_the_same_surrogate_and_another_seed_another():
    one, other = example("Adwoa", "Mensah"), example("Adwoa", "Mensah", body="Hi Adwoa,\n\nNews.\n\nAnna Berg")
    alone, together = strangers(one), Surrogates(contacts_of([other, one]), bytes([7])).replace(other)
    assert alone.variables["prospect"] == together.variables["prospect"]
    assert strangers(one, seed=8).variables["prospect"] != alone.variables["prospect"]


def test_the_emails_before_a_follow_up_name_a_stranger_and_keep_their_day():
    first = {"subject": "For Adwoa", "body": "Hi Adwoa,\n\nNews.\n\nAnna Berg", "sent_on": "2026-11-03"}
    one = example("Adwoa", "Mensah")
    changed = strangers(one.model_copy(update={"variables": one.variables | {"earlier": [first]}}))
    name = changed.variables["prospect"]["first_name"]
    email = {"subject": f"For {name}", "body": f"Hi {name},\n\nNews.\n\nAnna Berg", "sent_on": "2026-11-03"}
    assert name != "Adwoa" and changed.variables["earlier"] == [email]


def test_a_title_that_names_somebody_names_a_stranger():
    one = example("Anna", "Quist")
    prospect = {**one.variables["prospect"], "title": "Assistant to Anna Quist"}
    one = one.model_copy(update={"variables": {**one.variables, "prospect": prospect}})
    named = strangers(one).variables["prospect"]
    assert named["title"] == f"Assistant to {named['first_name']} {named['last_name']}"


def test_the_sender_the_company_and_the_brief_stay():
    given = example(
        "Anna", "Berg-Nord", company="Berg Logistics", body="Hi Anna,\n\nBerg Logistics grows.\n\nAnna Berg"
    )
    changed = strangers(given)
    assert changed.variables["brief"] == given.variables["brief"]
    greeting, *rest = body_of(changed).splitlines()
    assert "Anna" not in greeting
    assert rest == ["", "Berg Logistics grows.", "", "Anna Berg"]
    assert changed.company == "Berg Logistics"


def test_an_everyday_word_is_a_name_only_where_it_plainly_is_one():
    body = "Hi May,\n\nMay I ask about May 2026? Will it do, Ms Will? May Will, it will."
    changed = strangers(example("May", "Will", body=body))
    first, last = (changed.variables["prospect"][field] for field in ("first_name", "last_name"))
    assert (
        body_of(changed) == f"Hi {first},\n\nMay I ask about May 2026? Will it do, Ms {last}? {first} {last}, it will."
    )


def test_addresses_and_telephone_numbers_belong_to_nobody_but_the_sender():
    text = "Call +44 20 7946 1234 or 020 7946 1234, write to adwoa@nordfrost.example or anna@frostwatch.example."
    quote = "Since 2019-04-11 we moved 12,500,000 parcels and 01.02.2026 was the best day; +44 20 7946 1234."
    changed = strangers(example("Adwoa", "Mensah", body=f"Hi Adwoa,\n\n{text}", quote=quote))
    body, news = body_of(changed), changed.variables["quotes"][0]["text"]
    assert "7946" not in body + news
    assert "adwoa" not in body
    assert "anna@frostwatch.example" in body
    assert news.startswith(
        "Since 2019-04-11 we moved 12,500,000 parcels and 01.02.2026 was the best day; +44 20 7555 01"
    )
    assert news.removesuffix(".").rpartition("+")[2] in body


@pytest.mark.parametrize("phone", ["2026-11-22", "12 500 000", "1.500.000", "4 x 20"])
def test_what_is_no_telephone_number_stays(phone):
    changed = strangers(example("Adwoa", "Mensah", quote=f"It was {phone} then."))
    assert changed.variables["quotes"][0]["text"] == f"It was {phone} then."


def test_a_telephone_number_keeps_its_shape():
    assert surrogate_phone("+1 (212) 867-5309", b"7").startswith("+1 (212) 555-01")


@pytest.mark.parametrize(
    ("first", "last", "body"),
    [
        ("伟", "李", "李伟您好\n\n新闻。"),
        ("Олена", "Коваль", "Вітаю, Олена!\n\nКоваль пише."),
        ("प्रिया", "शर्मा", "नमस्ते प्रिया,\n\nशर्मा जी।"),
        ("Jörg", "Müller", "Hallo Joerg Mueller,\n\nHerr Mueller."),
        ("José", "Nuñez", "Hola Jose,\n\nSr. Nunez."),
    ],
)
def test_names_in_any_script_and_spelling(first, last, body):
    changed = strangers(example(first, last, body=body))
    folded = fold(body_of(changed))
    assert not any(key in folded for word in (first, last) for key in keys(word) if len(word) > 1)
    assert fold(changed.variables["prospect"]["first_name"]) != fold(first)


def test_a_colleague_is_found_in_the_researchers_sentences():
    sentences = [{"number": 1, "text": "Adwoa Mensah joined; Mensah's team grew."}]
    page = Example(
        role="researcher",
        variables={"company": "Nordfrost", "facts": 4, "signals": [], "sentences": sentences, "reasons": []},
        answer={"choices": []},
        company="Nordfrost",
        source=Source.CHECKED,
    )
    text = strangers(page, Contact("Adwoa", "Mensah", "Nordfrost")).variables["sentences"][0]["text"]
    assert not {"Adwoa", "Mensah"} & set(words_in(text))
    assert text.endswith("'s team grew.")
    assert strangers(page, Contact("Adwoa", "Mensah", "Elsewhere")) == page
    assert strangers(page, Contact("Adwoa", "Mensah", "NORDFROST AG")) != page, "another spelling of the company"


def test_the_lists_are_long_varied_and_no_everyday_words():
    assert len(GIVEN["LATIN"]) > 200
    assert len(FAMILY["LATIN"]) > 200
    names = [name for lists in (GIVEN, FAMILY) for names in lists.values() for name in names]
    assert not [name for name in names if is_everyday(fold(name)) or len(words_in(name)) != 1]


NAMES = st.one_of(
    st.sampled_from([*GIVEN["LATIN"], *FAMILY["LATIN"], *GIVEN["CYRILLIC"]]),
    st.text(st.characters(categories=["Ll"], max_codepoint=0x24F), min_size=3, max_size=12).map(str.capitalize),
)
FRAMES = st.lists(
    st.sampled_from(
        ["{f} said so. ", "{l}'s store. ", "{f} {l} ", "({l}) ", "of {F}. ", "“{f}”; ", "d’{f} ", "{f}-{l}. "]
    )
)


@settings(max_examples=2 * settings.default.max_examples)
@given(NAMES, NAMES, FRAMES)
def test_the_original_name_is_never_left(first, last, frames):
    known = {fold(word) for text in json.loads(json.dumps([*BRIEF.claims, BODY, QUOTE])) for word in words_in(text)}
    parts = [*name_parts(first), *name_parts(last)]
    assume(parts and not any(part.islower() for part in parts))
    assume(not any(is_everyday(key) or key in known for part in parts for key in keys(part)))
    text = "".join(frames).format(f=first, l=last, F=first.upper())
    given_example = example(first, last, body=f"Hi {first},\n\n{text}\n\nAnna Berg", quote=text or "x")
    changed = strangers(given_example)
    left = "\n".join(strings_in([{**changed.variables, "brief": {}}, changed.answer]))
    assert not {fold(part) for part in parts} & {fold(word) for word in words_in(left)}


@given(st.text(max_size=200))
def test_any_text_survives_and_a_text_without_names_stays(text):
    one = example("Qwertzuia", "Asdfghjka", body=f"Hi,\n{text}")
    assume("@" not in text and not any(sign.isdigit() for sign in text))
    assert body_of(strangers(one)) == body_of(one)


@pytest.mark.slow
@pytest.mark.parametrize("shard", ["atlas", "borealis"])
def test_what_passed_every_check_still_passes(shard):
    folder = read_gold(GOLD / shard)
    examples = [writer_example(email, folder) for email in folder.emails]
    surrogates = Surrogates(contacts_of(examples), bytes([7]))
    for one in examples:
        changed = surrogates.replace(one)
        assert role_named("writer").faults_of(one.variables, one.answer or {}) == ()
        assert role_named("writer").faults_of(changed.variables, changed.answer or {}) == ()
        assert changed.variables["prospect"] != one.variables["prospect"]


def test_who_knows_an_address_cannot_find_it_in_a_dataset():
    """The seed stands in the manifest; the secret does not."""
    assert surrogate_email("ada@example.com", b"one") == surrogate_email("ADA@example.com", b"one")
    assert surrogate_email("ada@example.com", b"one") != surrogate_email("ada@example.com", b"two")
