"""`python -m miniatures.finetune.arena FOLDER...` says whether what hands wrote is in order: 0 when all is."""

from __future__ import annotations

import sys
from pathlib import Path

from miniatures.datamodel.errors import InputError
from miniatures.finetune.arena.folder import read_hand, summary


def main(folders: list[str]) -> int:
    """Print what there is to say of each folder; 1 if any is not in order."""
    in_order = True
    for name in folders:
        try:
            print(summary(read_hand(Path(name))))
        except InputError as error:
            print(error.message)
            in_order = False
    return 0 if in_order else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
