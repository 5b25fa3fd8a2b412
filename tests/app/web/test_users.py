"""The users' file: whole, private, and read again as soon as it has changed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from miniatures.app.web.passwords import fits, hashed
from miniatures.app.web.users import MOST_CHARACTERS, Users, users_file
from miniatures.app.web.visitors import Rights, Visitor
from miniatures.datamodel.errors import InputError
from tests.app.web.entered import PASSWORD, hash_quickly


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    hash_quickly(monkeypatch)


@pytest.fixture
def users(tmp_path: Path) -> Users:
    return Users(tmp_path / "home" / "users.json")


def test_without_a_file_there_are_none_and_none_is_made(users: Users) -> None:
    assert users.all() == ()
    assert users.find("kim") is None
    assert not users.path.parent.exists()


def test_users_are_found_in_any_case_and_listed_by_name(users: Users) -> None:
    users.add("mara", Rights.REVIEWER, PASSWORD)
    users.add("Kim Öz", Rights.OWNER, PASSWORD)
    assert [(user.name, user.rights) for user in users.all()] == [("Kim Öz", "owner"), ("mara", "reviewer")]
    for typed in ("KIM ÖZ", " kim öz", "Kim O\u0308z"):
        found = users.find(typed)
        assert found is not None and found.name == "Kim Öz"


def test_the_file_is_its_user_s_alone_and_holds_no_password(users: Users) -> None:
    before = os.umask(0)
    try:
        users.add("kim", Rights.REVIEWER, PASSWORD)
        users.add("lee", Rights.REVIEWER, PASSWORD)
    finally:
        os.umask(before)
    assert users.path.stat().st_mode & 0o777 == 0o600
    text = users.path.read_text()
    assert PASSWORD not in text
    assert text.count("$argon2id$") == 2
    first, second = users.all()
    assert first.password_hash != second.password_hash, "salted"
    assert {file.name for file in users.path.parent.iterdir()} <= {"users.json", "users.json.lock"}


def test_another_process_s_change_is_seen_at_once(users: Users) -> None:
    other = Users(users.path)
    other.add("kim", Rights.REVIEWER, PASSWORD)
    assert users.find("kim")
    other.remove("kim")
    assert not users.find("kim")
    users.path.unlink()
    assert users.all() == ()


def test_two_who_add_at_the_same_time_both_stay(tmp_path: Path) -> None:
    program = (
        "import pathlib, sys\nfrom miniatures.app.web.users import Users\n"
        "from miniatures.app.web.visitors import Rights\n"
        "users = Users(pathlib.Path(sys.argv[1]))\n"
        f"[users.add(sys.argv[2] + str(number), Rights.REVIEWER, {PASSWORD!r}) for number in range(3)]"
    )
    file = tmp_path / "users.json"
    adding = [subprocess.Popen([sys.executable, "-c", program, str(file), name]) for name in ("kim", "lee")]
    assert [process.wait(60) for process in adding] == [0, 0]
    assert [user.name for user in Users(file).all()] == ["kim0", "kim1", "kim2", "lee0", "lee1", "lee2"]


@pytest.mark.parametrize(
    "name", ["", " kim", "kim ", "a\nb", "a\tb", "a\u202eb", "a\x1b[31m", "x" * (MOST_CHARACTERS + 1)]
)
def test_what_is_no_name_is_refused(users: Users, name: str) -> None:
    with pytest.raises(InputError, match="cannot be a user's name") as refused:
        users.add(name, Rights.REVIEWER, PASSWORD)
    assert "\x1b" not in refused.value.message
    assert not users.path.exists()


@pytest.mark.parametrize("name", ["kim", "KIM", "\uff2bim"])
def test_a_name_that_is_taken_is_refused(users: Users, name: str) -> None:
    users.add("Kim", Rights.OWNER, PASSWORD)
    with pytest.raises(InputError, match="Kim is a user already"):
        users.add(name, Rights.REVIEWER, "another password")
    (kim,) = users.all()
    assert kim.rights is Rights.OWNER and fits(PASSWORD, kim.password_hash)


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("", "too short: it has 0 characters, and needs at least 10"),
        ("ten charac", None),
        ("nine char", "too short"),
        ("Robin.Hartmann", "the password is the name"),
        ("          ", None),
    ],
)
def test_a_password_is_long_and_is_not_the_name(users: Users, password: str, reason: str | None) -> None:
    if reason is None:
        users.add("robin.hartmann", Rights.REVIEWER, password)
        return
    with pytest.raises(InputError, match=reason):
        users.add("robin.hartmann", Rights.REVIEWER, password)
    assert not users.path.exists()


def test_only_the_password_fits() -> None:
    kept = hashed("Grüße aus Köln", "kim")
    assert fits("Grüße aus Köln", kept)
    assert fits("Gru\u0308ße aus Ko\u0308ln", kept), "the same characters from another keyboard"
    assert not fits("grüße aus köln", kept)
    assert not fits("", kept)
    assert not fits("Grüße aus Köln", None)
    assert not fits("the password of nobody", None)
    assert not fits("Grüße aus Köln", "no hash")


def test_whoever_is_removed_or_has_another_password_or_other_rights_is_not_known(users: Users) -> None:
    users.add("kim", Rights.REVIEWER, PASSWORD)
    (kim,) = users.all()
    visitor = Visitor(kim.name, kim.rights, by=kim.password_hash)
    assert users.knows(visitor)
    assert not users.knows(Visitor("kim", Rights.OWNER, by=kim.password_hash))
    users.set_password("KIM", "another password")
    assert not users.knows(visitor)
    users.remove("Kim")
    users.add("kim", Rights.REVIEWER, PASSWORD)
    assert not users.knows(visitor), "somebody new of the same name"
    assert users.knows(Visitor("lee", Rights.OWNER)), "who came by a token has no password"


def test_nobody_is_changed_who_is_not_there(users: Users) -> None:
    users.add("kim", Rights.REVIEWER, PASSWORD)
    with pytest.raises(InputError, match="no user is named 'lee'"):
        users.remove("lee")
    with pytest.raises(InputError, match="no user is named 'lee'"):
        users.set_password("lee", PASSWORD)
    with pytest.raises(InputError, match="too short"):
        users.set_password("kim", "short")
    assert fits(PASSWORD, users.all()[0].password_hash)


@pytest.mark.parametrize(
    "text", ["", "{", '{"users": 1}', '{"users": [{"name": "kim", "rights": "king", "password_hash": ""}]}']
)
def test_a_damaged_file_is_named_and_lets_nobody_in(users: Users, text: str) -> None:
    users.path.parent.mkdir()
    users.path.write_text(text)
    for _ in range(2):
        with pytest.raises(InputError, match=r"users\.json is damaged"):
            users.all()
    with pytest.raises(InputError, match=r"users\.json is damaged"):
        users.add("kim", Rights.REVIEWER, PASSWORD)
    assert users.path.read_text() == text


def test_they_are_kept_with_the_user_s_own_data(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MINIATURES_HOME", str(tmp_path))
    assert users_file() == tmp_path / "users.json"
