"""Before anything is spent, a run says what each column of the list was taken for."""

from __future__ import annotations

import io
from pathlib import Path

from miniatures.cli.columns import show_columns
from miniatures.inputs.prospects import open_list

CRM = Path(__file__).parents[1] / "inputs" / "crm"


def shown(path: Path) -> str:
    stream = io.StringIO()
    show_columns(open_list(path), stream)
    return stream.getvalue()


def test_the_mapping_is_shown_with_what_else_would_do_and_what_is_kept():
    text = shown(CRM / "pipedrive.csv")
    assert "full_name   “Person - Name”" in text
    other = "where it is empty “Person - Email - Other”, “Person - Email - Home”"
    assert f"email       “Person - Email - Work”, {other}" in text
    assert "kept, and exported again: “Person - ID”, “Person - Label”" in text
    assert "columns: {email: HEADER}" in text


def test_what_is_plain_needs_no_advice():
    text = shown(CRM / "salesforce.csv")
    assert "website     “Account: Website”" in text
    assert "Another column" not in text
    assert "website" not in shown(CRM / "linkedin.csv"), "the profile of a person is no company's site"


def test_a_header_steers_no_terminal(tmp_path):
    file = tmp_path / "list.csv"
    file.write_text("email,company,\x1b[2J[bold]notes[/]\na@b.example,Beta,x\n")
    assert "[2J[bold]notes[/]" in shown(file)
    assert "\x1b" not in shown(file)


def test_a_list_of_objects_is_mapped_by_its_keys(tmp_path):
    file = tmp_path / "list.jsonl"
    file.write_text('{"email": "a@b.example", "firma": "Beta"}\n{"email": "c@d.example", "firma": "D", "id": 7}\n')
    text = shown(file)
    assert "by name     email" in text and "company     “firma”" in text and "kept, and exported again: “id”" in text
    assert [row.cells for row in open_list(file).rows] == [("a@b.example", "Beta", ""), ("c@d.example", "D", "7")]


def test_opt_outs_are_shown_and_an_unclear_word_is_told_with_its_line(tmp_path):
    file = tmp_path / "list.csv"
    file.write_text("email,company,Email Opt Out\na@b.example,Beta,no\nc@d.example,Delta,maybe\ne@f.example,E,1\n")
    text = shown(file)
    assert "opt_out     “Email Opt Out”, who is left out" in text
    assert "line 3: “maybe” in “Email Opt Out” is neither yes nor no" in text
    assert "kept, and exported again" not in text
