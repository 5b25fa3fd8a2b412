"""Whoever a list says to want no mail is no prospect, whatever system wrote the list."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miniatures.datamodel.prospect import BadRow, Prospect, RowFault
from miniatures.inputs.opt_out import OptOut, said_by
from miniatures.inputs.prospects import open_list, read_prospects

HEADERS = [
    ("Unsubscribed from all email", "true"),
    ("Opted out", "Yes"),
    ("Opted out of email: One to One", "TRUE"),
    ("Email Opt Out", "1"),
    ("HasOptedOutOfEmail", "true"),
    ("Person - Marketing status", "Unsubscribed"),
    ("Do Not Contact", "x"),
    ("do_not_email", "Y"),
    ("Abgemeldet am", "03.02.2026"),
    ("Werbewiderspruch", "Ja"),
    ("Unsubscribe Date", "2026-02-03 10:00"),
    ("Marketing contact status", "Non-marketing contact"),
    ("Email Status", "Unsubscribed"),
    ("Email Status", "Bounced"),
    ("E-mail status", "Hard bounced"),
    ("Email Opt-Out Status", "Opted out"),
    ("Subscriber status", "Cleaned"),
]


def rows_of(path: Path) -> tuple[list[str], list[BadRow]]:
    rows = list(read_prospects(path))
    return [row.email for row in rows if isinstance(row, Prospect)], [row for row in rows if isinstance(row, BadRow)]


@pytest.mark.parametrize(("header", "yes"), HEADERS)
def test_who_opted_out_is_left_out_with_a_named_fault(tmp_path, header, yes):
    path = tmp_path / "list.csv"
    path.write_text(f"email,company,{header}\na@b.example,Beta,{yes}\nc@d.example,Delta,\n", encoding="utf-8")
    kept, [fault] = rows_of(path)
    assert kept == ["c@d.example"]
    assert (fault.line, fault.fault, fault.email) == (2, RowFault.OPTED_OUT, "a@b.example")
    assert header in fault.reason and yes in fault.reason


@pytest.mark.parametrize("cells", [("yes", ""), ("", "yes"), ("no", "yes")])
def test_one_word_in_any_row_or_column_holds_for_the_address(tmp_path, cells):
    path = tmp_path / "list.csv"
    rows = "".join(
        f"{address},Beta,{cell},no\n" for address, cell in zip(["A@b.example", "a@B.example"], cells, strict=True)
    )
    path.write_text(f"email,company,Email Opt Out,Unsubscribed\n{rows}c@d.example,Delta,no,no\n")
    kept, faults = rows_of(path)
    assert kept == ["c@d.example"]
    assert [fault.fault for fault in faults] == [RowFault.OPTED_OUT] * 2


def test_objects_and_json_lines_have_it_by_key(tmp_path):
    path = tmp_path / "list.jsonl"
    people = [
        {"email": "a@b.example", "company": "Beta", "unsubscribed": False},
        {"email": "c@d.example", "company": "Delta", "unsubscribed": True},
        {"email": "a@b.example", "company": "Beta", "unsubscribed": True},
    ]
    path.write_text("\n".join(map(json.dumps, people)))
    assert rows_of(path)[0] == []
    assert [row.line for row in open_list(path).rows if isinstance(row.entry, BadRow)] == [1, 2, 3]
    assert [isinstance(row, Prospect) for row in read_prospects(people[:2])] == [True, False]


def test_a_column_can_be_named_and_its_cells_are_kept(tmp_path):
    path = tmp_path / "list.csv"
    path.write_text("email,company,Sperre 7\na@b.example,Beta,ja\nc@d.example,Delta,nein\n")
    [refused, kept] = read_prospects(path, {"opt_out": "Sperre 7"})
    assert isinstance(refused, BadRow) and refused.fault is RowFault.OPTED_OUT
    assert isinstance(kept, Prospect) and kept.extra == {"Sperre 7": "nein"}


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("", "no"),
        ("-", "no"),
        ("Nein", "no"),
        ("0", "no"),
        ("Subscribed", "no"),
        ("Marketing contact", "no"),
        ("Verified", "no"),
        ("perhaps", "unclear"),
    ],
)
def test_what_says_no_and_what_is_unclear(cell, said):
    assert said_by(cell) is OptOut(said)


@given(st.text())
def test_any_cell_says_one_of_three_things(cell):
    assert said_by(cell) is said_by(f" {cell} ")
