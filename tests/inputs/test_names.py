"""Signals and kinds may be named as a person would, and models see one form of each name."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miniatures.datamodel.brief import Signal
from miniatures.datamodel.errors import InputError
from miniatures.datamodel.taxonomy import canonical_name
from miniatures.inputs.brief import load_brief
from miniatures.inputs.scaffold import create_campaign


@pytest.mark.parametrize(
    ("written", "seen"),
    [
        ("Outage or post-mortem", "outage_or_post_mortem"),
        ("expansion", "expansion"),
        ("new_site", "new_site"),
        ("Störung / Ausfall", "störung_ausfall"),
        ("STÖRUNG \u2013 Ausfall!", "störung_ausfall"),
        ("Sto\u0308rung", "störung"),
        ("Straße", "strasse"),
        ("5G rollout", "5g_rollout"),
        ("Закрытие цеха", "закрытие_цеха"),
        ("हिन्दी समाचार", "हिन्दी_समाचार"),
        ("工場の開設", "工場の開設"),
        ("out\u200bage \u202enews", "out_age_news"),
    ],
)
def test_a_name_has_one_form(written: str, seen: str) -> None:
    assert Signal(name=written, describes="d", kinds=(written,)).model_dump()["name"] == seen
    assert Signal(name=written, describes="d", kinds=(written,)).kinds == (seen,)


@given(st.text(max_size=60))
def test_the_form_of_a_form_is_itself_and_holds_words_only(written: str) -> None:
    seen = canonical_name(written)
    assert isinstance(seen, str)
    assert canonical_name(seen) == seen
    assert seen == written or {unicodedata.category(sign)[0] for sign in seen if sign != "_"} <= set("LNM")


@pytest.fixture
def brief(tmp_path: Path) -> Path:
    create_campaign(tmp_path / "autumn")
    return tmp_path / "autumn" / "brief.md"


def with_signals(brief: Path, *names: str) -> Path:
    text = brief.read_text(encoding="utf-8")
    start = text.index("signals:")
    end = text.index("\n---", start)
    lines = "".join(f"\n  - {{name: {name}, describes: news}}" for name in names)
    brief.write_text(f"{text[:start]}signals:{lines}{text[end:]}", encoding="utf-8")
    return brief


def test_a_marketer_s_names_are_taken(brief: Path) -> None:
    loaded = load_brief(with_signals(brief, "Outage or post-mortem", "Neue Filiale in Köln"))
    assert [signal.name for signal in loaded.signals] == ["outage_or_post_mortem", "neue_filiale_in_köln"]


@pytest.mark.parametrize(
    ("name", "said"),
    [('"!!!"', "expected a name of letters and digits"), ("x" * 81, "at most 80 characters"), ("[a]", "expected text")],
)
def test_a_name_that_is_none_is_the_only_complaint(brief: Path, name: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        load_brief(with_signals(brief, name))
    (sentence,) = caught.value.message.splitlines()
    assert "signals[0].name: " in sentence
    assert said in sentence


def test_two_names_that_come_to_the_same_are_refused(brief: Path) -> None:
    with pytest.raises(InputError, match=r"line \d+, signals\[1\].name: new_site is the name of signals\[0\], too"):
        load_brief(with_signals(brief, "New site", "new-site"))


def test_an_empty_list_is_still_said_to_be_empty(brief: Path) -> None:
    text = with_signals(brief, "a").read_text(encoding="utf-8")
    brief.write_text(text.replace("signals:\n  - {name: a, describes: news}", "signals: []"), encoding="utf-8")
    with pytest.raises(InputError, match="signals: must not be empty"):
        load_brief(brief)


def test_a_slip_in_a_key_is_not_told_as_a_missing_one_too(brief: Path) -> None:
    text = brief.read_text(encoding="utf-8").replace("call_to_action:", "call_to_acton:", 1)
    brief.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        load_brief(brief)
    (sentence,) = caught.value.message.splitlines()
    assert "call_to_acton: there is no such key; did you mean 'call_to_action'?" in sentence
