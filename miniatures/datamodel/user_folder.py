"""Where the user's own things lie: in the usual place of the system, or all of them where MINIATURES_HOME says."""

from __future__ import annotations

import os
from pathlib import Path


def user_folder(usual: Path) -> Path:
    """The folder that the environment variable MINIATURES_HOME names; the usual one if it is not set."""
    chosen = os.environ.get("MINIATURES_HOME")
    return Path(chosen).expanduser() if chosen else usual
