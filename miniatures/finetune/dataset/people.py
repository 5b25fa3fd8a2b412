"""Finds third persons: whom a quote or an email names, and who stands in no list of prospects (extra `anonymize`).

Presidio finds names with a spaCy model, which misses some and takes some other words for names: masking lowers the
number of people in a dataset, it does not promise that none is left. Each found name becomes a contact, and so has one
surrogate in all examples about the same company.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from miniatures.checks.words import fold
from miniatures.datamodel.errors import InputError
from miniatures.datamodel.example import Example
from miniatures.finetune.dataset.name_words import name_parts
from miniatures.finetune.dataset.surrogates import Contact, strings_in

FindPeople = Callable[[str], list[str]]
"""The names of people in a text, as they stand there."""

DEFAULT_MODEL = "en_core_web_sm"
_ANSWERS, _QUESTIONS = ("subject", "body"), ("quotes", "sentences", "earlier", "previous")


def third_persons(examples: Iterable[Example], find: FindPeople) -> set[Contact]:
    """Everybody whom the examples' texts name, but for whom they are written to and who signs them."""
    return {person for example in examples for person in _persons(example, find)}


def _persons(example: Example, find: FindPeople) -> Iterator[Contact]:
    known = {fold(word) for name in _known_names(example) for word in name_parts(name)}
    for text in _texts(example):
        for name in find(text):
            *given, family = name_parts(name) or [""]
            if family and not {fold(word) for word in (*given, family)} <= known:
                yield Contact(" ".join(given), family, example.company)


def _known_names(example: Example) -> Iterator[str]:
    prospect = example.variables.get("prospect") or {}
    yield from (str(prospect.get(field, "")) for field in ("first_name", "last_name"))
    brief = example.variables.get("brief") or {}
    yield str((brief.get("sender") or {}).get("name", ""))


def _texts(example: Example) -> Iterator[str]:
    yield from strings_in([example.variables.get(field) or () for field in _QUESTIONS])
    for answer in (example.answer, example.rejected):
        yield from (str((answer or {}).get(field, "")) for field in _ANSWERS)


def presidio_finder(model: str = DEFAULT_MODEL) -> FindPeople:
    """People as Presidio finds them with a spaCy model: the name of an installed one, or a folder.

    Raises:
        InputError: the extra or the model is not installed.
    """
    try:
        from presidio_analyzer import AnalyzerEngine
        from presidio_analyzer.nlp_engine import NlpEngineProvider
        from spacy.util import get_package_path, is_package, load_meta
    except ImportError as error:
        raise InputError(
            "finding people needs presidio-analyzer", hint="pip install 'miniatures[anonymize]'"
        ) from error
    from pathlib import Path

    if not is_package(model) and not (Path(model) / "meta.json").is_file():
        raise InputError(
            f"the spaCy model {model} is not installed",
            hint=f"python -m spacy download {model}, or name another by --people-model.",
        )
    folder = get_package_path(model) if is_package(model) else Path(model)
    language = str(load_meta(folder / "meta.json")["lang"])
    settings = {"nlp_engine_name": "spacy", "models": [{"lang_code": language, "model_name": model}]}
    engine = AnalyzerEngine(
        nlp_engine=NlpEngineProvider(nlp_configuration=settings).create_engine(), supported_languages=[language]
    )
    return lambda text: [text[found.start : found.end] for found in _found(engine, text, language)]


def _found(engine: Any, text: str, language: str) -> list[Any]:
    return list(engine.analyze(text, language=language, entities=["PERSON"]))
