"""`python -m miniatures.finetune.gold FOLDER...` says whether gold folders are in order: 0 when all are."""

from __future__ import annotations

import sys
from pathlib import Path

from miniatures.datamodel.errors import InputError
from miniatures.finetune.gold.check import report
from miniatures.finetune.gold.folder import read_gold


def main(folders: list[str]) -> int:
    """Print what there is to say of each folder; 1 if any is not in order."""
    in_order = True
    for name in folders:
        try:
            lines, fine = report(read_gold(Path(name)))
        except InputError as error:
            lines, fine = [error.message], False
        print("\n".join(lines))
        in_order &= fine
    return 0 if in_order else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
