"""Reads a brief: Markdown whose YAML front matter holds the fields and whose prose is the background."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from miniatures.datamodel.brief import Brief
from miniatures.datamodel.errors import InputError
from miniatures.inputs.text_file import read_text
from miniatures.inputs.validation import validate
from miniatures.inputs.yaml_file import YamlDocument, parse_yaml

_FENCE = re.compile(r"^---[ \t]*$", re.MULTILINE)


def load_brief(path: Path | str) -> Brief:
    """The brief in one Markdown file.

    Raises:
        InputError: names the file, the line and the key of each mistake.
    """
    path = Path(path)
    return parse_brief(read_text(path), path)


def parse_brief(text: str, path: Path) -> Brief:
    """The brief in a text; `path` names it in errors.

    Raises:
        InputError: names the line and the key of each mistake.
    """
    document, prose = _parts(text.replace("\r\n", "\n").replace("\r", "\n"), path)
    document = _with_background(document, prose)
    brief = validate(Brief, document)
    _refuse_twins(brief, document)
    return brief


def _refuse_twins(brief: Brief, document: YamlDocument) -> None:
    """Two signals, or two kinds, whose names come to the same would be taken for one another."""
    named = {"signals": [one.name for one in brief.signals], "kinds": [one.name for one in brief.kinds]}
    for key, names in named.items():
        for index, name in enumerate(names):
            if names.index(name) != index:
                where = f"{document.path}, line {document.line((key, index, 'name'))}, {key}[{index}].name"
                raise InputError(f"{where}: {name} is the name of {key}[{names.index(name)}], too", hint="Rename one.")


def _parts(text: str, path: Path) -> tuple[YamlDocument, str]:
    opening = _FENCE.match(text.lstrip())
    skipped = len(text) - len(text.lstrip())
    closing = _FENCE.search(text, skipped + opening.end()) if opening else None
    if opening is None or closing is None:
        missing = "open" if opening is None else "close"
        raise InputError(
            f"{path}: no line of three dashes (---) to {missing} the brief's fields",
            hint="A brief starts with ---, then fields such as `offer:`, then --- and the background as prose.",
        )
    start = skipped + opening.end()
    first_line = text.count("\n", 0, start) + 1
    return parse_yaml(text[start : closing.start()], path, first_line=first_line), text[closing.end() :].strip()


def _with_background(document: YamlDocument, prose: str) -> YamlDocument:
    if not isinstance(document.data, dict) or not prose:
        return document
    if "background" in document.data:
        where = f"{document.path}, line {document.line(('background',))}"
        raise InputError(f"{where}: the background stands here and below the fields", hint="Keep one of the two.")
    return replace(document, data={**document.data, "background": prose})
