"""A prospect's fields can never forge a header, and two spellings of one address are one prospect."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from miniatures.datamodel.prospect import Prospect, normalize_email, one_line


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
