"""An OpenAPI document of the app, read off its own routes: what a fuzzer has to know to ask each of them.

What an address and a form may hold is the JSON schema of the Pydantic classes that an endpoint reads them into; its
source says which ones they are.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from pydantic import BaseModel
from starlette.applications import Starlette
from starlette.convertors import IntegerConvertor
from starlette.routing import Route

from miniatures.app.door import FORM

Schema = dict[str, Any]
Known = Mapping[str, Sequence[Any]]
"""By the name of a field: values that mean something."""
_HEADERS = {"HX-Request": "true", "X-Background": "1"}
_HIDDEN = {"csrf", "text_hash", "seen", "sheet", "pair", "digest"}
"""Fields that the page itself fills in."""


def operations(app: Starlette) -> Iterator[tuple[Route, str]]:
    """Each route with each method that it takes; HEAD is GET without its body."""
    for route in app.routes:
        assert isinstance(route, Route), route
        yield from ((route, method) for method in sorted((route.methods or set()) - {"HEAD"}))


def openapi(app: Starlette, known: Known, *, there: bool) -> Schema:
    """The document, in which fields may have known values as often as any others that their schemas allow.

    With `there`, what an address names is there, and each form is the visitor's own. Answers are not described.
    """
    paths: dict[str, Schema] = {}
    for route, method in operations(app):
        paths.setdefault(route.path_format, {})[method.lower()] = _operation(route, method, known, there)
    return {"openapi": "3.1.0", "info": {"title": "Miniatures", "version": "1"}, "paths": paths}


def _operation(route: Route, method: str, known: Known, there: bool) -> Schema:
    endpoint = inspect.getclosurevars(route.endpoint).nonlocals["endpoint"]
    path = {
        name: {"type": "integer" if isinstance(convertor, IntegerConvertor) else "string"}
        for name, convertor in route.param_convertors.items()
    }
    parameters = [
        *(_parameter(name, "header", {"enum": [value]}) for name, value in _HEADERS.items()),
        *(_parameter(name, "path", _with_known(name, one, known, alone=there)) for name, one in path.items()),
    ]
    for kind in _read(endpoint, "query_of"):
        parameters += [_parameter(name, "query", _with_known(name, one, known)) for name, one in _fields(kind).items()]
    described: Schema = {"parameters": parameters, "responses": {"default": {"description": "A page."}}}
    if method == "POST":
        content = {FORM: {"schema": _form(_read(endpoint, "form_of"), known, there)}}
        described["requestBody"] = {"required": True, "content": content}
    return described


def _form(kinds: Sequence[type[BaseModel]], known: Known, there: bool) -> Schema:
    fields: Schema = {"csrf": {"type": "string"}}
    required = ["csrf"]
    for kind in kinds:
        fields |= _fields(kind)
        required += kind.model_json_schema().get("required", []) if there else []
    if "sheet" in fields:  # the false statements of a reading come by any number, each as two fields
        fields |= {name: {"type": "array", "items": {"type": "string"}, "maxItems": 3} for name in ("kind", "what")}
    properties = {name: _with_known(name, one, known, alone=there and name in _HIDDEN) for name, one in fields.items()}
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _parameter(name: str, place: str, schema: Schema) -> Schema:
    return {"name": name, "in": place, "required": place == "path", "schema": schema}


def _with_known(name: str, schema: Schema, known: Known, *, alone: bool = False) -> Schema:
    """What a field may hold: known values, if it has some, and unless these are alone any others."""
    if name not in known:
        return schema
    values = {"enum": list(known[name])}
    return values if alone else {"anyOf": [values, schema]}


def _read(endpoint: Callable[..., Any], reader: str) -> list[type[BaseModel]]:
    """The classes that the endpoint has this function read."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(endpoint)))
    names = getattr(endpoint, "__func__", endpoint).__globals__
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call))
    return [
        names[call.args[1].id]
        for call in calls
        if isinstance(call.func, ast.Name) and call.func.id == reader and isinstance(call.args[1], ast.Name)
    ]


def _fields(kind: type[BaseModel]) -> dict[str, Schema]:
    schema = kind.model_json_schema()
    definitions = schema.get("$defs", {})
    return {name: _inlined(field, definitions) for name, field in schema["properties"].items()}


def _inlined(schema: Any, definitions: Mapping[str, Schema]) -> Any:
    """The schema without references and remarks."""
    if isinstance(schema, list):
        return [_inlined(one, definitions) for one in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _inlined(definitions[schema["$ref"].rpartition("/")[2]], definitions)
    kept = {name: one for name, one in schema.items() if name not in ("title", "description", "default")}
    return {name: _inlined(one, definitions) for name, one in kept.items()}
