"""A template from somebody else shows what it is given: it runs no code, and neither takes long nor grows large."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from miniatures.datamodel.capabilities import Variant
from miniatures.datamodel.errors import InputError
from miniatures.prompts import sandbox
from miniatures.prompts.library import PromptLibrary
from miniatures.prompts.taxonomy import known_taxonomy

TEXT = "one two three four five"
VARIABLES = {"brief": {"claims": ["first", "second"], "background": TEXT * 2000}, "number": 3, "nothing": None}


def render(folder: Path, body: str) -> str:
    (folder / "writer.full.jinja").write_text(f"{{% block user %}}\n{body}\n{{% endblock %}}")
    return PromptLibrary(folder).render("writer", Variant.FULL, VARIABLES).messages[0].content


def refusal(folder: Path, body: str) -> str:
    started = time.monotonic()
    with pytest.raises(InputError) as caught:
        render(folder, body)
    assert time.monotonic() - started < 20
    assert "\n" not in caught.value.message
    return caught.value.message


@pytest.mark.parametrize(
    "body",
    [
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ lipsum.__globals__['os'].popen('id').read() }}",
        "{{ cycler.__init__.__globals__.os.system('id') }}",
        "{{ brief.__class__ }}",
        "{{ brief['__class__'] }}",
        "{{ brief | attr('__class__') }}",
        "{{ [brief] | map(attribute='__class__') | list }}",
        "{{ brief.claims | map(attribute='__class__') | first }}",
        "{{ brief.claims | sort(attribute='__class__') }}",
        "{{ taxonomy.__class__ }}",
        "{{ taxonomy.model_copy() }}",
        "{{ self.user() }}",
        "{{ brief.claims.append('x') }}",
        "{{ '%s' | format(brief) }}",
        "{{ '{0.__class__}'.format(brief) }}",
        "{% include '/etc/passwd' %}",
        "{% import 'writer.full.jinja' as again %}",
        "{% from 'x' import y %}",
        "{% set x = 1 %}",
        "{% macro m() %}{{ m() }}{% endmacro %}",
        "{% filter upper %}x{% endfilter %}",
        "{% for x in brief.claims recursive %}{{ loop(brief.claims) }}{% endfor %}",
        "{{ namespace() }}",
        "{{ range(3) }}",
        "{{ lipsum }}",
        "{{ dict }}",
    ],
)
def test_no_template_reaches_code_or_other_files(body: str, tmp_path: Path) -> None:
    assert "writer.full.jinja, line 2: " in refusal(tmp_path, body)


@pytest.mark.parametrize(
    "body",
    [
        "{{ 'a' * 1000000000 }}",
        "{{ 10 ** 10 ** 10 }}",
        "{{ '%1000000000d' % 1 }}",
        "{{ '{:1000000000}'.format(1) }}",
        "{{ 'a' | center(1000000000) }}",
        "{{ 'a' | indent(1000000000) }}",
        "{{ 'a'.ljust(1000000000) }}",
        "{{ 1.5 | round(1000000000, 'ceil') }}",
        "{{ [[], []] | tojson(1000000000) }}",
        "{{ brief.background + brief.background }}",
        "{{ brief.claims + brief.claims }}",
        "{{ brief.background ~ brief.background }}",
        "{{ [brief.background, brief.background] }}",
        "{{ brief.background | join(brief.background) }}",
        "{{ brief.background | map('join', brief.background) | list }}",
        "{{ brief.background | map(attribute='x', default=brief.background) | list }}",
        "{{ brief.background | replace('o', brief.background) }}",
        "{% for i in range(1000000000) %}{% endfor %}",
        "{% for a in brief.background %}{{ brief.background }}{% endfor %}",
        "{% for a in brief.background %}{% for b in brief.background %}{% endfor %}{% endfor %}",
        "{% for a in brief.background %}{% if brief.background | sort | sort %}{% endif %}{% endfor %}",
        "{% if brief.background | sort %}{% endif %}" * 2000,
    ],
)
def test_no_template_grows_or_runs_without_end(body: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "MOST_SECONDS", 1.0)
    assert "writer.full.jinja, line 2: " in refusal(tmp_path, body)


def test_nothing_is_computed_while_it_is_compiled() -> None:
    grown = "{{ 'aaaaaaaaaa'" + " | list | join('bbbbbbbbbb')" * 6 + " }}"
    started = time.monotonic()
    sandbox.compiled("{% block user %}" + grown * 500 + "{% endblock %}")
    assert time.monotonic() - started < 10


@pytest.mark.parametrize("opened", ["{%", "{{", "{{ ", "{{ x{{", "{{ taxonom "])
def test_a_source_of_nothing_but_openings_is_refused_at_once(opened: str, tmp_path: Path) -> None:
    (tmp_path / "writer.full.jinja").write_text(opened * (380_000 // len(opened)))
    started = time.monotonic()
    with pytest.raises(InputError):
        library = PromptLibrary(tmp_path)
        library.version("writer", Variant.FULL)
        library.render("writer", Variant.FULL, VARIABLES)
    assert time.monotonic() - started < 10


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("x" * 100_001, "line 1: a template of more than 100,000 characters"),
        ("{{ " + "(" * 5000 + ")" * 5000 + " }}", "line 1: nested too deeply"),
        ("{{ -" * 1 + "-" * 20000 + "1 }}", "line 1: nested too deeply"),
        ("{% for a in b %}" * 30 + "{% endfor %}" * 30, "line 1: nested too deeply"),
        ("{% block user %}{% for %}", "line 1: "),
        ("{{ " + "9" * 5000 + " }}", "line 1: not to be compiled: "),
        ("{% block user %}{{ '\\ud800' }}{% endblock %}", "writer.full.jinja"),
        ("{% block system %}x{% endblock %}", "no {% block user %}"),
        ("x" * 400_001, "larger than 0.4 MB"),
    ],
)
def test_a_source_without_measure_is_refused(source: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "writer.full.jinja").write_text(source)
    with pytest.raises(InputError) as caught:
        PromptLibrary(tmp_path).render("writer", Variant.FULL, VARIABLES)
    assert said in caught.value.message


def test_a_template_that_is_no_text_or_no_file(tmp_path: Path) -> None:
    import os

    (tmp_path / "writer.full.jinja").write_bytes(b"\xff\xfe{% block user %}")
    os.mkfifo(tmp_path / "writer.compact.jinja")
    with pytest.raises(InputError, match="is not UTF-8 text"):
        PromptLibrary(tmp_path).version("writer", Variant.FULL)
    with pytest.raises(InputError, match="it is a pipe, not a file"):
        PromptLibrary(tmp_path).version("writer", Variant.COMPACT)


def test_what_a_template_may_do(tmp_path: Path) -> None:
    body = (
        "{% for claim in brief.claims if claim != 'none' %}{{ loop.index + 1 }} {{ claim | title }}, {% endfor %}"
        "{{ brief.claims[:1] | first }} {{ brief.claims | join('; ') }} {{ nobody | default('unknown') }} "
        "{{ 'many' if brief.claims | length > 1 and number in [1, 3] else 'few' }} {{ nothing is none }} "
        "{% for kind in taxonomy.kinds | sort(attribute='name') %}{% if loop.first %}{{ kind.name }}{% endif %}"
        "{% endfor %} {{ taxonomy.kinds | map(attribute='name') | sort | first }}"
        "{% for key, value in brief | dictsort %} {{ key }}{% endfor %}"
    )
    first = known_taxonomy().news[0]
    expected = f"2 First, 3 Second, first first; second unknown many True {first} {first} background claims"
    assert render(tmp_path, body) == expected


def test_a_failed_rendering_leaves_the_next_its_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "MOST_SECONDS", 0.0)
    assert "takes more than 0 seconds" in refusal(tmp_path, "{{ number }}")
    monkeypatch.undo()
    assert render(tmp_path, "{{ number }}") == "3"
