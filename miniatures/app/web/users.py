"""The people who may sign in to the app by name, in one file that only whoever runs the app may read.

The app looks at the file again whenever it has changed, so whoever is removed or gets another password is out at once.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from pathlib import Path

from platformdirs import user_data_path
from pydantic import ValidationError

from miniatures.app.web.passwords import hashed
from miniatures.app.web.visitors import Rights, Visitor
from miniatures.datamodel.errors import InputError
from miniatures.datamodel.files import read_regular, written_whole
from miniatures.datamodel.foreign_text import visible
from miniatures.datamodel.frozen import Frozen
from miniatures.datamodel.mistakes import mistakes
from miniatures.datamodel.user_folder import user_folder
from miniatures.weights.home import exclusive

MOST_CHARACTERS = 64
_MOST_BYTES = 1_000_000


class User(Frozen):
    """Somebody who may sign in."""

    name: str
    rights: Rights
    password_hash: str


class _Kept(Frozen):
    """What the file holds."""

    users: tuple[User, ...] = ()


def users_file() -> Path:
    """Where the users are kept, or will be. The environment variable MINIATURES_HOME moves it."""
    return user_folder(user_data_path("miniatures")) / "users.json"


def name_key(name: str) -> str:
    """The same for names that people would take for one."""
    return unicodedata.normalize("NFKC", name).strip().casefold()


class Users:
    """The named users as the file has them now; none if there is no file."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or users_file()
        self._read_at: tuple[int, ...] | None = None
        self._by_key: dict[str, User] = {}

    def all(self) -> tuple[User, ...]:
        """All of them, by name.

        Raises:
            InputError: the file cannot be read, or is damaged.
        """
        return tuple(sorted(self._known().values(), key=lambda user: name_key(user.name)))

    def find(self, name: str) -> User | None:
        """The user of this name, in whatever case it is typed; raises as `all` does."""
        return self._known().get(name_key(name))

    def knows(self, visitor: Visitor) -> bool:
        """Whether password and rights that a visitor was let in with are theirs still; raises as `all` does."""
        if not visitor.by:
            return True
        user = self.find(visitor.name)
        return user is not None and (user.password_hash, user.rights) == (visitor.by, visitor.rights)

    def check_new(self, name: str) -> None:
        """Refuse a name that cannot be added.

        Raises:
            InputError: it is taken, or is no name.
        """
        if not 1 <= len(name) <= MOST_CHARACTERS or name != visible(name).strip() or not name.isprintable():
            raise InputError(
                f"{visible(name)!r} cannot be a user's name",
                hint=f"A name is one line of 1 to {MOST_CHARACTERS} characters, without a space at either end.",
            )
        taken = self.find(name)
        if taken is not None:
            raise InputError(
                f"{taken.name} is a user already", hint="`miniatures users password` gives them another password."
            )

    def add(self, name: str, rights: Rights, password: str) -> None:
        """Let somebody sign in from now on.

        Raises:
            InputError: the name is taken or is none, the password will not do, or the file cannot be written.
        """
        self.check_new(name)
        user = User(name=name, rights=rights, password_hash=hashed(password, name))

        def added(users: dict[str, User]) -> None:
            self.check_new(name)
            users[name_key(name)] = user

        self._change(added)

    def existing(self, name: str) -> User:
        """The user of this name.

        Raises:
            InputError: nobody has it, or the file is damaged.
        """
        user = self.find(name)
        if user is None:
            raise InputError(f"no user is named {visible(name)!r}", hint="`miniatures users list` shows who is.")
        return user

    def remove(self, name: str) -> User:
        """Let somebody in no more; what they decided stays. Says who it was, and raises as `existing` does."""
        user = self.existing(name)
        self._change(lambda users: users.pop(name_key(name), None))
        return user

    def set_password(self, name: str, password: str) -> User:
        """Give a user another password, which ends their sessions.

        Raises:
            InputError: nobody has the name, the password will not do, or the file cannot be written.
        """
        user = self.existing(name)
        changed = user.model_copy(update={"password_hash": hashed(password, user.name)})

        def replaced(users: dict[str, User]) -> None:
            self.existing(name)
            users[name_key(name)] = changed

        self._change(replaced)
        return changed

    def _change(self, change: Callable[[dict[str, User]], object]) -> None:
        """Change what the file holds now, whatever another process made of it meanwhile."""
        with exclusive(self.path):
            users = dict(self._known())
            change(users)
            with written_whole(self.path, private=True) as file:
                file.write(_Kept(users=tuple(users.values())).model_dump_json(indent=2) + "\n")

    def _known(self) -> dict[str, User]:
        found = self._signature()
        if found is None:
            self._by_key = {}
        elif found != self._read_at:
            self._by_key = {name_key(user.name): user for user in self._read()}
        self._read_at = found
        return self._by_key

    def _read(self) -> tuple[User, ...]:
        try:
            return _Kept.model_validate_json(read_regular(self.path, _MOST_BYTES)).users
        except ValidationError as error:
            raise InputError(
                f"{self.path} is damaged: {mistakes(error)}",
                hint="Restore it, or move it away and add the users again.",
            ) from error

    def _signature(self) -> tuple[int, ...] | None:
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise InputError(f"{self.path} cannot be read: {error.strerror}") from error
        return found.st_mtime_ns, found.st_size, found.st_ino
