"""Loads prompt templates, a campaign's own before ours, and names each rendered prompt by its template's hash.

A template file holds one block per message, `{% block system %}` and `{% block user %}`: a prompt is read whole.
There are two variants of each prompt, `NAME.full.jinja` and `NAME.compact.jinja`. Both are rendered from the same
variables, but for the researcher's, which asks small models about one sentence at a time. Every template also sees the
taxonomy of news; the version of one that uses it changes with it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from jinja2 import Environment, StrictUndefined, TemplateError

from miniatures.datamodel.capabilities import Variant
from miniatures.datamodel.errors import InputError
from miniatures.datamodel.hashing import text_hash
from miniatures.datamodel.prompt import ChatMessage, RenderedPrompt
from miniatures.datamodel.taxonomy import Taxonomy
from miniatures.prompts.taxonomy import known_taxonomy

_BUNDLED = Path(__file__).parent / "templates"
_USES_TAXONOMY = re.compile(r"\{[{%][^}]*\btaxonomy\b")
_ROLES: tuple[Literal["system", "user"], ...] = ("system", "user")


class PromptLibrary:
    """The templates of one campaign. `overrides` is a folder whose files replace ours of the same name."""

    def __init__(self, overrides: Path | None = None) -> None:
        self.taxonomy = known_taxonomy()
        self._folders = [folder for folder in (overrides, _BUNDLED) if folder is not None]
        self._templates: dict[tuple[str, Variant], _Template] = {}

    def render(self, name: str, variant: Variant, variables: dict[str, Any], own: str = "") -> RenderedPrompt:
        """Render one prompt. `own` is its template where no file holds one.

        Raises:
            InputError: the template is missing, malformed, or asks for a variable that is not there.
        """
        template = self._template(name, variant, own)
        return RenderedPrompt(
            name=name,
            variant=variant,
            version=template.version,
            variables=variables,
            messages=template.messages(variables),
        )

    def version(self, name: str, variant: Variant, own: str = "") -> str:
        """Hash of the template that `render` would use."""
        return self._template(name, variant, own).version

    def _template(self, name: str, variant: Variant, own: str) -> _Template:
        key = (name, variant)
        if key not in self._templates:
            path, source = self._find(f"{name}.{variant}.jinja", own)
            self._templates[key] = _Template(path, source, self.taxonomy)
        return self._templates[key]

    def _find(self, filename: str, own: str) -> tuple[Path, str]:
        for folder in self._folders:
            if (folder / filename).is_file():
                return folder / filename, (folder / filename).read_text(encoding="utf-8")
        if not own:
            raise InputError(f"no prompt template is named {filename}", hint=f"Templates live in {_BUNDLED}.")
        return Path(filename), own


def _either(names: Sequence[str], own: Sequence[Mapping[str, str]] = ()) -> str:
    """Names as a choice, with those of a brief's own kinds: a, b or c."""
    *first, last = sorted([*names, *(kind["name"] for kind in own)])
    return f"{', '.join(first)} or {last}" if first else last


class _Template:
    """One template file, compiled once."""

    _environment = Environment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=False)
    _environment.filters["either"] = _either

    def __init__(self, path: Path, source: str, taxonomy: Taxonomy) -> None:
        self._path = path
        self._source = source
        self._taxonomy = taxonomy

    @cached_property
    def version(self) -> str:
        told = self._taxonomy.hash if _USES_TAXONOMY.search(self._source) else ""
        return text_hash(self._source + told)[:16]

    def messages(self, variables: dict[str, Any]) -> tuple[ChatMessage, ...]:
        try:
            blocks = self._compiled.blocks
            context = self._compiled.new_context({**variables, "taxonomy": self._taxonomy})
            return tuple(
                ChatMessage(role=role, content="".join(blocks[role](context)).strip())
                for role in _ROLES
                if role in blocks
            )
        except Exception as error:  # A template is code: it can fail in any way.
            said = str(error) if isinstance(error, TemplateError) else f"{type(error).__name__}: {error}"
            raise InputError(
                f"{self._path}: {said}", hint="The variables of each prompt are listed at the top of our own template."
            ) from error

    @cached_property
    def _compiled(self) -> Any:
        try:
            template = self._environment.from_string(self._source)
        except TemplateError as error:
            line = getattr(error, "lineno", None)
            raise InputError(f"{self._path}, line {line}: {error}", hint="Mend the template's Jinja syntax.") from error
        if "user" not in template.blocks:
            raise InputError(f"{self._path}: no {{% block user %}}", hint="A prompt needs a user message.")
        return template
