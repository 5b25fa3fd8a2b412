"""Any of our commands as it will answer tomorrow: `python -m examples.ab_demo.tomorrow app runs/ab-demo`.

The rule of the demo gives everybody a day to answer, and no demo takes a day. Nothing that was kept is changed: the
clock of the campaign's store is a day ahead, for this one process. It has the home of the demo that it is asked about.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from miniatures.cli.main import main
from miniatures.store import open as opening


def in_a_day() -> datetime:
    """This time tomorrow."""
    return datetime.now(UTC) + timedelta(days=1)


def tomorrow(arguments: Sequence[str]) -> int:
    """Run the command, and return its exit code."""
    homes = (Path(argument) / "home" for argument in arguments)
    if home := next(filter(Path.is_dir, homes), None):
        os.environ["MINIATURES_HOME"] = str(home.resolve())
    opening.Store = partial(opening.Store, now=in_a_day)  # type: ignore[assignment,misc]
    return main(list(arguments))


if __name__ == "__main__":
    raise SystemExit(tomorrow(sys.argv[1:]))
