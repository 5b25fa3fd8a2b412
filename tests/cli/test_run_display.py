"""How a run is shown while it goes on, how it is interrupted, and what it tells the shell at its end."""

import io
import os
import pty
import re
import signal
import subprocess
import sys
import textwrap
import time

import pytest

from miniatures.agents.run_events import RunEvent, RunOutcome, RunSummary
from miniatures.cli import progress
from miniatures.cli.progress import PlainProgress, figures, open_progress, seconds_left
from miniatures.cli.run_command import exit_code
from miniatures.cli.summary import show_summary
from miniatures.datamodel.backend import Bill, Usage
from miniatures.datamodel.draft import DraftStatus
from miniatures.datamodel.errors import ExitCode
from miniatures.datamodel.prospect import BadRow, Prospect
from miniatures.datamodel.standing import State
from miniatures.inputs.campaign import load_campaign

SOMEONE = Prospect(email="ana@acme.example", company="Acme [Ltd]")


def event(
    done: int, total: int | None = 200, *, failed: int = 0, reused: int = 0, cost: float | None = 0.5
) -> RunEvent:
    return RunEvent(
        done=done,
        total=total,
        failed=failed,
        reused=reused,
        status=DraftStatus.READY,
        prospect=SOMEONE,
        bill=Bill(usage=Usage(input_tokens=done * 100), cost_usd=cost),
        seconds=done * 0.5,
    )


def summary(outcome: RunOutcome = RunOutcome.COMPLETED, **fields: object) -> RunSummary:
    statuses = fields.pop("by_status", {DraftStatus.READY: 2})
    base = RunSummary(
        run_id="r", campaign="autumn", outcome=outcome, by_status=statuses, new=2, reused=0,
        bill=Bill(usage=Usage(input_tokens=900, output_tokens=100), cost_usd=None), seconds=10,
    )  # fmt: skip
    return base.model_copy(update=fields)


def test_plain_lines_come_at_each_tenth_and_not_more_often(monkeypatch):
    monkeypatch.setattr(progress, "_SECONDS_BETWEEN_LINES", 1e9)
    stream = io.StringIO()
    view = open_progress(stream)
    assert isinstance(view, PlainProgress)
    for done in range(1, 201):
        view.update(event(done))
    lines = stream.getvalue().splitlines()
    assert len(lines) == 10
    assert lines[-1] == "200 of 200 prospects, 0 failed, 200 tokens/s, spent $0.5000"
    assert "\x1b" not in stream.getvalue()


def test_plain_lines_come_after_some_seconds_when_the_length_is_unknown(monkeypatch):
    monkeypatch.setattr(progress, "_SECONDS_BETWEEN_LINES", 0.0)
    stream = io.StringIO()
    PlainProgress(stream).update(event(3, None, failed=1, reused=1, cost=None))
    assert stream.getvalue() == "3 prospects, 1 done before, 1 failed, 200 tokens/s, spent unknown\n"


def test_time_left_counts_only_what_was_worked_on_in_this_run():
    assert seconds_left(event(100, reused=50)) == pytest.approx(100.0)
    assert seconds_left(event(50, reused=50)) is None
    assert seconds_left(event(5, None)) is None
    assert "left" not in figures(event(200))


@pytest.mark.parametrize("width", [80, 120])
def test_a_terminal_gets_a_live_bar_that_fits(width):
    script = textwrap.dedent(
        """
        import sys
        from miniatures.agents.run_events import RunEvent
        from miniatures.cli.progress import LiveProgress, open_progress
        from miniatures.datamodel.backend import Bill, Usage
        from miniatures.datamodel.prospect import Prospect
        view = open_progress(sys.stdout)
        assert isinstance(view, LiveProgress)
        someone = Prospect(email="a@b.example", company="Acme [Ltd] and Sons International Holding")
        view.update(RunEvent(done=7, total=30, failed=2, reused=0, status="needs_review", prospect=someone,
                             bill=Bill(usage=Usage(input_tokens=7000), cost_usd=0.0123), seconds=70))
        view.say("Finishing what is in flight.")
        view.close()
        """
    )
    shown = _in_terminal([sys.executable, "-c", script], width)
    lines = [re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", line) for line in re.split(r"[\r\n]+", shown)]
    bar = next(line for line in lines if "7/30" in line)
    assert len(bar) <= width
    for part in ("Acme [Ltd]", "2 failed", "100 tok/s", "$0.0123", "3 min 50 s left"):
        assert part in bar
    assert "Finishing what is in flight." in lines


def _in_terminal(command: list[str], width: int) -> str:
    """What the command writes to a terminal of this width."""
    master, slave = pty.openpty()
    environment = {**os.environ, "COLUMNS": str(width), "TERM": "xterm-256color"}
    process = subprocess.Popen(command, stdout=slave, stderr=slave, env=environment)
    os.close(slave)
    shown = b""
    while True:
        try:
            piece = os.read(master, 65536)
        except OSError:
            break
        if not piece:
            break
        shown += piece
    os.close(master)
    assert process.wait(timeout=30) == 0, shown.decode()
    return shown.decode()


@pytest.mark.parametrize(
    ("ended", "expected"),
    [
        (summary(), ExitCode.OK),
        (summary(by_status={DraftStatus.NEEDS_REVIEW: 2, DraftStatus.NOTHING_FOUND: 1}), ExitCode.OK),
        (summary(by_status={DraftStatus.READY: 2, DraftStatus.FAILED: 1}), ExitCode.SOME_FAILED),
        (summary(by_status={DraftStatus.BLOCKED: 1}), ExitCode.SOME_FAILED),
        (summary(by_status={DraftStatus.OVER_BUDGET: 1}), ExitCode.SOME_FAILED),
        (summary(RunOutcome.BUDGET_REACHED), ExitCode.BUDGET_REACHED),
        (summary(RunOutcome.BACKEND_UNAVAILABLE), ExitCode.BACKEND_UNAVAILABLE),
        (summary(RunOutcome.INTERRUPTED), ExitCode.INTERRUPTED),
    ],
)
def test_exit_codes_of_a_run(ended, expected):
    assert exit_code(ended) is expected


def test_summary_says_what_happened_and_what_is_next(folder, capsys):
    loaded = load_campaign(folder)
    bad = tuple(BadRow(line=number, reason="no company [x]") for number in range(2, 9))
    show_summary(
        summary(bad_rows=bad, bad_row_count=7),
        loaded,
        folder / "r.html",
        by_state={State.APPROVED: 2, State.READY: 1, State.FAILED: 0},
        resume="miniatures run x",
        next_steps={"List the drafts": f"miniatures drafts {folder}", "Read them": "miniatures review x"},
    )
    shown = capsys.readouterr().out
    assert "autumn finished in 10.0 s" in shown
    assert re.findall(r"(approved|ready|failed) +(\d)", shown) == [("approved", "2"), ("ready", "1")]
    assert "1,000 tokens (100/s), cost unknown" in shown
    assert "7 rows of prospects.csv left out" in shown
    assert "line 2: no company [x]" in shown
    assert "line 8" not in shown
    assert f"status {loaded.path} --json" in shown
    assert f"Report: {folder / 'r.html'}" in shown
    assert f"List the drafts: miniatures drafts {folder}" in shown
    assert "Read them:       miniatures review x" in shown


def test_a_second_run_says_that_nothing_was_done_twice(folder, capsys):
    ended = summary(new=0, reused=2)
    show_summary(
        ended,
        load_campaign(folder),
        folder / "r.html",
        by_state={State.APPROVED: 2, State.READY: 1, State.FAILED: 0},
        resume="miniatures run autumn",
        next_steps={"Drafts": "miniatures drafts autumn"},
    )
    assert "Nothing was left to do: 2 prospects done before, none worked on again." in capsys.readouterr().out


@pytest.mark.parametrize("outcome", [RunOutcome.INTERRUPTED, RunOutcome.BUDGET_REACHED])
def test_a_run_that_ended_early_says_how_to_go_on(folder, capsys, outcome):
    ended = summary(outcome, message="the budget of 1 USD is spent", hint="Raise budget.usd.")
    show_summary(
        ended,
        load_campaign(folder),
        folder / "r.html",
        by_state={State.APPROVED: 2, State.READY: 1, State.FAILED: 0},
        resume="miniatures run autumn",
        next_steps={"Drafts": "miniatures drafts autumn"},
    )
    shown = capsys.readouterr().out
    assert "Go on with: miniatures run autumn" in shown
    assert "the budget of 1 USD is spent" in shown
    assert "Raise budget.usd." in shown


RUN_THAT_DRAINS = textwrap.dedent(
    """
    import asyncio, sys, threading, time
    from miniatures.cli.interrupts import drain_on_interrupt

    async def work():
        with drain_on_interrupt(lambda text: print(text, flush=True), "miniatures run x") as stop:
            print("working", flush=True)
            await stop.wait()
            print("draining", flush=True)
            await asyncio.to_thread(time.sleep, float(sys.argv[1]))
            print("drained", flush=True)

    asyncio.run(work())
    """
)


def _started(drain_seconds: float) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", RUN_THAT_DRAINS, str(drain_seconds)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "working\n"
    return process


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_interrupt_lets_the_work_in_flight_finish(number):
    process = _started(0.2)
    process.send_signal(number)
    output, error = process.communicate(timeout=20)
    assert "Ctrl-C again stops at once." in output
    assert output.rstrip().endswith("drained")
    assert (process.returncode, error) == (0, "")


def test_the_second_interrupt_ends_it_at_once_even_while_a_thread_works():
    process = _started(60)
    process.send_signal(signal.SIGINT)
    assert process.stdout is not None
    while process.stdout.readline() != "draining\n":
        pass
    asked = time.monotonic()
    process.send_signal(signal.SIGINT)
    output, error = process.communicate(timeout=20)
    assert time.monotonic() - asked < 5
    assert process.returncode == ExitCode.INTERRUPTED
    assert "drained" not in output
    assert "Go on with: miniatures run x" in error
