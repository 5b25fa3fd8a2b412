"""Names for JSON objects whose keys others decide, so that a signature says which kind it takes.

What has fixed keys is a class. These have not: a schema's keywords are those of JSON Schema, an answer's keys are the
schema's, and options go to LangChain and on to an engine as they are.
"""

from __future__ import annotations

from typing import Any

JsonSchema = dict[str, Any]
"""A JSON schema, or a part of one: https://json-schema.org/draft/2020-12."""

StructuredAnswer = dict[str, Any]
"""A model's structured answer: the object that a schema asked for."""

Options = dict[str, Any]
"""Keyword arguments of one model call: sampling, bounds and whatever else its backend takes."""

WireObject = dict[str, Any]
"""An object of a protocol as it goes over the wire: OpenAI's, llama.cpp's, a search provider's."""
