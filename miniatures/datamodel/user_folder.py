"""Where the user's own things lie: in the usual place of the system, or all of them where MINIATURES_HOME says."""

from __future__ import annotations

import os
from pathlib import Path

from miniatures.datamodel.errors import InputError


def user_folder(usual: Path) -> Path:
    """The folder that the environment variable MINIATURES_HOME names; the usual one if it is not set.

    Raises:
        InputError: it begins with the home of a user that there is not.
    """
    chosen = os.environ.get("MINIATURES_HOME")
    try:
        return Path(chosen).expanduser() if chosen else usual
    except RuntimeError as error:
        raise InputError(f"MINIATURES_HOME names no folder: {chosen}", hint="Write its whole path.") from error
