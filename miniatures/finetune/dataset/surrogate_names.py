"""The names that surrogates are drawn from, and the words that stand beside names, read from one file beside this."""

from __future__ import annotations

from pathlib import Path

import yaml

_WORDS = yaml.safe_load((Path(__file__).parent / "names.yaml").read_text(encoding="utf-8"))

GIVEN: dict[str, list[str]] = {script: names.split() for script, names in _WORDS["given"].items()}
FAMILY: dict[str, list[str]] = {script: names.split() for script, names in _WORDS["family"].items()}
ORDINARY_NAMES = frozenset(_WORDS["ordinary"].split())
"""Names that are everyday words as well, in small letters: alone in a sentence they may not mean the person."""
HONORIFICS = frozenset(_WORDS["honorifics"].split())
PARTICLES = frozenset(_WORDS["particles"].split())
