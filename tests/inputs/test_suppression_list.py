"""Lists of those who are not to be written to, as people have them: one a line, or a column of a table."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miniatures.datamodel.errors import InputError
from miniatures.inputs.suppression_list import BadLine, checked, read_suppressions


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (" Kim@Depot.Example ", "kim@depot.example"),
        ("@Depot.Example", "@depot.example"),
        ("zoë@depot.example", "zoë@depot.example"),
        ("kim@xn--bcher-kva.example", "kim@bücher.example"),
        ("@xn--bcher-kva.example", "@bücher.example"),
    ],
)
def test_an_address_is_as_it_is_compared(written: str, expected: str) -> None:
    assert checked(written) == expected


@pytest.mark.parametrize("written", ["", "@", "kim", "kim@", "kim@@depot.example", "kim depot@depot.example", "@a b"])
def test_what_is_no_address_is_told(written: str) -> None:
    with pytest.raises(InputError, match="is no address and no domain"):
        checked(written)


def rows_of(tmp_path: Path, text: str) -> list[str | BadLine]:
    path = tmp_path / "list.csv"
    path.write_bytes(text.encode())
    return list(read_suppressions(path))


def test_one_a_line(tmp_path: Path) -> None:
    assert rows_of(tmp_path, "kim@depot.example\r\n\r\n@yard.example\r\n") == ["kim@depot.example", "@yard.example"]


def test_a_column_of_a_table_with_its_bad_lines(tmp_path: Path) -> None:
    text = "Name;E-Mail;Since\nKim;kim@depot.example;2026-01-02\nLee;lee at yard;\nSam;sam@@yard.example;\n"
    good, no_address, broken = rows_of(tmp_path, text)
    assert good == "kim@depot.example"
    assert no_address == BadLine(3, "no address in 'Lee lee at yard'")
    assert isinstance(broken, BadLine)
    assert (broken.line, "is no address and no domain" in broken.reason) == (4, True)


def test_a_stray_quote_costs_one_line(tmp_path: Path) -> None:
    first, second, third = rows_of(tmp_path, 'a@depot.example,x\n"b@depot.example,x\nc@depot.example,x\n')
    assert (first, third) == ("a@depot.example", "c@depot.example")
    assert isinstance(second, BadLine)


@given(st.text(max_size=80))
def test_any_text_is_read_or_told(text: str) -> None:
    try:
        known = checked(text)
    except InputError:
        return
    assert "@" in known
    assert checked(known) == known
