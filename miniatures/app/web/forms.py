"""What a visitor sent: the fields of a form, and of an address, read into Pydantic classes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar
from urllib.parse import parse_qsl

from pydantic import BaseModel, ValidationError
from starlette.requests import Request

from miniatures.app.door import Refused, read_body
from miniatures.datamodel.mistakes import mistakes

MOST_FORM_BYTES = 256 * 1024
_MOST_FIELDS = 200
Asked = TypeVar("Asked", bound=BaseModel)


async def form_of(request: Request, kind: type[Asked]) -> Asked:
    """The fields of a posted form.

    Raises:
        Refused: it is too large, or a field is missing or wrong.
    """
    return _parsed(await form_fields(request), kind)


async def form_fields(request: Request) -> list[tuple[str, str]]:
    """The names and values of a posted form, in its order; it is read once.

    Raises:
        Refused: it is too large, is cut short, or is no form.
    """
    if not hasattr(request.state, "form"):
        body = await read_body(request, most=MOST_FORM_BYTES)
        try:
            text = body.decode()
            request.state.form = parse_qsl(
                text, keep_blank_values=True, max_num_fields=_MOST_FIELDS, strict_parsing=False
            )
        except ValueError as error:
            raise Refused(400, "invalid_form", f"the form cannot be read: {error}") from error
    fields: list[tuple[str, str]] = request.state.form
    return fields


def query_of(request: Request, kind: type[Asked]) -> Asked:
    """The fields of the address.

    Raises:
        Refused: a field is wrong.
    """
    fields = request.query_params.multi_items()
    if any("\0" in value for _, value in fields):  # PostgreSQL has no text with it to compare with.
        raise Refused(422, "invalid_field", "the address holds a character that no text has", hint="Take it out.")
    return _parsed(fields, kind)


def _parsed(fields: Iterable[tuple[str, str]], kind: type[Asked]) -> Asked:
    """What the fields say; an empty one is one that was left out."""
    known = {name: value for name, value in fields if value and name in kind.model_fields}
    try:
        return kind.model_validate(known)
    except ValidationError as error:
        raise Refused(422, "invalid_field", mistakes(error), hint="Go back and mend it.") from error
