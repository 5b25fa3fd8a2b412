"""One root for every error a person may see: what was wrong in one sentence, and how to mend it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum, StrEnum
from pathlib import Path

from miniatures.datamodel.redaction import without_secrets


class ExitCode(IntEnum):
    """What the process tells its caller; documented in the README and kept stable."""

    OK = 0
    UNEXPECTED = 1
    BAD_INPUT = 2
    SOME_FAILED = 3
    BUDGET_REACHED = 4
    CAMPAIGN_BUSY = 5
    BACKEND_UNAVAILABLE = 6
    STORE_UNAVAILABLE = 7
    GATE_FAILED = 8
    INTERRUPTED = 130


class MiniaturesError(Exception):
    """An error with a cause and a cure. Subclasses set `exit_code`. `message` loses the secrets of an address."""

    exit_code: ExitCode = ExitCode.UNEXPECTED

    def __init__(self, message: str, *, hint: str = "") -> None:
        self.message = without_secrets(message)
        self.hint = hint
        super().__init__(self.message)

    @property
    def told(self) -> str:
        """Message and hint as sentences of their own, wherever both go into one text."""
        return f"{self.message.rstrip('.')}. {self.hint}" if self.hint else self.message

    @property
    def name(self) -> str:
        """The error's word in reports, traces and the ledger."""
        return type(self).__name__


class InputError(MiniaturesError):
    """A file or an argument that a person wrote is wrong; `message` names the file and the line or key."""

    exit_code = ExitCode.BAD_INPUT


class NotTrusted(InputError):
    """A campaign reaches beyond its own folder, and nobody has allowed that. `reach` lists all that it does there."""

    def __init__(self, message: str, *, file: Path, reach: tuple[str, ...], hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.file = file
        self.reach = reach


class BudgetScope(StrEnum):
    """Whose limit it was: a prospect's ends that prospect's work, a backend's what asks that backend, a campaign's the
    run."""

    PROSPECT = "prospect"
    BACKEND = "backend"
    CAMPAIGN = "campaign"


class BudgetReached(MiniaturesError):
    """A hard limit in tokens or USD was met; the work so far is kept and a higher limit resumes it.

    `backend` names the backend whose own limit it was.
    """

    exit_code = ExitCode.BUDGET_REACHED

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        scope: BudgetScope = BudgetScope.CAMPAIGN,
        backend: str | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.scope = scope
        self.backend = backend


class CampaignBusy(MiniaturesError):
    """Another process is running the same campaign."""

    exit_code = ExitCode.CAMPAIGN_BUSY


class StoreError(MiniaturesError):
    """The database could not be opened, read or written."""

    exit_code = ExitCode.STORE_UNAVAILABLE


def described(error: BaseException) -> str:
    """An error as traces, spans, results and logs keep it: its word, and its sentence if that is ours.

    Foreign exceptions may quote secrets (a key in an address, a prompt): their word only.
    """
    if isinstance(error, MiniaturesError):
        return f"{error.name}: {error.message}"
    if not isinstance(error, Exception):
        return "Cancelled: given up before it was complete"
    return type(error).__name__


def first_of(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The first error of a group, which may hold groups."""
    first: BaseException = group
    while isinstance(first, BaseExceptionGroup):
        first = first.exceptions[0]
    return first


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn what the disk says against writing a file or folder into a sentence.

    Raises:
        InputError: it cannot be written.
    """
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(f"{path} cannot be written: {reason}", hint="Name another place.") from error
