"""`miniatures users`: who may sign in is added, listed, changed and removed, with one sentence for each mistake."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import typer

from miniatures.app.web.passwords import fits
from miniatures.app.web.users import Users
from miniatures.cli.main import main
from tests.app.web.entered import PASSWORD, hash_quickly

Run = Callable[..., tuple[int, str, str]]


class Terminal(io.StringIO):
    """An input that a person types."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the command with a home of its own and a piped input."""
    monkeypatch.setenv("MINIATURES_HOME", str(tmp_path))
    hash_quickly(monkeypatch)

    def running(*arguments: str, typed: str = f"{PASSWORD}\n", terminal: bool = False) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "stdin", Terminal(typed) if terminal else io.StringIO(typed))
        code = main(["users", *arguments])
        said = capsys.readouterr()
        return code, said.out, said.err

    return running


def test_a_user_is_added_with_a_piped_password_and_listed(run: Run) -> None:
    assert run("list") == (0, "Nobody may sign in yet: `miniatures users add NAME` lets somebody in.\n", "")
    assert run("list", "--json")[1] == "[]\n"
    assert run("add", "mara") == (0, "mara may sign in as reviewer\n", "")
    assert run("add", "Kim Öz", "--rights", "owner", typed=f"{PASSWORD}\r\n") == (
        0,
        "Kim Öz may sign in as owner\n",
        "",
    )
    listed = [{"name": "Kim Öz", "rights": "owner"}, {"name": "mara", "rights": "reviewer"}]
    assert json.loads(run("list", "--json")[1]) == listed
    shown = run("list")[1]
    assert shown.index("Kim Öz") < shown.index("mara")
    assert all(fits(PASSWORD, user.password_hash) for user in Users().all())


def test_at_a_terminal_the_password_is_asked_for_twice_and_hidden(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = {}

    def prompt(question: str, **options: object) -> str:
        asked.update(options, question=question)
        return PASSWORD

    monkeypatch.setattr(typer, "prompt", prompt)
    assert run("add", "kim", terminal=True)[0] == 0
    assert asked["question"] == "Password of kim"
    assert asked["hide_input"] is True and asked["confirmation_prompt"] and asked["err"] is True


def test_a_password_that_is_too_short_is_one_sentence(run: Run) -> None:
    said = "Error: the password is too short: it has 5 characters, and needs at least 10\n"
    assert run("add", "kim", typed="short\n") == (2, "", said)
    assert run("list", "--json")[1] == "[]\n"


def test_a_name_that_cannot_be_added_is_refused_before_a_password_is_asked_for(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("add", "kim")
    monkeypatch.setattr("miniatures.cli.users._password_for", lambda name: pytest.fail("it was asked for"))
    assert "Kim" not in run("add", "KIM")[2] and "kim is a user already" in run("add", "KIM")[2]
    assert "cannot be a user's name" in run("add", "a\x1bb")[2]
    assert "no user is named 'lee'" in run("password", "lee")[2]


def test_rights_are_reviewer_or_owner(run: Run) -> None:
    code, _, said = run("add", "kim", "--rights", "king")
    assert code == 2
    assert "reviewer" in said and "owner" in said


def test_a_password_is_changed(run: Run) -> None:
    run("add", "kim", "--rights", "owner")
    assert run("password", "KIM", typed="another password\n") == (0, "kim has another password\n", "")
    (kim,) = Users().all()
    assert fits("another password", kim.password_hash) and kim.rights == "owner"


def test_a_user_is_removed(run: Run) -> None:
    run("add", "kim")
    assert run("remove", "Kim") == (0, "kim may not sign in any more\n", "")
    assert run("remove", "kim")[0] == 2
    assert Users().all() == ()
