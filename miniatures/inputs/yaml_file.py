"""Loads YAML with the line of every key, so that a mistake can be named where it stands.

The values follow YAML 1.2's core schema: `no` and `2026-01-31` are text, as their writer meant them. Duplicate keys,
aliases and tags are refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from miniatures.datamodel.errors import InputError
from miniatures.inputs.text_file import read_text

KeyPath = tuple[str | int, ...]

_NULL = re.compile(r"~|null|Null|NULL|")
_TRUE = re.compile(r"true|True|TRUE")
_FALSE = re.compile(r"false|False|FALSE")
_INTEGER = re.compile(r"[-+]?[0-9]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NO_TEXT = re.compile("[\0\ud800-\udfff]")
_MAX_DIGITS = 300
_MAX_NODES = 50_000
"""Keys and values of one document, more than any file of ours has; a parser takes seconds for them."""


@dataclass(frozen=True)
class YamlDocument:
    """The data of one document and the line at which each key or list item starts, counted from 1."""

    path: Path
    data: Any
    lines: Mapping[KeyPath, int]

    def line(self, key_path: KeyPath) -> int:
        """The line of the key, or of the nearest key above it that the file has."""
        while key_path and key_path not in self.lines:
            key_path = key_path[:-1]
        return self.lines.get(key_path, 1)


def load_yaml(path: Path) -> YamlDocument:
    """Read and parse one file; raises `InputError` with file and line."""
    return parse_yaml(read_text(path), path)


def parse_yaml(text: str, path: Path, *, first_line: int = 1) -> YamlDocument:
    """Parse text that stands in `path` from `first_line` on.

    Raises:
        InputError: no YAML, a key given twice, an alias, a tag, or nesting without end.
    """
    try:
        node = yaml.compose(text, _Loader)
        builder = _Builder(path, first_line)
        return YamlDocument(path, None if node is None else builder.build(node, ()), builder.lines)
    except yaml.MarkedYAMLError as error:
        raise _located(error, path, first_line) from error
    except yaml.YAMLError as error:
        raise InputError(f"{path} is not YAML: {' '.join(str(error).split())}") from error
    except RecursionError as error:
        raise InputError(f"{path} is nested too deeply to be read") from error


class _Refused(yaml.MarkedYAMLError):
    """YAML that is well-formed and that no file of ours needs."""

    def __init__(self, problem: str, event: Any) -> None:
        super().__init__(problem=problem, problem_mark=event.start_mark)


class _Loader(yaml.SafeLoader):
    """Refuses aliases and tags: a file of ours needs none, and hostile ones grow without end or name code to run."""

    _nodes = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event: Any = self.peek_event()  # type: ignore[no-untyped-call]
        self._nodes += 1
        if self._nodes > _MAX_NODES:
            raise _Refused(f"a document of more than {_MAX_NODES:,} keys and values is not supported", event)
        if isinstance(event, yaml.AliasEvent):
            raise _Refused(f"the alias *{event.anchor} is not supported", event)
        if getattr(event, "tag", None) is not None:
            raise _Refused(f"the tag {event.tag} is not supported", event)
        return super().compose_node(parent, index)


@dataclass
class _Builder:
    """Turns nodes into plain data and notes the lines on the way."""

    path: Path
    first_line: int
    lines: dict[KeyPath, int] = field(default_factory=dict)

    def build(self, node: yaml.Node, at: KeyPath) -> Any:
        self.lines.setdefault(at, self._line(node))
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node)
        if isinstance(node, yaml.SequenceNode):
            return [self.build(item, (*at, index)) for index, item in enumerate(node.value)]
        return self._mapping(node, at)

    def _mapping(self, node: yaml.Node, at: KeyPath) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = self._key(key_node)
            if key in result:
                first = self.lines[(*at, key)]
                raise self._error(key_node, f"the key {key!r} stands here again; first in line {first}", "Keep one.")
            self.lines[(*at, key)] = self._line(key_node)
            result[key] = self.build(value_node, (*at, key))
        return result

    def _key(self, node: yaml.Node) -> str:
        if not isinstance(node, yaml.ScalarNode):
            raise self._error(node, "a key must be one word or text", "Put text that starts with { or [ in quotes.")
        return self._whole(node)

    def _whole(self, node: yaml.ScalarNode) -> str:
        """The text; escapes may name what no database keeps and no message carries."""
        text = str(node.value)
        if _NO_TEXT.search(text):
            raise self._error(node, "half a character or a null character, written as an escape", "Take it out.")
        return text

    def _scalar(self, node: yaml.ScalarNode) -> Any:
        text = self._whole(node)
        if node.style is not None:
            return text
        if _NULL.fullmatch(text):
            return None
        if _TRUE.fullmatch(text) or _FALSE.fullmatch(text):
            return text.lower() == "true"
        if _FLOAT.fullmatch(text):
            if len(text) > _MAX_DIGITS:
                raise self._error(node, f"a number of {len(text)} digits", "Put it in quotes if it is text.")
            return int(text) if _INTEGER.fullmatch(text) else float(text)
        return text

    def _line(self, node: yaml.Node) -> int:
        return int(node.start_mark.line) + self.first_line

    def _error(self, node: yaml.Node, problem: str, hint: str) -> InputError:
        return InputError(f"{self.path}, line {self._line(node)}: {problem}", hint=hint)


def _located(error: yaml.MarkedYAMLError, path: Path, first_line: int) -> InputError:
    mark = error.problem_mark or error.context_mark
    line = first_line + (mark.line if mark else 0)
    problem = " ".join(f"{error.context or ''} {error.problem or 'not YAML'}".split())
    return InputError(f"{path}, line {line}: {problem}", hint=_syntax_hint(problem))


def _syntax_hint(problem: str) -> str:
    if "keys and values" in problem:
        return "Is it the right file?"
    if "not supported" in problem:
        return "Write the value out, or put it in quotes if it is text."
    if "\\t" in problem or "token" in problem:
        return "Indent with spaces, not tabs, and put text that holds `: ` or starts with a sign such as @ in quotes."
    if "mapping values are not allowed" in problem:
        return "Text that holds a colon and a space must be in quotes."
    if "expected <block end>" in problem or "could not find expected ':'" in problem:
        return "Check the indentation, and that each key is followed by a colon and a space."
    if "single document" in problem:
        return "Keep one document: remove the second --- line and what follows it."
    return "Check the line's quotes, brackets and indentation."
