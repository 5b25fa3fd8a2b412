"""Gold data for tests: the folders of the repository, read once, and a small slice of one as a folder of its own."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import yaml

from miniatures.finetune.gold.folder import GoldFolder, read_gold

GOLD = Path(__file__).parents[2] / "examples" / "gold"


@cache
def training_folders() -> tuple[GoldFolder, ...]:
    """The folders that hold emails."""
    return tuple(read_gold(path) for path in sorted(GOLD.iterdir()) if list(path.glob("emails*.yaml")))


def slice_of(shard: str, folder: Path, emails: int) -> Path:
    """A gold folder of the shard's first emails, with the briefs and the companies that they name."""
    source = GOLD / shard
    kept = yaml.safe_load((source / "emails-1.yaml").read_text(encoding="utf-8"))[:emails]
    folder.mkdir(parents=True)
    _write(folder / "emails.yaml", kept)
    for kind, key in (("briefs", "brief"), ("companies", "company")):
        named = {email[key] for email in kept}
        _write(folder / f"{kind}.yaml", [row for row in _rows(source, kind) if row["slug"] in named])
    return folder


def _rows(source: Path, kind: str) -> list[dict[str, object]]:
    files = sorted(source.glob(f"{kind}*.yaml"))
    return [row for file in files for row in yaml.safe_load(file.read_text(encoding="utf-8"))]


def _write(path: Path, rows: list[dict[str, object]]) -> None:
    path.write_text(yaml.safe_dump(rows, allow_unicode=True, sort_keys=False), encoding="utf-8")
