"""A draft in another language than the brief's is told, sentence by sentence; names and numbers decide nothing."""

from __future__ import annotations

import pytest

from miniatures.checks.language import language_of, languages_of, primary
from miniatures.datamodel.check import CheckName, Outcome
from tests.checks.cases import BODY, BRIEF, case, result, swap_text

_OFFER = "Our sensors report the temperature every 60 seconds, and customers cut energy costs by 18 percent on average."
_GERMAN = BRIEF.model_copy(
    update={
        "offer": "FrostWatch, drahtlose Temperaturfühler für Kühlhäuser",
        "claims": (
            "Die Fühler melden die Temperatur alle 60 Sekunden.",
            "Kunden senken ihre Energiekosten im Schnitt um 18 Prozent.",
        ),
        "call_to_action": "Bitten Sie um ein Gespräch von 15 Minuten in der nächsten Woche.",
    }
)


@pytest.mark.parametrize(
    "sentence",
    [
        "Unsere Fühler melden die Temperatur alle 60 Sekunden, und Kunden sparen im Schnitt 18 Prozent Energie.",
        "Nos capteurs mesurent la température toutes les 60 secondes, et nos clients économisent 18 pour cent.",
        "Nuestros sensores miden la temperatura cada 60 segundos y los clientes ahorran un 18 por ciento.",
        "当社のセンサーは60秒ごとに温度を報告します。",
        "Наши датчики сообщают температуру каждые шестьдесят секунд.",
    ],
)
def test_a_sentence_in_another_language_is_named(sentence):
    found = result(CheckName.LANGUAGE, body=swap_text(_OFFER, sentence))
    assert found.outcome is Outcome.FAIL
    assert found.reason.endswith("and the brief asks for English")


@pytest.mark.parametrize(
    "sentence",
    [
        "Well done to Shabana, Keith, Marek, Lucy and Idris.",
        "Anneliese Ruhland, Managing Director, Ruhland Auditroom",
        "Your Gödöllő site is led by Réka Vadas since 1 September 2026.",
        "Kühlhaus Nordtal GmbH & Co. KG, Kiel",
        "Casa da Fonte.",
        "24 x 7,200 m² = 172,800 m²",
    ],
)
def test_names_and_numbers_are_of_no_language(sentence):
    found = result(CheckName.LANGUAGE, body=swap_text(_OFFER, sentence))
    assert found.passed, found.reason


@pytest.mark.parametrize(
    ("sentence", "passes"),
    [
        ("Your note \u201eWir bauen in Kiel eine neue Halle f\u00fcr alle Kunden\u201c caught my eye.", True),
        ("You wrote \u00ab Nous ouvrons un nouveau site \u00e0 Lyon en mai \u00bb.", True),
        ('You wrote "Nous ouvrons un nouveau site \u00e0 Lyon en mai".', True),
        ('Wir haben gelesen, dass Sie in Kiel "a new hall" bauen, und freuen uns.', False),
    ],
)
def test_words_in_quotation_marks_may_be_in_their_own_language(sentence, passes):
    assert result(CheckName.LANGUAGE, body=swap_text(_OFFER, sentence)).passed is passes


def test_half_an_english_email_for_a_german_brief_fails():
    found = result(CheckName.LANGUAGE, case=case(brief=_GERMAN.model_copy(update={"language": "de-AT"})))
    assert "is English, and the brief asks for German" in found.reason


def test_a_language_that_cannot_be_told_is_no_pass():
    found = result(CheckName.LANGUAGE, case=case(brief=BRIEF.model_copy(update={"language": "tlh"})))
    assert found.outcome is Outcome.NOT_RUN


def test_the_languages_of_a_brief_are_the_one_it_asks_for_and_the_one_it_is_written_in():
    assert list(languages_of(BRIEF)) == ["en"]
    assert list(languages_of(_GERMAN)) == ["en", "de"]
    assert list(languages_of(_GERMAN.model_copy(update={"language": "de"}))) == ["de"]
    assert list(languages_of(BRIEF.model_copy(update={"language": "de-CH"}))) == ["de", "en"]


def test_languages_by_their_tags():
    assert [primary(tag) for tag in ("de-AT", "EN_gb", "nb-NO", "zh-Hant")] == ["de", "en", "no", "zh"]


def test_a_short_text_is_of_no_language():
    assert language_of("Casa") == language_of("") == ""
    assert language_of(BODY) == "en"
