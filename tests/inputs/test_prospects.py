"""Spreadsheets as they really come: encodings, delimiters, headers, broken rows, duplicates."""

import csv
import io
import json
import time
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from miniatures.datamodel.errors import InputError
from miniatures.datamodel.prospect import BadRow, Prospect, RowFault
from miniatures.inputs.prospects import open_list, read_prospects

TABLE = 'email{d}first_name{d}company\nana@acme.example{d}Zoë{d}"Acme{d} Société"\nbo@beta.example{d}Bo{d}Beta\n'


def read(tmp_path: Path, content: bytes | str, name: str = "list.csv", **columns: str) -> list[Prospect | BadRow]:
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return list(read_prospects(path, columns))


def bad(rows: list[Prospect | BadRow]) -> list[BadRow]:
    return [row for row in rows if isinstance(row, BadRow)]


def good(rows: list[Prospect | BadRow]) -> list[Prospect]:
    return [row for row in rows if isinstance(row, Prospect)]


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"])
def test_every_encoding_and_delimiter_reads_the_same(tmp_path, encoding, delimiter, newline):
    rows = read(tmp_path, TABLE.format(d=delimiter).replace("\n", newline).encode(encoding))
    assert [(row.first_name, row.company) for row in good(rows)] == [
        ("Zoë", f"Acme{' ' if delimiter == chr(9) else delimiter} Société".replace("  ", " ")),
        ("Bo", "Beta"),
    ]
    assert not bad(rows)


def test_utf16_with_big_endian_mark(tmp_path):
    rows = read(tmp_path, b"\xfe\xff" + TABLE.format(d="\t").encode("utf-16-be"))
    assert [row.email for row in good(rows)] == ["ana@acme.example", "bo@beta.example"]


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("E-Mail;Vorname;Name;Firma;Webseite", "lind"),
        ("e-mail address;Given Name;Surname;Company name;URL", "lind"),
        ("Courriel;Prénom;Nom;Société;Site web", "lind"),
        ("Correo electrónico;Nombre;Apellidos;Empresa;Página web", "lind"),
        ("E-MAIL;first_name;LAST NAME;Organisation;web site", "lind"),
        ("メールアドレス;名;姓;会社名;ウェブサイト", "lind"),
        ("Work e-mail;Voornaam;Achternaam;Bedrijf;Website", "lind"),
    ],
)
def test_headers_in_several_languages(tmp_path, header, expected):
    [row] = good(read(tmp_path, f"{header}\nmaya@acme.example;Maya;Lind;Acme;https://acme.example\n"))
    assert (row.first_name, row.last_name.lower(), row.company, row.website) == (
        "Maya",
        expected,
        "Acme",
        "https://acme.example",
    )
    assert row.extra == {}


@pytest.mark.parametrize("cell", ["Maya van Lind", '"van Lind, Maya"'])
def test_a_single_name_column_is_split(tmp_path, cell):
    [row] = good(read(tmp_path, f"email,Name,company\nm@acme.example,{cell},Acme\n"))
    assert (row.first_name, row.last_name) == ("Maya", "van Lind")


def test_explicit_columns_go_before_synonyms_and_the_rest_is_kept(tmp_path):
    table = "email,Contact (work),company,Size\nold@acme.example,new@acme.example,Acme,12\n"
    [row] = good(read(tmp_path, table, email="contact (WORK)"))
    assert row.email == "new@acme.example"
    assert row.extra == {"email": "old@acme.example", "Size": "12"}


def test_explicit_column_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match=r"no header 'Mail', which columns.email names") as caught:
        read(tmp_path, "address,company\na@b.example,Acme\n", email="Mail")
    assert "'address', 'company'" in caught.value.hint


def test_misspelt_own_column_is_refused(tmp_path):
    with pytest.raises(InputError) as caught:
        read(tmp_path, TABLE.format(d=","), emial="email")
    assert "'email'" in caught.value.hint


@pytest.mark.parametrize("missing", ["email", "company"])
def test_missing_column_names_what_was_found_and_how_to_map(tmp_path, missing):
    table = TABLE.format(d=",").replace(missing, "Zeile 7", 1)
    with pytest.raises(InputError) as caught:
        read(tmp_path, table)
    assert "line 1" in caught.value.message
    assert f"columns: {{{missing}: HEADER}}" in caught.value.hint
    assert "'Zeile 7'" in caught.value.hint


MISSPELT = [
    ["Record ID", "First Name", "Last Name", "Emial", "Associated Company", "Notes"],
    ["29384756101", "Helen", "Moss", "helen@moss-dairy.example", "Moss Dairy", ""],
    ["29384756102", "Idris", "", "", "", ""],
]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
@pytest.mark.parametrize("notes", [[], [["Exported by Robin", "", "", "", "", ""]]])
def test_a_misspelt_header_is_named_where_it_stands_and_nobodys_row_is_told(tmp_path, kind, notes):
    path, rows = tmp_path / f"list.{kind}", [*notes, *MISSPELT]
    if kind == "csv":
        path.write_text("\n".join(map(",".join, rows)))
    else:
        book = Workbook()
        for row in rows:
            book.active.append(row)
        book.save(path)
    with pytest.raises(InputError) as caught:
        list(read_prospects(path))
    assert f"line {len(notes) + 1}: no column for the e-mail address" in caught.value.message
    assert "Did you mean 'Emial'?" in caught.value.hint and "columns: {email: Emial}" in caught.value.hint
    assert "Helen" not in f"{caught.value.message} {caught.value.hint}"


def test_both_headers_misspelt_are_told_at_once(tmp_path):
    with pytest.raises(InputError) as caught:
        read(tmp_path, "Emial,Compny Nmae\nhelen@moss-dairy.example,Moss Dairy\n")
    assert "line 1: no column for the e-mail address and none for the company" in caught.value.message
    assert "'Emial' and 'Compny Nmae'" in caught.value.hint


def test_a_list_without_a_header_line_tells_nobodys_data(tmp_path):
    with pytest.raises(InputError) as caught:
        read(tmp_path, "helen@moss-dairy.example,Helen,Company\nidris@b.example,Idris,Firma\n")
    assert "line 1" in caught.value.message and "must name the columns" in caught.value.hint
    assert "elen" not in f"{caught.value.message} {caught.value.hint}"


def test_sep_line_of_excel_is_obeyed_and_counted(tmp_path):
    rows = read(tmp_path, "sep=;\r\nemail;company\r\na@b.example;Acme, Inc.\r\nnobody;Beta\r\n")
    assert good(rows)[0].company == "Acme, Inc."
    assert bad(rows)[0].line == 4


def test_line_numbers_are_the_files_own_across_quoted_newlines(tmp_path):
    rows = read(tmp_path, 'email,company,note\na@b.example,Acme,"one\ntwo\n\nthree"\n\nnobody,Beta,x\n')
    assert [(row.line, row.email) for row in bad(rows)] == [(7, "nobody")]
    assert good(rows)[0].extra == {"note": "one two three"}


@pytest.mark.parametrize("stray", ['"Broken,b1@b.example', 'Acme,"b1@b.example" x', '"'])
def test_a_stray_quote_costs_its_row_and_no_other(tmp_path, stray):
    others = "".join(f"Company {number},c{number}@b.example\n" for number in range(300))
    rows = read(tmp_path, f"company,email\nFirst,a@b.example\n{stray}\n{others}")
    assert len(good(rows)) == 301
    assert [row.line for row in bad(rows)] == [3]
    assert "quote" in bad(rows)[0].reason


def test_too_many_cells_are_not_cut_off_silently(tmp_path):
    rows = read(tmp_path, "email,company\na@b.example,Acme, Inc.\nb@b.example,Beta,,\n")
    assert [row.line for row in bad(rows)] == [2]
    assert "3 cells where the header names 2" in bad(rows)[0].reason
    assert [row.email for row in good(rows)] == ["b@b.example"]


def test_a_byte_of_another_encoding_costs_its_row(tmp_path):
    table = "email,company\na@b.example,Müller\nb@b.example,Søren\nc@b.example,".encode() + b"Caf\xe9\nd@b.example,D\n"
    rows = read(tmp_path, table)
    assert [row.line for row in bad(rows)] == [4]
    assert [row.company for row in good(rows)] == ["Müller", "Søren", "D"]


def test_duplicates_are_merged_into_the_first_by_normalized_address(tmp_path):
    rows = read(tmp_path, "email,company\nAna@Acme.example,Acme\nb@b.example,B\n ANA@acme.EXAMPLE ,Other\n")
    [duplicate] = bad(rows)
    assert (duplicate.line, duplicate.fault) == (4, RowFault.DUPLICATE)
    assert "line 2" in duplicate.reason
    assert [row.company for row in good(rows)] == ["Acme", "B"]


@pytest.mark.parametrize("content", ["", "\n\n", "\ufeff", "   \r\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_an_empty_file_is_said_to_be_empty(tmp_path, content, encoding):
    with pytest.raises(InputError, match="is empty"):
        read(tmp_path, content.encode(encoding))


def test_a_workbook_is_named_as_such(tmp_path):
    with pytest.raises(InputError, match="workbook") as caught:
        read(tmp_path, b"PK\x03\x04rest")
    assert "CSV" in caught.value.hint


def test_a_missing_file_names_its_neighbour(tmp_path):
    (tmp_path / "prospects.csv").write_text("x")
    with pytest.raises(InputError) as caught:
        list(read_prospects(tmp_path / "prospect.csv"))
    assert "prospects.csv" in caught.value.hint


def test_jsonl_rows_good_and_bad(tmp_path):
    lines = [
        json.dumps({"E-Mail": "a@b.example", "Firma": "Acme", "size": 12, "tags": ["x"], "none": None}),
        "{broken",
        "[1]",
        "",
        json.dumps({"company": "No address"}),
        json.dumps({"email": "a@b.example", "company": "Again"}),
        json.dumps({"email": "s@b.example", "company": "Lone \ud800 surrogate"}),
    ]
    rows = read(tmp_path, "\n".join(lines), name="list.jsonl")
    assert [(row.line, row.fault.value) for row in bad(rows)] == [
        (2, "invalid"),
        (3, "invalid"),
        (5, "invalid"),
        (6, "duplicate"),
    ]
    assert good(rows)[0].extra == {"size": "12", "tags": '["x"]'}
    assert good(rows)[1].company == "Lone surrogate"
    assert "company" in bad(rows)[2].reason


def test_python_objects(tmp_path):
    given_prospect = Prospect(email="p@b.example", company="P")
    rows = list(read_prospects([given_prospect, {"mail": "q@b.example", "firma": "Q", "extra": {"k": "v"}}, {"x": 1}]))
    assert rows[0] is given_prospect
    assert good(rows)[1].extra == {"k": "v"}
    assert bad(rows)[0].line == 3


ANY_TEXT = st.text(max_size=30)


@given(cells=st.lists(st.tuples(ANY_TEXT, ANY_TEXT), min_size=1, max_size=8), delimiter=st.sampled_from(",;\t"))
def test_whatever_a_spreadsheet_quotes_comes_back_on_one_line(tmp_path_factory, cells, delimiter):
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, delimiter=delimiter, quoting=csv.QUOTE_ALL)
    writer.writerow(["email", "company", "first_name", "note"])
    for number, (name, note) in enumerate(cells):
        writer.writerow([f"p{number}@b.example", "Acme", name, note])
    path = tmp_path_factory.mktemp("csv") / "list.csv"
    path.write_bytes(buffer.getvalue().encode("utf-8", "surrogatepass"))
    rows = list(read_prospects(path))
    assert len(rows) == len(cells)
    for row in good(rows):
        for value in (row.first_name, *row.extra.values()):
            assert not any(ord(sign) < 32 or 0x7F <= ord(sign) < 0xA0 or sign in "\u2028\u2029\u202e" for sign in value)


def test_rows_are_never_all_in_memory(tmp_path):
    path = tmp_path / "large.csv"
    with path.open("w") as file:
        file.write("email,first_name,company,notes\n")
        file.writelines(f"person{n}@company{n % 5000}.example,Ana,Company {n},{'x' * 200}\n" for n in range(20_000))
    tracemalloc.start()
    count = sum(isinstance(row, Prospect) for row in read_prospects(path))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 20_000
    assert peak < 10_000_000, "all of them take 26 MB"


def test_a_name_with_a_link_or_markup_is_a_bad_row_with_its_reason():
    rows = [
        {"email": "a@example.com", "company": "Frio", "first_name": "evil.top"},
        Prospect(email="b@example.com", company="Frio", last_name="<b>Lima</b>"),
        {"email": "c@example.com", "company": "Frio", "first_name": "Ana"},
    ]
    link, markup, good = read_prospects(rows)
    assert (
        isinstance(link, BadRow)
        and link.reason == "the first name 'evil.top' holds the link 'evil.top': write it without"
    )
    assert isinstance(markup, BadRow) and "markup" in markup.reason and markup.line == 2
    assert isinstance(good, Prospect)


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [
        (b"email,company" + b",url" * 20_000 + b"\na@b.example,B\n", "list.csv", "more than 1,000 columns"),
        ((b"x" + b",url" * 900 + b"\n") * 25, "list.csv", "no column for the e-mail address"),
        (b"email,company\na@b.example," + b"," * 5_000_000, "list.csv", "longer than 1,000,000 characters"),
        (b"email,company\na@b.example,B\n" + b"\0" * 5_000_000, "list.csv", "longer than 1,000,000 characters"),
        (b'{"email": "' + b"a" * 5_000_000, "list.jsonl", "longer than 1,000,000 characters"),
    ],
)
def test_a_list_of_no_measure_is_refused_at_once(tmp_path, content, name, said):
    started = time.monotonic()
    with pytest.raises(InputError, match=said):
        read(tmp_path, content, name)
    assert time.monotonic() - started < 10


def test_an_object_of_no_measure_is_a_bad_row(tmp_path):
    many = json.dumps({"email": "a@b.example", "company": "B"} | {f"k{number}": 1 for number in range(2000)})
    assert [row.reason for row in bad(read(tmp_path, f"{many}\n", "list.jsonl"))] == ["more than 1,000 keys"]


def test_objects_of_ever_new_keys_are_no_list_to_export(tmp_path):
    rows = ({"email": f"a{number}@b.example", "company": "B", f"k{number}": 1} for number in range(2000))
    (tmp_path / "list.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    with pytest.raises(InputError, match="more than 1,000 different keys"):
        open_list(tmp_path / "list.jsonl")
