"""`make ab-demo` with forty people: it comes to a report, and the report agrees with what they did."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import Counter
from datetime import date
from email.message import EmailMessage
from pathlib import Path

import pytest

from examples.ab_demo.answers import complaint_about, note_about, reply_to
from examples.ab_demo.check import Compared
from examples.ab_demo.habits import Habit, Person, habit_of
from examples.ab_demo.journal import Deed, read_journal
from examples.ab_demo.mailbox import Letter
from examples.ab_demo.rates import OptOut, Program, load_rates
from examples.ab_demo.replies import load_replies
from examples.ab_demo.sites import write_sites
from examples.ab_demo.world import contacts_of
from miniatures.datamodel.inbound import InboundKind
from miniatures.delivery.inbound.mail import read_mail
from miniatures.delivery.inbound.told import told
from tests.mail_servers.mail_fixtures import need_mail_server

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "examples" / "ab_demo"
FEW = Path(__file__).with_name("ab_demo_rates.yaml")
RATES = load_rates(DEMO / "rates.yaml")


@pytest.mark.slow
def test_forty_people_lead_to_a_report_that_agrees_with_what_they_did(tmp_path: Path, embedded_weights: Path) -> None:
    need_mail_server()
    command = [sys.executable, "-m", "examples.ab_demo.run", "--rates", str(FEW), "--folder", str(tmp_path / "demo")]
    wide = {**os.environ, "COLUMNS": "120"}
    finished = subprocess.run(command, cwd=ROOT, env=wide, capture_output=True, text=True, timeout=600, check=False)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert "Not yet known whether miniature is no worse than plain" in finished.stdout
    assert "The report agrees with the journal." in finished.stdout
    assert re.search(r"address refused at once +[1-9]", finished.stdout)
    assert re.search(r"bounced, at once or later +[1-9]", finished.stdout)
    entries = read_journal(tmp_path / "demo" / "journal.jsonl")
    assert {entry.deed for entry in entries} == set(Deed)
    assert {entry.detail for entry in entries if entry.deed is Deed.OPTED_OUT} == set(OptOut)
    asked = [sys.executable, "-m", "examples.ab_demo.tomorrow", "ab", "report", str(tmp_path / "demo")]
    later = subprocess.run(asked, cwd=ROOT, env=wide, capture_output=True, text=True, timeout=100, check=False)
    assert later.returncode == 0, later.stderr
    verdict = re.search(r"^Everybody so far.*?^What it cost", finished.stdout, re.MULTILINE | re.DOTALL)
    assert verdict is not None and verdict[0] in later.stdout


def test_people_keep_to_the_rates_that_are_set() -> None:
    texts = load_replies()
    habits = [habit_of(person(number), RATES, texts) for number in range(20_000)]
    arm = RATES.arms["plain"]
    assert share(habits, lambda one: one.opens) == pytest.approx(arm.opens, abs=0.012)
    assert share(habits, lambda one: one.clicks) == pytest.approx(arm.clicks, abs=0.008)
    acts = Counter(one.act for one in habits)
    for act, rate in {**arm.replies, **arm.opts_out}.items():
        assert acts[act] / len(habits) == pytest.approx(rate, abs=0.006)
    assert all(one.opens for one in habits if one.clicks or one.act is not None)
    assert all(one.answer.meaning is one.act for one in habits if one.answer is not None)


def test_whoever_is_away_does_nothing() -> None:
    away = person(1).model_copy(update={"away": True})
    habit = habit_of(away, RATES, load_replies())
    assert not habit.opens and not habit.clicks and habit.act is None


def test_the_world_is_the_same_each_time_and_on_reserved_domains(tmp_path: Path) -> None:
    contacts = contacts_of(RATES)
    assert contacts == contacts_of(RATES)
    assert len({one.email for one in contacts}) == RATES.people
    assert len({one.company.name for one in contacts}) == RATES.companies
    assert all(one.email.endswith(".example") and one.company.host.endswith(".example") for one in contacts)
    companies = [one.company for one in contacts[:3]]
    for folder in ("first", "second"):
        (tmp_path / folder).mkdir()
        write_sites(companies, tmp_path / folder, today=date(2026, 11, 30), seed=RATES.seed)
    pages = [path.relative_to(tmp_path / "first") for path in (tmp_path / "first").rglob("*.*") if path.is_file()]
    assert len(pages) > 3 * 5
    assert all((tmp_path / "first" / page).read_bytes() == (tmp_path / "second" / page).read_bytes() for page in pages)
    assert "{" not in "".join((tmp_path / "first" / page).read_text(encoding="utf-8") for page in pages)


def test_nobody_writes_what_the_reader_of_replies_is_measured_on() -> None:
    lines = (ROOT / "examples" / "replies" / "test.jsonl").read_text(encoding="utf-8").splitlines()
    measured_on = {json.loads(line)["text"] for line in lines} - {"STOP"}
    assert not measured_on & {one.text for one in load_replies()}


@pytest.mark.parametrize("program", Program)
def test_a_reply_quotes_the_email_as_its_program_does(program: Program) -> None:
    text = "Send me the prices, please.\n\nKaja"
    reply = reply_to(letter(), text, "Kaja Müller", "kaja@buyer.example", program)
    found = told(read_mail(reply.as_bytes()), letter().sent_at)
    assert (found.kind, found.text) == (InboundKind.REPLY, text)
    assert "reply STOP" in reply.get_content()


def test_stop_is_an_opt_out() -> None:
    reply = reply_to(letter(), "STOP", "Kaja Müller", "kaja@buyer.example", Program.GMAIL)
    assert told(read_mail(reply.as_bytes()), letter().sent_at).kind is InboundKind.OPT_OUT


def test_a_note_of_an_absence_is_told_from_an_answer() -> None:
    note = note_about(letter(), "I am away until 12 January.", "Kaja Müller", "kaja@buyer.example")
    found = told(read_mail(note.as_bytes()), letter().sent_at)
    assert (found.kind, found.back_on) == (InboundKind.OUT_OF_OFFICE, date(2027, 1, 13))


def test_a_complaint_names_the_email_and_its_envelope() -> None:
    found = told(read_mail(complaint_about(letter()).as_bytes()), letter().sent_at)
    assert found.kind is InboundKind.COMPLAINT
    assert found.clues.sent_to[0] == "maren+1f@sender.example"
    assert found.clues.returned == ("<1f@sender.example>",)


def test_a_letter_has_its_picture_and_its_links() -> None:
    one = letter()
    assert (one.picture, one.link, one.opt_out_page) == (
        "http://t.example/o",
        "http://t.example/c",
        "http://t.example/u",
    )
    assert one.one_click == "http://t.example/u"
    assert one.all_addresses == [
        "http://t.example/c",
        "http://t.example/u",
        "http://t.example/unseen",
        "http://t.example/o",
    ]


@pytest.mark.parametrize(
    ("did", "by_model", "agrees", "differs"),
    [(3, False, True, False), (9, False, False, True), (9, True, False, False)],
)
def test_a_count_outside_the_bounds_differs(did: int, by_model: bool, agrees: bool, differs: bool) -> None:
    row = Compared("plain", "opened", did, 2, 4, by_model)
    assert (row.agrees, row.differs, row.reported) == (agrees, differs, "2 to 4")


def test_where_no_hit_leaves_a_doubt_the_count_has_to_be_equal() -> None:
    assert [Compared("plain", "clicked", did, 3, 3).differs for did in (2, 3, 4)] == [True, False, True]


def person(number: int) -> Person:
    return Person(email=f"p{number}@buyer.example", name="P", arm="plain", scanned=False, away=False, note="")


def share(habits: list[Habit], holds: object) -> float:
    assert callable(holds)
    return sum(map(holds, habits)) / len(habits)


def letter() -> Letter:
    sent = EmailMessage()
    sent["Return-Path"] = "<maren+1f@sender.example>"
    sent["From"], sent["To"] = "Maren Holloway <maren@sender.example>", "Kaja Müller <kaja@buyer.example>"
    sent["Subject"], sent["Date"] = "readings for the new rooms", "Mon, 30 Nov 2026 09:00:00 +0000"
    sent["Message-ID"] = "<1f@sender.example>"
    sent["List-Unsubscribe"] = "<http://t.example/u>, <mailto:maren@sender.example>"
    sent.set_content("Hi Kaja,\n\nWould a call be worth it?\n\n-- \nOr reply STOP: http://t.example/u\n")
    sent.add_alternative(
        '<p>Hi Kaja, see <a href="http://t.example/c">this</a></p><p>Or reply STOP: <a href="http://t.example/u">x</a></p>'
        '<a href="http://t.example/unseen" style="display:none"></a><img src="http://t.example/o">',
        subtype="html",
    )
    return Letter(sent.as_bytes())
