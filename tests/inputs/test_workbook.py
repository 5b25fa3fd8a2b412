"""Workbooks as people save them, and as nobody should: each is read as rows of text, or refused in one sentence."""

from __future__ import annotations

import io
import resource
import zipfile
from datetime import date, datetime, time
from pathlib import Path
from time import monotonic as clock

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from miniatures.datamodel.errors import InputError
from miniatures.datamodel.prospect import BadRow, Prospect
from miniatures.inputs.prospects import open_list, read_prospects
from miniatures.inputs.workbook import cell_text

HEADER = ["Email", "Company", "Record ID", "Created"]
MAYA = ["maya@acme.example", "Acme", 12345, datetime(2026, 3, 1)]


def saved(path: Path, **sheets: list[list[object]]) -> Path:
    book = Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


def doctored(path: Path, part: str, content: str | bytes) -> Path:
    """The workbook with one part of it exchanged."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in (parts | {part: content}).items():
            archive.writestr(name, data)
    return path


def sheet_xml(rows: str) -> str:
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    return f'<worksheet xmlns="{space}"><sheetData>{rows}</sheetData></worksheet>'


def only(path: Path) -> Prospect:
    [row] = read_prospects(path)
    assert isinstance(row, Prospect), row
    return row


def test_numbers_and_dates_come_as_a_person_would_type_them(tmp_path):
    prospect = only(saved(tmp_path / "list.xlsx", Contacts=[HEADER, MAYA]))
    assert (prospect.email, prospect.company) == ("maya@acme.example", "Acme")
    assert prospect.extra == {"Record ID": "12345", "Created": "2026-03-01"}


def test_a_workbook_is_known_by_its_content_not_its_name(tmp_path):
    assert only(saved(tmp_path / "list.csv", Contacts=[HEADER, MAYA])).company == "Acme"


def test_of_several_sheets_the_first_visible_one_with_a_header_is_read(tmp_path):
    other = ["ola@beta.example", "Beta", 2, None]
    path = saved(tmp_path / "list.xlsx", Notes=[["Read me"]], Old=[HEADER, other], People=[HEADER, MAYA])
    with zipfile.ZipFile(path) as archive:
        book = archive.read("xl/workbook.xml").decode()
    doctored(
        path,
        "xl/workbook.xml",
        book.replace('name="Old" sheetId="2" state="visible"', 'name="Old" sheetId="2" state="hidden"'),
    )
    assert only(path).company == "Acme"


def test_notes_above_the_header_and_empty_rows_are_passed_over(tmp_path):
    path = saved(tmp_path / "list.xlsx", Report=[["My contacts"], [], ["Made by", "Kari"], [], HEADER, [], MAYA])
    [row] = open_list(path).rows
    assert (row.line, row.cells[2]) == (7, "12345")


def test_a_bad_row_is_told_with_its_number_in_the_sheet(tmp_path):
    [bad, good] = read_prospects(saved(tmp_path / "list.xlsx", A=[HEADER, ["", "Beta"], MAYA]))
    assert isinstance(bad, BadRow) and isinstance(good, Prospect)
    assert (bad.line, bad.reason) == (2, "no e-mail address")


def test_a_formula_counts_as_its_last_value_and_an_error_as_nothing(tmp_path):
    path = saved(tmp_path / "list.xlsx", A=[HEADER, MAYA])
    cells = (
        '<c r="A1" t="str"><v>Email</v></c><c r="B1" t="str"><v>Company</v></c><c r="C1" t="str"><v>Size</v></c>',
        '<c r="A2" t="str"><f>CONCAT(D2,"@acme.example")</f><v>maya@acme.example</v></c>'
        '<c r="B2" t="str"><f>"Acme"</f><v>Acme</v></c><c r="C2" t="e"><f>1/0</f><v>#DIV/0!</v></c>',
    )
    doctored(path, "xl/worksheets/sheet1.xml", sheet_xml("".join(f"<row>{row}</row>" for row in cells)))
    assert only(path).extra == {}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (True, "TRUE"),
        (12.0, "12"),
        (1e15, "1000000000000000"),
        (0.5, "0.5"),
        (date(2026, 3, 1), "2026-03-01"),
        (datetime(2026, 3, 1, 9, 30), "2026-03-01 09:30:00"),
        (time(9, 30), "09:30:00"),
        ("#N/A", ""),
        ("0047", "0047"),
    ],
)
def test_a_cell_is_the_text_of_its_value(value, text):
    assert cell_text(value) == text


@given(st.binary(max_size=400))
def test_anything_that_begins_like_a_workbook_is_refused_in_one_sentence(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("odd") / "list.xlsx"
    path.write_bytes(b"PK\x03\x04" + content)
    with pytest.raises(InputError, match="cannot be read") as caught:
        list(read_prospects(path))
    assert "CSV" in caught.value.hint


def test_another_zip_archive_is_refused(tmp_path):
    path = tmp_path / "list.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("content.xml", "<office/>")
    with pytest.raises(InputError, match=r"no \.xlsx workbook"):
        list(read_prospects(path))


def test_a_workbook_with_a_password_is_named(tmp_path):
    path = tmp_path / "list.xlsx"
    path.write_bytes(b"\xd0\xcf\x11\xe0" + b"\0" * 600)
    with pytest.raises(InputError, match="password"):
        list(read_prospects(path))


NESTED = "<row>" + ("<c/>" * 40_000 + "<row></row>") * 3 + "</row>"
CLAIMED = '<row r="1"><c r="A1" t="str"><v>Email</v></c><c r="B1" t="str"><v>Company</v></c></row>'


@pytest.mark.parametrize(
    ("rows", "refusal"),
    [
        ("<row>" + "<c/>" * 300_000 + "</row>", "row too long"),
        ("<c/>" * 700_000, "row too long"),
        (NESTED, "row too long"),
        (CLAIMED + '<row r="999999999"><c r="A999999999"/></row>', "rows"),
        ('<row r="1"><c r="ZZZ1" t="str"><v>x</v></c></row>', "columns"),
        ('<row r="one"><c/></row>', "cannot be read"),
        ("<row>" + " " * (129 << 20) + "</row>", "too large"),
    ],
    ids=["wide row", "no row", "nested rows", "far row", "far column", "no number", "large"],
)
def test_a_sheet_that_would_fill_the_memory_is_refused(tmp_path, rows, refusal):
    path = saved(tmp_path / "list.xlsx", A=[HEADER, MAYA])
    doctored(path, "xl/worksheets/sheet1.xml", sheet_xml(rows))
    assert path.stat().st_size < 1 << 20
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(InputError, match=refusal):
        list(read_prospects(path))
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 400_000, "kB"


def test_entities_that_grow_are_refused(tmp_path):
    lines = [f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10)]
    bomb = f'<!DOCTYPE w [<!ENTITY e0 "aaaaaaaaaa">{"".join(lines)}]>'
    path = saved(tmp_path / "list.xlsx", A=[HEADER, MAYA])
    doctored(path, "xl/worksheets/sheet1.xml", bomb + sheet_xml("<row><c t='str'><v>&e9;</v></c></row>"))
    with pytest.raises(InputError, match="cannot be read"):
        list(read_prospects(path))


def test_a_text_part_beyond_its_bound_is_refused(tmp_path):
    path = saved(tmp_path / "list.xlsx", A=[HEADER, MAYA])
    buffer = io.BytesIO()
    buffer.write(b"<sst>" + b"<si/>" * 7_000_000 + b"</sst>")
    doctored(path, "xl/sharedStrings.xml", buffer.getvalue())
    with pytest.raises(InputError, match="too large"):
        list(read_prospects(path))


def row_xml(*cells: str) -> str:
    return "<row>" + "".join(f'<c t="inlineStr"><is><t>{cell}</t></is></c>' for cell in cells) + "</row>"


HEADER_XML = row_xml("email", "company")
DECLARED = f"<!DOCTYPE x [<!ENTITY a '{'A' * 100_000}'>]>"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (DECLARED + sheet_xml(HEADER_XML + row_xml("a@b.example", "&a;" * 20_000)), "row too long"),
        (sheet_xml(HEADER_XML + f'<row a="{"x" * 30_000_000}"/>'), "tag too long"),
        (sheet_xml(HEADER_XML + f"<!--{'x' * 30_000_000}-->"), "tag too long"),
        (sheet_xml(HEADER_XML + row_xml("a@b.example", "A" * 30_000_000)), "a cell of more than 131,072 characters"),
    ],
    ids=["entities", "an attribute", "a comment", "a cell"],
)
def test_a_sheet_of_no_measure_is_refused_at_once(tmp_path, content, said):
    path = doctored(saved(tmp_path / "list.xlsx", Contacts=[HEADER, MAYA]), "xl/worksheets/sheet1.xml", content)
    started = clock()
    with pytest.raises(InputError, match=said):
        list(read_prospects(path))
    assert clock() - started < 15


@pytest.mark.parametrize(
    ("part", "end", "element", "times"),
    [
        ("xl/styles.xml", "</cellXfs>", '<xf numFmtId="0" fontId="0" fillId="0" borderId="0"/>', 400_000),
        ("[Content_Types].xml", "</Types>", '<Override PartName="/x" ContentType="a/b"/>', 400_000),
        ("xl/_rels/workbook.xml.rels", "</Relationships>", '<Relationship Type="x" Target="y" Id="q"/>', 400_000),
        ("xl/workbook.xml", "</sheets>", '<sheet name="s" sheetId="9" state="visible"/>', 20_000),
    ],
)
def test_a_part_beside_the_sheets_is_bounded_too(tmp_path, part, end, element, times):
    path = saved(tmp_path / "list.xlsx", Contacts=[HEADER, MAYA])
    with zipfile.ZipFile(path) as archive:
        content = archive.read(part).decode()
    started = clock()
    with pytest.raises(InputError, match="too long for prospects"):
        list(read_prospects(doctored(path, part, content.replace(end, element * times + end))))
    assert clock() - started < 8


def test_a_sheet_under_another_name_is_bounded_too(tmp_path):
    path = saved(tmp_path / "list.xlsx", Contacts=[HEADER, MAYA])
    with zipfile.ZipFile(path) as archive:
        for part in ("xl/_rels/workbook.xml.rels", "[Content_Types].xml"):
            doctored(path, part, archive.read(part).decode().replace("worksheets/sheet1.xml", "other.xml"))
    with pytest.raises(InputError, match="row too long"):
        list(read_prospects(doctored(path, "xl/other.xml", sheet_xml(f"<row>{'<c/>' * 100_000}</row>"))))
