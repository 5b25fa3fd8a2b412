"""What leaves for a CRM: the list as it came, the text that stands, and no cell that a spreadsheet would run."""

from __future__ import annotations

import asyncio
import csv
import io
import re
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from miniatures.cli.export import COLUMNS, own_prefix
from miniatures.cli.export_file import LONGEST_CELL, safe_cell, write_csv, write_xlsx
from miniatures.cli.main import main
from miniatures.datamodel.draft import DraftStatus, EmailText
from miniatures.datamodel.errors import ExitCode, InputError
from miniatures.datamodel.prospect import Prospect
from miniatures.datamodel.result import ProspectResult
from miniatures.datamodel.review import RejectReason, Review
from miniatures.inputs.campaign import load_campaign
from miniatures.inputs.prospects import read_prospects
from miniatures.review.reviewing import Reviewable, accept, edit, reject
from miniatures.store.open import open_store
from tests.cli.conftest import draft

LIST = """\
Record ID;Vorname;Phone;E-Mail;Firma;Note;;Note
007;Ana;"+47 55 00 11 22";ready@crm.example;"Frio; SA";"two
lines";;=1+1
008;Bo;;approved@crm.example;Beta;;x
009;Cy;-5;edited@crm.example;Gamma;;;
010;Di;;rejected@crm.example;Delta;;;
011;Ed;;changed@crm.example;Epsilon;;;
012;Fay;;pending@crm.example;Zeta;;;
""".replace("\n", "\r\n")


@pytest.fixture
def written(folder: Path) -> Path:
    """A campaign of a CRM's list, run and reviewed; then one row was changed and one removed."""
    file = folder / "prospects.csv"
    gone = "013;Guy;;removed@crm.example;Eta;;;\r\n"
    file.write_text(LIST + gone, encoding="utf-16")
    asyncio.run(_run_and_review(folder))
    file.write_text(LIST.replace("Epsilon", "Epsilon Group"), encoding="utf-16")
    return folder


async def _run_and_review(folder: Path) -> None:
    loaded = load_campaign(folder)
    with open_store(loaded.store_url) as store:
        for person in loaded.prospects():
            assert isinstance(person, Prospect)
            name = person.email.partition("@")[0]
            if name == "pending":
                continue
            own = draft(DraftStatus.READY).model_copy(update={"id": name, "trace": name})
            result = ProspectResult(
                campaign=loaded.name, policy="p", prospect=person, status=DraftStatus.READY, draft=own
            )
            await store.save_result(result)
            item = Reviewable(name, own.text.model_dump(), loaded.name, person.key, draft=name)
            for review in _reviews(name, item):
                await store.add_review(review)


def _reviews(name: str, item: Reviewable) -> list[Review]:
    match name:
        case "approved":
            return [reject(item, "ada", RejectReason.GENERIC), accept(item, "ada")]
        case "edited":
            return [edit(item, "ada", EmailText(subject="Mine", body="In my words."))]
        case "rejected":
            return [accept(item, "ada"), reject(item, "ben", RejectReason.TACTLESS, "not now")]
        case _:
            return []


def exported(folder: Path, capsys: pytest.CaptureFixture[str], *options: str) -> list[dict[str, str]]:
    out = folder / "crm.csv"
    assert main(["export", str(folder), "--out", str(out), *options]) == ExitCode.OK
    assert out.read_bytes().startswith(b"\xef\xbb\xbf")
    header, *rows = csv.reader(io.StringIO(out.read_text(encoding="utf-8-sig"), newline=""))
    assert all(len(row) == len(header) for row in rows)
    return [dict(zip(header, row, strict=True)) for row in rows]


def test_what_may_be_sent_is_exported_in_the_text_that_stands(written, capsys):
    rows = exported(written, capsys)
    assert [(row["Record ID"], row["miniatures_status"], row["miniatures_review"]) for row in rows] == [
        ("007", "ready", ""),
        ("008", "approved", "accepted by ada"),
        ("009", "edited", "edited by ada"),
    ]
    assert rows[0]["miniatures_subject"] == "'=Your third depot"
    assert (rows[2]["miniatures_subject"], rows[2]["miniatures_body"]) == ("Mine", "In my words.")
    assert "Left out: 1 rejected, 1 changed, 1 removed, 1 pending" in capsys.readouterr().err


def test_no_text_of_a_rejected_a_changed_or_a_removed_one_is_ever_exported(written, capsys):
    rows = {row["Record ID"]: row for row in exported(written, capsys, "--status", "all")}
    assert list(rows) == ["007", "008", "009", "010", "011", "012"]
    for record_id, status in (("010", "rejected"), ("011", "changed"), ("012", "pending")):
        row = rows[record_id]
        assert (row["miniatures_status"], row["miniatures_subject"], row["miniatures_body"]) == (status, "", "")
    assert rows["010"]["miniatures_review"] == "rejected by ben (tactless): not now"
    assert len(exported(written, capsys, "--status", "rejected", "--status", "edited")) == 2


def test_who_opted_out_is_never_exported_and_told_by_status(written, capsys):
    listed = LIST.replace("Firma;Note;;Note", "Firma;Note;Email Opt Out;Note").replace("Beta;;x", "Beta;;yes")
    (written / "prospects.csv").write_text(listed, encoding="utf-16")
    assert "approved@crm.example" not in {row["E-Mail"] for row in exported(written, capsys, "--status", "all")}
    assert main(["status", str(written)]) == ExitCode.OK
    shown = capsys.readouterr().out
    assert "1 row of the list left out, 1 of them opted out" in shown
    assert "line 4: opted out: 'Email Opt Out' says 'yes'" in shown


def test_the_terminal_says_how_many_of_the_written_nobody_has_read(written, capsys):
    exported(written, capsys)
    told = "1 of them ready, which nobody has read yet: --status approved --status edited leaves them out"
    assert told in capsys.readouterr().err
    exported(written, capsys, "--status", "approved")
    assert "nobody has read" not in capsys.readouterr().err


def test_every_column_of_the_list_comes_back_in_order_unchanged(written, capsys):
    exported(written, capsys)
    text = (written / "crm.csv").read_bytes().decode("utf-8-sig")
    header, first, second, *_ = csv.reader(io.StringIO(text, newline=""))
    assert header[:8] == ["Record ID", "Vorname", "Phone", "E-Mail", "Firma", "Note", "", "Note"]
    assert header[8:] == [f"miniatures_{column}" for column in COLUMNS]
    own = ["007", "Ana", "+47 55 00 11 22", "ready@crm.example", "Frio; SA", "two\r\nlines", "", "'=1+1"]
    assert first[:8] == own
    assert second[:8] == ["008", "Bo", "", "approved@crm.example", "Beta", "", "x", ""]


def test_a_workbook_holds_the_same_as_text_and_no_formula(written, capsys):
    out = written / "crm.xlsx"
    assert main(["export", str(written), "--out", str(out)]) == ExitCode.OK
    [sheet] = load_workbook(out).worksheets
    header, *rows = sheet.iter_rows()
    assert [cell.value for cell in header][:4] == ["Record ID", "Vorname", "Phone", "E-Mail"]
    subject = rows[0][8 + COLUMNS.index("subject")]
    assert (subject.value, subject.quotePrefix) == ("=Your third depot", True)
    assert "f" not in {cell.data_type for row in rows for cell in row}
    assert [row[0].value for row in rows] == ["007", "008", "009"]
    assert not any(cell.hyperlink for row in rows for cell in row)
    people = [f"{name}@crm.example" for name in ("ready", "approved", "edited")]
    assert [person.email for person in read_prospects(out)] == people


def test_numbers_and_dates_of_a_workbook_stay_what_they_are(folder, capsys):
    book = Workbook()
    book.active.append(["Record ID", "Email", "Company", "Since", "Share", "Active", "Note"])
    book.active.append([123456789012, "ana@frio.example", "Frio", datetime(2026, 2, 3), 0.5, True, "'=1+1"])
    book.active["G2"].value, book.active["G2"].data_type = "=1+1", "s"
    book.save(folder / "list.xlsx")
    settings = folder / "campaign.yaml"
    settings.write_text(settings.read_text().replace("prospects.csv", "list.xlsx"))
    out = folder / "crm.xlsx"
    assert main(["export", str(folder), "--status", "all", "--out", str(out)]) == ExitCode.OK
    [_, row] = load_workbook(out).active.iter_rows()
    assert [cell.value for cell in row[:6]] == [
        123456789012, "ana@frio.example", "Frio", datetime(2026, 2, 3), 0.5, True,
    ]  # fmt: skip
    assert ("".join(cell.data_type for cell in row[:7]), row[0].number_format) == ("nssdnbs", "0")
    assert main(["export", str(folder), "--status", "all"]) == ExitCode.OK
    assert (
        capsys.readouterr()
        .out.splitlines()[1]
        .startswith("123456789012,ana@frio.example,Frio,2026-02-03,0.5,TRUE,'=1+1,pending")
    )


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("prospects.csv", "the campaign's list of prospects"),
        ("campaign.yaml", "the campaign file"),
        ("brief.md", "the brief"),
        ("link.csv", "the campaign's list of prospects"),
    ],
)
@pytest.mark.parametrize("command", [("export", "--csv"), ("report",)])
def test_what_the_campaign_is_made_of_is_never_written_over(written, capsys, name, what, command):
    (written / "link.csv").hardlink_to(written / "prospects.csv")
    before = (written / name).read_bytes()
    command, *options = command
    assert main([command, str(written), "--out", str(written / name), *options]) == ExitCode.BAD_INPUT
    assert f"is {what}, which would be lost" in " ".join(capsys.readouterr().err.split())
    assert (written / name).read_bytes() == before


@pytest.mark.parametrize("name", ["emails.xls", "emails", "emails.csv.bak"])
def test_a_file_of_another_kind_is_refused_with_the_known_endings(written, capsys, name):
    assert main(["export", str(written), "--out", str(written / name)]) == ExitCode.BAD_INPUT
    assert "must end in .csv or .xlsx" in " ".join(capsys.readouterr().err.split())
    assert not (written / name).exists()
    assert main(["export", str(written), "--csv", "--out", str(written / name)]) == ExitCode.OK


def test_our_own_export_can_be_the_next_list(written, capsys):
    exported(written, capsys)
    again = written / "crm.csv"
    [first, *_] = read_prospects(again)
    assert isinstance(first, Prospect)
    assert not [header for header in first.extra if "miniatures" in header]
    (written / "prospects.csv").write_bytes(again.read_bytes())
    assert "miniatures_2_status" in exported(written, capsys, "--status", "all")[0]


@given(st.lists(st.text(max_size=30)))
def test_our_columns_never_have_the_name_of_one_of_the_list(headers):
    taken = [*headers, "Miniatures_Status ", "miniatures_2_body"]
    ours = {f"{own_prefix(taken)}{column}" for column in COLUMNS}
    assert not ours & {header.strip().lower() for header in taken}


def test_status_drafts_and_report_count_the_same(written, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "160")
    assert main(["status", str(written), "--json"]) == ExitCode.OK
    counted = dict(re.findall(r'"(\w+)": (1)\b', capsys.readouterr().out.split("failed_checks")[0]))
    assert set(counted) == {"ready", "approved", "edited", "rejected", "changed", "removed", "pending"}
    assert main(["drafts", str(written)]) == ExitCode.OK
    shown = capsys.readouterr().out
    assert all(f"1 {state}" in shown for state in counted)
    assert main(["report", str(written)]) == ExitCode.OK
    page = Path(capsys.readouterr().out.strip()).read_text(encoding="utf-8")
    assert all(f"<b>1</b>{state}" in page for state in counted)
    assert "In my words." in page


def test_one_draft_in_full_shows_the_reviewers_text_first(written, capsys):
    assert main(["drafts", str(written), "edited@crm.example"]) == ExitCode.OK
    shown = capsys.readouterr().out
    assert shown.index("In my words.") < shown.index("does not stand") < shown.index("you opened a third depot")
    assert main(["drafts", str(written), "rejected@crm.example"]) == ExitCode.OK
    assert "rejected by ben (tactless): not now" in capsys.readouterr().out


@given(st.lists(st.lists(st.text(max_size=20), min_size=2, max_size=2), min_size=1, max_size=4))
def test_any_text_becomes_a_workbook_that_opens(tmp_path_factory, rows):
    out = tmp_path_factory.mktemp("any") / "emails.xlsx"
    assert write_xlsx(rows, out) == len(rows) - 1
    [sheet] = load_workbook(out).worksheets
    assert not [cell for row in sheet.iter_rows() for cell in row if cell.data_type == "f" or cell.hyperlink]


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path):
    out = tmp_path / "emails.xlsx"
    write_xlsx([["email"], ["ana@frio.example"]], out)
    before = out.read_bytes()
    with pytest.raises(InputError, match=r"row 2 is longer than a workbook's cell"):
        write_xlsx([["email"], ["x" * (LONGEST_CELL + 1)]], out)

    def breaks_off():
        yield ["email"]
        raise InputError("the list is broken")

    with pytest.raises(InputError, match="the list is broken"):
        write_csv(breaks_off(), out)
    assert (out.read_bytes(), list(tmp_path.iterdir())) == (before, [out])


@pytest.mark.parametrize("name", ["x.csv", "x.xlsx"])
def test_export_into_a_folder_that_is_not_there(written, capsys, name):
    code = main(["export", str(written), "--out", str(Path("nowhere") / name)])
    assert (code, "cannot be written" in capsys.readouterr().err) == (ExitCode.BAD_INPUT, True)


def test_an_unknown_status_names_the_known(written, capsys):
    assert main(["export", str(written), "--status", "redy"]) == ExitCode.BAD_INPUT
    assert "approved, edited, ready" in capsys.readouterr().err


@given(text=st.text(max_size=20), start=st.sampled_from(["=", "+", "-", "@", "\t", "\r", " =", "\ufeff@"]))
def test_no_exported_cell_starts_a_formula(text, start):
    value = start + text
    if not re.fullmatch(r"[+-]?[\d\s().,/-]*", value):
        assert safe_cell(value) == f"'{value}"
    assert safe_cell("Hello = you") == "Hello = you"


@pytest.mark.parametrize("number", ["+47 55 00 11 22", "-5", "-1,234.50", "+1 (555) 010-0199", "12/03/2026"])
def test_a_number_stays_as_it_is(number):
    assert safe_cell(number) == number


@pytest.mark.parametrize("formula", ["-2+3+cmd|' /C calc'!A0", "+A1", "-1-1=2", "@SUM(1)", "-", "+()"])
def test_what_only_begins_like_a_number_does_not(formula):
    assert safe_cell(formula) == f"'{formula}"


@pytest.mark.parametrize("before", [";", "; ", "\n", "\t", "text;"])
@pytest.mark.parametrize("formula", ["=1+1", "@SUM(1)", "＝1", "-2+3+cmd|' /C calc'!A0", "+HYPERLINK(A1)"])  # noqa: RUF001
def test_no_formula_starts_where_a_spreadsheet_that_cuts_at_semicolons_begins_a_cell(before, formula):
    assert safe_cell(f"He said{before}{formula}") == f"He said{before}'{formula}"


@pytest.mark.parametrize("text", ["Hello;\n- one (two)\n- three\n-- \nRobin", "a; b = c", "https://x.example/?a=1;b=2"])
def test_an_ordinary_email_stays_as_it_is(text):
    assert safe_cell(text) == text
