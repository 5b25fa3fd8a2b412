"""Loads prompt templates, a campaign's own before ours, and names each rendered prompt by its template's hash.

A template file holds one block per message, `{% block system %}` and `{% block user %}`: a prompt is read whole.
There are two variants of each prompt, `NAME.full.jinja` and `NAME.compact.jinja`. Both are rendered from the same
variables, but for the researcher's, which asks small models about one sentence at a time. `writer.opening.jinja` asks
for the opening of an email alone, and `NAME.passage.jinja` about one sentence in its page. Every template also sees the
taxonomy of news; the version of one that uses it changes with it.
"""

from __future__ import annotations

import re
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from jinja2 import Template, TemplateError

from miniatures.datamodel.capabilities import Variant
from miniatures.datamodel.errors import InputError
from miniatures.datamodel.files import read_regular
from miniatures.datamodel.hashing import text_hash
from miniatures.datamodel.prompt import ChatMessage, RenderedPrompt
from miniatures.datamodel.taxonomy import Taxonomy
from miniatures.prompts.sandbox import compiled, line_of, rendered
from miniatures.prompts.taxonomy import known_taxonomy

_BUNDLED = Path(__file__).parent / "templates"
_USES_TAXONOMY = re.compile(r"\{[{%](?:(?!\{[{%])[^}])*\btaxonomy\b")
_ROLES: tuple[Literal["system", "user"], ...] = ("system", "user")
_MOST_BYTES = 400_000
_VARIABLES_HINT = "The variables of each prompt are listed at the top of our own template."


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
            if (folder / filename).exists():
                return folder / filename, _text(folder / filename)
        if not own:
            raise InputError(f"no prompt template is named {filename}", hint=f"Templates live in {_BUNDLED}.")
        return Path(filename), own


def _text(path: Path) -> str:
    """The template's source; the limit in bytes is above what it may have in characters."""
    try:
        return read_regular(path, _MOST_BYTES).decode("utf-8").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 text", hint="Save the file as UTF-8.") from error


class _Template:
    """One template file, compiled once."""

    def __init__(self, path: Path, source: str, taxonomy: Taxonomy) -> None:
        self._path = path
        self._source = source
        self._taxonomy = taxonomy

    @cached_property
    def version(self) -> str:
        told = self._taxonomy.hash if _USES_TAXONOMY.search(self._source) else ""
        return text_hash(self._source + told)[:16]

    def messages(self, variables: dict[str, Any]) -> tuple[ChatMessage, ...]:
        template, told = self._compiled, {**variables, "taxonomy": self._taxonomy}
        try:
            return tuple(
                ChatMessage(role=role, content=rendered(template, role, told).strip())
                for role in _ROLES
                if role in template.blocks
            )
        except Exception as error:  # It is given data of any kind, and can fail in any way.
            said = str(error) if isinstance(error, TemplateError) else f"{type(error).__name__}: {error}"
            raise InputError(f"{self._at(line_of(template, error))}: {said}", hint=_VARIABLES_HINT) from error

    @cached_property
    def _compiled(self) -> Template:
        try:
            template = compiled(self._source)
        except TemplateError as error:
            line = getattr(error, "lineno", None)
            hint = "Mend the template, or start from ours."
            raise InputError(f"{self._at(line)}: {error.message}", hint=hint) from error
        if "user" not in template.blocks:
            raise InputError(f"{self._path}: no {{% block user %}}", hint="A prompt needs a user message.")
        return template

    def _at(self, line: int | None) -> str:
        return f"{self._path}, line {line}" if line else str(self._path)
