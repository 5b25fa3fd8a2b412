"""How Sphinx builds the site: from the Markdown files where they lie, so that links hold on a code host, too."""

from __future__ import annotations

import re
from typing import Any

from docutils.nodes import Node
from pydantic import BaseModel
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

import miniatures

project, author, copyright = "Miniatures", "The Miniatures authors", "The Miniatures authors, Apache-2.0"
version = release = miniatures.__version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]

root_doc = "docs/index"
include_patterns = [
    "*.md",
    "docs/**.md",
    "benchmarks/*.md",
    "examples/**README.md",
    "examples/hits/SOURCES.md",
    "miniatures/weights/shipped/*/*/CARD.md",
    "miniatures/review/rubric.md",
    "miniatures/review/reading_rubric.md",
]
exclude_patterns = [
    ".*",
    "build",
    "dist",
    "runs",
    "tests",
    "agents",
    "backends",
    "finetune",
    "prompts",
    "examples/*/prompts",
]

myst_heading_anchors = 3
default_role = "literal"
highlight_language = "none"
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_default_options = {"members": True, "exclude-members": "model_config"}
autodoc_class_signature = "mixed"
autodoc_preserve_defaults = True
python_display_short_literal_types = True
python_maximum_signature_line_length = 88
add_module_names = False

html_theme = "furo"
html_title = "Miniatures"
html_extra_path = ["_extra"]
html_static_path = ["_static"]
html_css_files = ["wrap.css"]
html_copy_source = False


class PublicNames(SphinxDirective):
    """Lists what `miniatures` itself gives, each with a link to where it is described."""

    def run(self) -> list[Node]:
        homes = ((name, getattr(miniatures, name).__module__) for name in sorted(miniatures.__all__, key=str.lower))
        return self.parse_text_to_nodes("\n".join(f"- :py:obj:`{name} <{home}.{name}>`" for name, home in homes))


def as_restructured_text(app: object, what: str, name: str, given: object, options: object, lines: list[str]) -> None:
    """Our docstrings are Markdown: code in single backticks, a table here and there, and no other markup."""
    told: list[str] = []
    for line in lines:
        if not line.startswith("|"):
            told.append(re.sub(r"(`[^`]+`)(?=\w)", r"\1\\ ", line.replace("*", "\\*")))
            continue
        if not told[-1].startswith("   |"):
            told += ["::", ""]
        told.append(f"   {line}")
    lines[:] = told


def describe_fields(app: object, what: str, name: str, given: object, options: object, lines: list[str]) -> None:
    """A Pydantic field's description is its documentation."""
    if isinstance(given, type) and issubclass(given, BaseModel):
        told = {field: info.description for field, info in given.model_fields.items() if info.description}
        lines += ["", *(f":ivar {field}: {text}" for field, text in told.items()), ""] if told else []


_NO_PYTHON = re.compile(r"[~\w.]*<(?:[^<>]|<[^<>]*>)*>(?:\.<\w+>)*")
_ANNOTATED = re.compile(r"~(?:\w+\.)+Annotated\[([^\[\],]+(?:\[[^\[\]]*\])?), [^\[\]]*\]")


def as_python(app: object, what: str, name: str, given: object, options: object, taken: str, returned: str) -> Any:
    """What Python shows as `<factory>` or `<function _now>` is no Python: Sphinx would give up the whole signature.

    Nor can it read what validates a type, so that the type alone is shown.
    """
    return _plain(taken), _plain(returned)


def _plain(signature: str | None) -> str | None:
    return signature and _ANNOTATED.sub(r"\1", _NO_PYTHON.sub("...", signature))


def setup(app: Sphinx) -> None:
    """Sphinx calls this."""
    app.add_directive("public-names", PublicNames)
    app.connect("autodoc-process-signature", as_python)
    app.connect("autodoc-process-docstring", describe_fields, priority=300)
    app.connect("autodoc-process-docstring", as_restructured_text, priority=400)
