"""A reviewer's sittings over a campaign that was really run, with piped answers and a real editor command."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import pytest

from miniatures.cli import review_session
from miniatures.cli.editor import edit_in_editor
from miniatures.cli.main import main
from miniatures.datamodel.draft import EmailText
from miniatures.datamodel.errors import ExitCode, InputError
from miniatures.datamodel.prospect import Prospect
from miniatures.datamodel.review import Preference, RejectReason, Review, ReviewAction
from miniatures.datamodel.trace import new_id
from miniatures.inputs.campaign import load_campaign
from miniatures.inputs.scaffold import create_campaign
from miniatures.review.queue import draft_to_review, waiting_drafts, waiting_pairs
from miniatures.review.reviewing import accept, edit
from miniatures.review.rubric import reason_texts, rubric_version
from miniatures.store.decide import Outcome
from miniatures.store.open import open_store
from miniatures.store.store import Store
from tests.chaos.small_campaign import prospects
from tests.finetune.reviewed_campaign import NAME, run_with_shadow
from tests.store.mail.emails import MONDAY, claim, email_to

COUNT = 5


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    create_campaign(tmp_path / NAME)
    return tmp_path / NAME


@pytest.fixture
def ran(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.delenv("VISUAL", raising=False)
    url = load_campaign(folder).store_url
    Path(url.removeprefix("sqlite:///")).parent.mkdir(parents=True)
    asyncio.run(run_with_shadow(url, COUNT))
    write_list(folder, prospects(COUNT))
    return folder


def write_list(folder: Path, people: Iterable[Prospect]) -> None:
    """The list of these people."""
    with (folder / "prospects.csv").open("w", newline="") as file:
        table = csv.DictWriter(file, ["email", "company", "first_name", "last_name", "website"])
        table.writeheader()
        table.writerows(person.model_dump(include=set(table.fieldnames)) for person in people)


@pytest.fixture
def sit(ran, capsys, monkeypatch):
    """A sitting in which these lines are typed; what was shown."""

    def run(*lines: str, options: tuple[str, ...] = (), code: int = ExitCode.OK) -> str:
        monkeypatch.setattr(sys, "stdin", io.StringIO("".join(f"{line}\n" for line in lines)))
        left = main(["review", str(ran), "--reviewer", "ada", *options])
        shown = capsys.readouterr()
        assert left == code, shown.err
        return shown.out

    return run


@pytest.fixture
def editor(tmp_path, monkeypatch):
    """An editor that runs a line of Python over `text`."""

    def use(line: str) -> None:
        script = tmp_path / "an editor.py"
        script.write_text(f"import sys, pathlib\nfile = pathlib.Path(sys.argv[1])\ntext = file.read_text()\n{line}\n")
        monkeypatch.setenv("EDITOR", f"{sys.executable} '{script}'")

    return use


def kept(folder: Path) -> list[Review]:
    with open_store(load_campaign(folder).store_url) as store:
        return list(store.reviews())


def reason_number(reason: RejectReason) -> str:
    return str(list(reason_texts()).index(reason) + 1)


def test_a_sitting_accepts_edits_rejects_skips_and_goes_on_where_it_stopped(ran, sit, editor):
    editor("file.write_text(text.replace('Hello', 'Dear Kim'))")
    shown = sit("a", "e", "y", "r", reason_number(RejectReason.GENERIC), "could be anybody", "s", "q")
    accepted, edited, rejected = kept(ran)
    assert [review.action for review in kept(ran)] == [ReviewAction.ACCEPT, ReviewAction.EDIT, ReviewAction.REJECT]
    assert accepted.target == accepted.answer
    assert edited.edited["body"] == edited.answer["body"].replace("Hello", "Dear Kim")
    assert edited.edit_distance > 0
    assert (rejected.reason, rejected.comment) == (RejectReason.GENERIC, "could be anybody")
    assert {(review.reviewer, review.campaign, review.rubric) for review in kept(ran)} == {
        ("ada", NAME, rubric_version())
    }
    assert "1 accepted, 1 edited, 1 rejected, 1 skipped; 2 still waiting." in " ".join(shown.split())

    shown = sit("a", "a", "a")
    assert "2 accepted; 0 still waiting." in shown
    assert len({review.prospect for review in kept(ran)}) == COUNT
    assert sit() == "\nNothing reviewed; 0 still waiting.\n"


def test_a_draft_is_shown_with_company_quotes_sources_and_what_failed(sit):
    shown = sit("q")
    assert "Kim Number100" in shown
    assert "Company 100" in shown
    assert "pallet places in October 2026" in shown
    assert "/news, 22 Nov 2026" in shown
    assert "Places " in shown
    assert "citation: " in shown
    assert "call to action: " in shown
    assert "Offer" in shown
    assert "steady" not in shown


def test_an_edit_that_is_no_email_is_refused_and_its_text_kept_for_the_next_try(ran, sit, editor):
    editor("file.write_text(text[9:] if text.startswith('Subject: ') else 'Subject: Mended\\n\\n' + text)")
    shown = sit("e", "e", "y", "q")
    assert "the first line does not begin with 'Subject:'" in shown
    [review] = kept(ran)
    assert review.edited["subject"] == "Mended"
    assert review.edited["body"].startswith(review.answer["subject"])


def test_saving_without_a_change_accepts_and_leaving_without_saving_asks_again(ran, sit, editor):
    editor("file.write_text(text + '\\n \\n')")
    assert "Nothing was changed: recorded as accepted." in sit("e", "q")
    assert [review.action for review in kept(ran)] == [ReviewAction.ACCEPT]
    editor("pass")
    shown = sit("e", "q")
    assert "Nothing was saved" in shown
    assert len(kept(ran)) == 1


def test_an_edit_that_fails_checks_is_kept_only_when_told_so(ran, sit, editor):
    editor("file.write_text(text + 'We saved Acme 99 percent.\\n')")
    shown = sit("e", "n", "q")
    assert "Your version, unsupported: " in shown
    assert "99" in shown
    assert kept(ran) == []


def test_an_editor_that_fails_loses_nothing(ran, sit, editor, monkeypatch):
    editor("sys.exit(3)")
    assert "ended with exit code 3" in sit("e", "q")
    monkeypatch.setenv("EDITOR", "/no/such/editor")
    assert "cannot be started" in sit("e", "a", "q")
    assert [review.action for review in kept(ran)] == [ReviewAction.ACCEPT]


def test_wrong_keys_ask_again_and_the_rubric_is_at_hand(ran, sit):
    shown = sit("x", "", "?", "r", "0", "A", "q")
    assert "How to compare" in shown
    assert [review.action for review in kept(ran)] == [ReviewAction.ACCEPT]


@pytest.mark.parametrize("lines", [(), ("r",), ("r", "2"), ("x",)])
def test_the_end_of_the_input_ends_the_sitting_and_keeps_no_half_review(ran, sit, lines):
    assert f"Nothing reviewed; {COUNT} still waiting." in sit(*lines)
    assert kept(ran) == []


def test_a_limit_ends_the_sitting(ran, sit):
    shown = sit("a", "a", "a", options=("--limit", "2"))
    assert "1 of 2" in shown
    assert f"2 accepted; {COUNT - 2} still waiting." in shown


def test_comparisons_hide_the_backends_and_map_the_choice_back(ran, sit):
    with open_store(load_campaign(ran).store_url) as store:
        pairs = waiting_pairs(store, NAME, "ada")
    shown = sit("1", "2", "t", "1", "q", options=("--compare",))
    assert "steady" not in shown
    assert "other" not in shown.partition("1 of")[2]
    assert "4 compared; " in shown
    reviews = kept(ran)
    assert [(one.trace, one.other_trace) for one in reviews] == [(p.first.trace, p.second.trace) for p in pairs[:4]]
    left, right, tie, _ = reviews
    assert left.preference is (Preference.SECOND if left.swapped else Preference.FIRST)
    assert right.preference is (Preference.FIRST if right.swapped else Preference.SECOND)
    assert tie.preference is Preference.TIE
    place = shown.find(f"1 of {len(pairs)}")
    first, second = (shown.find(text, place) for text in ("again.", "once more."))
    assert (second < first) == left.swapped
    assert f"1 of {len(pairs) - 4}" in sit("q", options=("--compare",))


def test_the_list_says_what_waits(sit):
    rows = json.loads(sit(options=("--list", "--json")))
    assert len(rows) == COUNT
    assert {row["status"] for row in rows} == {"needs_review"}
    assert all(row["trace"] and row["body"] and "citation" in row["failed_checks"] for row in rows)
    sit("a", "q")
    assert json.loads(sit(options=("--list", "--json"))) == rows[1:]
    assert json.loads(sit(options=("--list", "--json", "--status", "ready"))) == []
    assert "4 answers to review" in sit(options=("--list",))
    assert "Nothing waits" in sit(options=("--list", "--status", "ready"))
    pair = json.loads(sit(options=("--compare", "--list", "--json", "--limit", "1")))[0]
    assert len(pair["traces"]) == 2
    assert not {"backend", "backends"} & set(pair)
    assert "to compare" in sit(options=("--compare", "--list"))


def test_who_was_removed_from_the_list_is_offered_only_when_asked_for(ran, sit):
    gone, *left = prospects(COUNT)
    write_list(ran, left)
    assert gone.email not in {row["email"] for row in json.loads(sit(options=("--list", "--json")))}
    assert f"{COUNT - 1} accepted; 0 still waiting" in " ".join(sit(*["a"] * COUNT).split())
    pairs = json.loads(sit(options=("--compare", "--list", "--json")))
    assert {row["email"] for row in pairs} == {person.email for person in left}
    [row] = json.loads(sit(options=(gone.email, "--list", "--json")))
    assert row["email"] == gone.email


def test_a_verdict_is_taken_back_by_judging_the_address_again(ran, sit, capsys):
    address = next(prospects(COUNT)).email
    sit("a", options=(address,))
    assert f"{COUNT - 1} answers to review" in sit(options=("--list",))
    shown = sit("r", reason_number(RejectReason.GENERIC), "", options=(address,))
    assert "1 rejected; 0 still waiting" in " ".join(shown.split())
    assert main(["drafts", str(ran), address, "--json"]) == ExitCode.OK
    assert json.loads(capsys.readouterr().out)["status"] == "rejected"
    sit("a", options=(address,))
    assert main(["drafts", str(ran), address, "--json"]) == ExitCode.OK
    assert json.loads(capsys.readouterr().out)["status"] == "approved"


async def _decided_by_another(store: Store) -> None:
    shown = draft_to_review(store, waiting_drafts(store, NAME, "bo")[0])
    assert shown is not None
    await store.add_review(accept(shown.item, "bo"))


async def _sent_by_a_sender(store: Store) -> None:
    first = waiting_drafts(store, NAME, "bo")[0]
    assert first.prospect is not None
    sent = email_to(0, campaign=NAME, prospect=first.prospect)
    await store.mail.outbox.queue([sent], due_at=MONDAY, decisions={})
    assert await claim(store, campaign=NAME)
    assert await store.mail.outbox.start_sending([sent.id], "one")


@pytest.mark.parametrize(
    ("meanwhile", "told", "left"),
    [
        (_decided_by_another, "somebody else decided about the draft while you read it", ["bo"]),
        (_sent_by_a_sender, "its email is on its way already", []),
    ],
)
def test_what_happens_while_a_draft_is_read_is_told_and_the_verdict_on_it_not_kept(
    ran, sit, monkeypatch, meanwhile, told, left
):
    url = load_campaign(ran).store_url

    def edited(text: str) -> str:
        with open_store(url) as store:
            asyncio.run(meanwhile(store))
        return text.replace("Hello", "Dear Kim")

    monkeypatch.setattr("miniatures.cli.review_session.edit_in_editor", edited)
    shown = " ".join(sit("e", "y", options=("--limit", "1")).split())
    assert f"This is not kept: {told}" in shown
    assert f"Nothing reviewed; {COUNT} still waiting." in shown
    assert [one.reviewer for one in kept(ran)] == left


def test_what_others_decided_while_the_drafts_before_were_read_is_shown(ran, sit, monkeypatch):
    url = load_campaign(ran).store_url

    def mend_the_next(text: str) -> str:
        with open_store(url) as store:
            _, second, *_ = waiting_drafts(store, NAME, "bo")
            shown = draft_to_review(store, second)
            email = EmailText(subject="Mended by bo", body="The false sentence is out.")
            assert asyncio.run(store.decide(edit(shown.item, "bo", email), second.text_hash, 0)) is Outcome.KEPT
        return text.replace("Hello", "Dear Kim")

    monkeypatch.setattr("miniatures.cli.review_session.edit_in_editor", mend_the_next)
    shown = " ".join(sit("e", "y", "t", options=("--limit", "2")).split())
    assert "Mended by bo" in shown and "2 edited" in shown
    by_bo, _, taken_over = kept(ran)
    assert (by_bo.reviewer, taken_over.reviewer) == ("bo", "ada")
    assert by_bo.edited == taken_over.edited


def test_a_verdict_on_what_another_decided_about_since_it_was_shown_is_not_kept(ran, sit, monkeypatch):
    url = load_campaign(ran).store_url
    showing = review_session.show_draft

    def show_slowly(*args: object) -> None:
        showing(*args)
        with open_store(url) as store:
            asyncio.run(_decided_by_another(store))

    monkeypatch.setattr(review_session, "show_draft", show_slowly)
    shown = " ".join(sit("a", options=("--limit", "1")).split())
    assert "This is not kept: somebody else decided about the draft while you read it" in shown
    assert [one.reviewer for one in kept(ran)] == ["bo"]


def test_an_earlier_edit_is_shown_and_no_acceptance_throws_it_away_unasked(ran, sit, editor):
    address = next(prospects(COUNT)).email
    editor("file.write_text(text.replace('Hello', 'Dear Kim'))")
    sit("e", "y", options=(address,))
    [first] = kept(ran)

    async def rewrite() -> None:
        with open_store(load_campaign(ran).store_url) as store:
            result = store.result(NAME, first.prospect)
            draft = result.draft.model_copy(update={"id": new_id(), "trace": None, "body": "Written anew."})
            await store.save_result(result.model_copy(update={"draft": draft}))

    asyncio.run(rewrite())
    row = next(row for row in json.loads(sit(options=("--list", "--json"))) if row["email"] == address)
    assert (row["edited_by"], row["edited"]) == ("ada", first.edited)
    assert "edited by ada" in sit(options=("--list",))
    shown = " ".join(sit("a", "n", "t", options=(address,)).split())
    assert "Dear Kim" in shown and "ada edited an earlier draft" in shown
    assert (kept(ran)[-1].action, kept(ran)[-1].edited) == (ReviewAction.EDIT, first.edited)


def test_a_second_reader_is_told_of_the_edit_that_goes_out_in_the_drafts_place(ran, sit, editor, capsys):
    address = next(prospects(COUNT)).email
    editor("file.write_text(text.replace('Hello', 'Dear Kim'))")
    sit("e", "y", options=(address,))
    shown = " ".join(sit("a", options=(address, "--reviewer", "bob")).split())
    assert "ada edited this draft: that text goes out in its place" in shown
    assert main(["drafts", str(ran), address, "--json"]) == ExitCode.OK
    told = json.loads(capsys.readouterr().out)
    assert (told["status"], "Dear Kim" in told["body"]) == ("edited", True)


def test_a_key_that_is_none_is_named(sit):
    assert "?a is no key here: one of a e r w s ? q." in sit("?a", "q")


def test_a_comparison_of_nothing_says_why(ran, sit, folder):
    compared = sit(*["t"] * 20, options=("--compare",))
    assert "compared; 0 still waiting" in compared
    assert "you have compared every pair" in sit(options=("--compare",))


def test_a_comparison_without_a_second_backend_says_what_to_name(folder, capsys):
    with open_store(load_campaign(folder).store_url):
        pass
    assert main(["review", str(folder), "--compare", "--reviewer", "ada"]) == ExitCode.OK
    assert "no email was written by two backends" in capsys.readouterr().out


def test_agreement_of_two_reviewers(sit):
    assert "No two reviewers" in sit(options=("--agreement",))
    sit("a", "a", "q")
    sit("a", "r", reason_number(RejectReason.GENERIC), "any company", "q", options=("--reviewer", "grace"))
    shown = sit(options=("--agreement",))
    assert "ada and grace" in shown and "50%" in shown
    assert "Text that survived" in shown and "grace" in shown.partition("Text that survived")[2]
    told = json.loads(sit(options=("--agreement", "--json")))
    (agreed,) = told["agreement"]
    assert agreed["reviewers"] == ["ada", "grace"] and agreed["verdicts"]["n"] == 2
    people = told["people"]["by_reviewer"]
    assert [people[name]["drafts"] for name in ("ada", "grace")] == [2, 2]
    assert (people["ada"]["edited"], people["ada"]["survived"], told["people"]["total"]["drafts"]) == (0, 1, 4)


def test_a_draft_that_no_call_wrote_is_judged_too(ran, sit):
    async def rewrite() -> None:
        with open_store(load_campaign(ran).store_url) as store:
            result = next(store.results(NAME))
            draft = result.draft.model_copy(update={"id": new_id(), "trace": None, "body": "By nobody."})
            await store.save_result(result.model_copy(update={"draft": draft}))

    asyncio.run(rewrite())
    shown = " ".join(sit(*["a"] * COUNT).split())
    assert f"{COUNT} accepted; 0 still waiting" in shown
    assert "By nobody." in {review.answer["body"] for review in kept(ran)}


def test_a_draft_whose_call_is_no_longer_kept_is_left_out_and_told(ran, sit):
    async def queue() -> None:
        with open_store(load_campaign(ran).store_url) as store:
            draft = next(store.results(NAME)).draft
            await store.queue_draft(draft.model_copy(update={"id": new_id(), "trace": new_id()}), NAME)

    asyncio.run(queue())
    shown = " ".join(sit(*["a"] * COUNT).split())
    assert f"{COUNT} accepted; 0 still waiting; 1 draft left out" in shown


def test_a_review_loads_nothing_that_asks_models():
    code = "import sys, miniatures.review.queue, miniatures.cli.review_session; print(*sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert not {"langchain_core", "langgraph", "langsmith"} & set(told.stdout.split())


def test_a_hostile_draft_cannot_steer_the_terminal(ran, sit):
    hostile = "\x1b[2J\x1b]0;owned\x07 [red]not markup[/red] \u202egnirts"

    async def plant() -> None:
        with open_store(load_campaign(ran).store_url) as store:
            first = waiting_drafts(store, NAME, "ada")[0]
            result = store.result(NAME, first.prospect)
            draft = result.draft.model_copy(update={"body": hostile})
            await store.save_result(result.model_copy(update={"draft": draft}))

    asyncio.run(plant())
    shown = sit("a", "q")
    assert "[red]not markup[/red] \ufffdgnirts" in shown
    assert not {"\x1b", "\x07", "\u202e"} & set(shown)
    assert kept(ran)[0].answer["body"] == hostile


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--status", "failed"), "nothing to review in such a status"),
        (("--reviewer", " "), "needs a name"),
        (("nobody@example.com",), "has no prospect nobody@example.com"),
        (("nobody@example.com", "--compare"), "an address goes with drafts"),
    ],
)
def test_wrong_options_are_told(ran, capsys, options, said):
    assert main(["review", str(ran), *options]) == ExitCode.BAD_INPUT
    assert said in capsys.readouterr().err


def test_a_campaign_that_was_not_run_has_nothing_to_review(folder, capsys):
    assert main(["review", str(folder)]) == ExitCode.BAD_INPUT
    assert "was not run yet" in capsys.readouterr().err


def test_any_text_comes_back_from_the_editor_as_it_is(editor, monkeypatch):
    monkeypatch.delenv("VISUAL", raising=False)
    editor("file.write_bytes(file.read_bytes())")
    text = "Subject: Þórunn 🏭\n\n[bold] \\ \t 'x'\n"
    assert edit_in_editor(text) == text
    assert edit_in_editor("a lone \ud800") == "a lone ?"
    monkeypatch.setenv("VISUAL", "/no/such/editor")
    with pytest.raises(InputError, match="cannot be started"):
        edit_in_editor(text)


@pytest.mark.slow
def test_ctrl_c_keeps_what_was_reviewed_and_sums_up(ran):
    """In a process of its own, over a pipe, as a script would drive it."""
    command = [sys.executable, "-m", "miniatures", "review", str(ran), "--reviewer", "ada"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    process = subprocess.Popen(command, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"}, **pipes)
    process.stdin.write("a\n")
    process.stdin.flush()
    deadline = time.monotonic() + 60
    while not kept(ran) and time.monotonic() < deadline:
        time.sleep(0.1)
    while process.poll() is None and time.monotonic() < deadline + 30:
        process.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=10)
    output, errors = process.communicate(timeout=30)
    assert process.returncode == ExitCode.INTERRUPTED, errors
    assert f"1 accepted; {COUNT - 1} still waiting." in output
    assert "Traceback" not in errors
    assert len(kept(ran)) == 1
