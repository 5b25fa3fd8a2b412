"""A prospect's fields can never forge a header, and two spellings of one address are one prospect."""

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from miniatures.datamodel.prospect import Prospect, normalize_email, odd_name, one_line


@given(st.text())
def test_one_line_has_no_control_characters_and_is_stable(text: str) -> None:
    line = one_line(text)
    assert not any(unicodedata.category(character) in ("Cc", "Zl", "Zp") for character in line)
    assert one_line(line) == line


def test_header_injection_becomes_a_space() -> None:
    prospect = Prospect(email="ana@example.com", company="Frio\r\nBcc: all@example.com", first_name="Ana\x00")
    assert prospect.company == "Frio Bcc: all@example.com"
    assert prospect.first_name == "Ana"


def test_spellings_of_one_address_share_a_key() -> None:
    first = Prospect(email=" Ana.Lima@Example.com ", company="Frio")
    second = Prospect(email="ana.lima@example.com", company="Frio SA")
    assert first.key == second.key
    assert first.email == normalize_email("ANA.LIMA@example.com")


def test_the_key_does_not_show_the_address() -> None:
    assert "ana" not in Prospect(email="ana@example.com", company="Frio").key


@pytest.mark.parametrize("email", ["", "ana", "ana@", "a b@example.com", "ana@example.com\nBcc: b@example.com"])
def test_a_bad_address_is_refused(email: str) -> None:
    with pytest.raises(ValidationError):
        Prospect(email=email, company="Frio")


@pytest.mark.parametrize(
    ("field", "text", "why"),
    [
        ("first_name", "evil.top", "holds the link 'evil.top'"),
        ("first_name", "Ana http://evil.top/x", "holds the link"),
        ("first_name", "Ana EVIL.COM", "holds the link"),
        ("first_name", "ev\u00adil.top", "holds the link"),
        ("first_name", "tel:0800123456", "holds the link"),
        ("first_name", "请evil.com吧", "holds the link"),
        ("first_name", "💩.la", "holds the link"),
        ("first_name", "Ana evil (dot) top", "holds the link"),
        ("first_name", "<b>Ana</b>", "holds markup"),
        ("first_name", "[Ana](x)", "holds markup"),
        ("last_name", "203.0.113.5/x", "holds the link"),
        ("last_name", "Lima &lt;", "holds markup"),
        ("title", "Head, see https://evil.top", "holds the link"),
        ("company", "Frio evil.top/x", "holds the link"),
        ("company", "{{ Frio }}", "holds markup"),
    ],
)
def test_a_field_that_reaches_an_email_is_plain_text(field: str, text: str, why: str) -> None:
    fields = {"email": "ana@example.com", "company": "Frio"} | {field: text}
    found = odd_name(Prospect.model_validate(fields))
    assert why in found and field.replace("_", " ") in found


@pytest.mark.parametrize(
    "fields",
    [
        {"first_name": "J.R.R.", "last_name": "O'Brien-St.John"},
        {"first_name": "Ma.Luisa", "last_name": "de la Peña y Núñez"},
        {"first_name": "Anne-Marie", "last_name": "D\u2019Arcy"},
        {"first_name": "明", "last_name": "李", "company": "株式会社北極"},
        {"first_name": "نیلوفر‌سادات"},
        {"title": "Head of R&D | Node.js, ASP.NET [EMEA]"},
        {"last_name": "Lima, M.Sc.", "title": "Head of R&D; interim M&A"},
        {"title": "Founder of frio.example", "company": "Booking.com"},
        {"company": "AT&T, 1&1 and Procter & Gamble"},
    ],
)
def test_ordinary_names_are_plain(fields: dict[str, str]) -> None:
    assert odd_name(Prospect.model_validate({"email": "ana@example.com", "company": "Frio"} | fields)) == ""


@pytest.mark.parametrize("unit", ["\u0301\u0316", "a\u0301", "\u0344", "é", "."])
def test_no_name_takes_long(unit: str) -> None:
    started = time.process_time()
    prospect = Prospect(email="ana@example.com", company="Frio", first_name=unit * 100_000)
    odd_name(prospect)
    assert time.process_time() - started < 2
