"""Hands a text to the person's own editor and takes it back."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from miniatures.datamodel.errors import InputError

_HINT = "Set EDITOR to an editor's command, for example: export EDITOR=nano"
_BEFORE_S = 10


def editor_command() -> list[str]:
    """The command of VISUAL or EDITOR, else an editor that every system has."""
    named = os.environ.get("VISUAL") or os.environ.get("EDITOR") or ""
    return shlex.split(named) or (["notepad"] if sys.platform == "win32" else ["vi"])


def edit_in_editor(text: str) -> str | None:
    """The text as it was saved in the editor; None if it was left without saving.

    Raises:
        InputError: the editor could not be started, or ended with an error.
    """
    command = editor_command()
    with TemporaryDirectory(prefix="miniatures-") as folder:
        file = Path(folder) / "email.txt"
        file.write_bytes(text.encode("utf-8", "replace"))
        written_at = file.stat().st_mtime - _BEFORE_S
        os.utime(file, (written_at, written_at))
        before = file.stat().st_mtime_ns
        try:
            code = subprocess.run([*command, str(file)], check=False).returncode
        except OSError as error:
            raise InputError(f"the editor {command[0]} cannot be started: {error.strerror}", hint=_HINT) from error
        if code:
            raise InputError(f"the editor {command[0]} ended with exit code {code}", hint=_HINT)
        saved = file.stat().st_mtime_ns != before
        return file.read_text(encoding="utf-8", errors="replace") if saved else None
