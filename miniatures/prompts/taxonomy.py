"""The kinds of news that our own prompts and miniatures know, read from the one file that describes them."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import AfterValidator

from miniatures.datamodel.taxonomy import Taxonomy

_FILE = Path(__file__).parent / "taxonomy.yaml"


@lru_cache(maxsize=1)
def known_taxonomy() -> Taxonomy:
    """The taxonomy of this package."""
    return Taxonomy.model_validate(yaml.safe_load(_FILE.read_text(encoding="utf-8")))


def _known(kind: str) -> str:
    if kind not in known_taxonomy().news:
        raise ValueError(f"{kind} is no kind of news; known are {', '.join(known_taxonomy().news)}")
    return kind


NO_KIND = "none"
"""What stands for the kind of a sentence that is of none."""
NewsKind = Annotated[str, AfterValidator(_known)]
"""The name of a kind of news that the taxonomy holds."""
