"""A place in a graph's state that takes JSON: a dictionary becomes the value that it describes, or says why not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from langgraph.channels.last_value import LastValue
from pydantic import TypeAdapter, ValidationError

from miniatures.datamodel.errors import InputError
from miniatures.datamodel.mistakes import mistakes


class Validated(LastValue[Any]):
    """Keeps the last value, as LangGraph does by default; for `Annotated[Prospect, Validated]` in a state."""

    __slots__ = ()

    def update(self, values: Sequence[Any]) -> bool:
        """Take what a node, or whoever started the graph, has put there.

        Raises:
            InputError: a dictionary does not describe such a value.
        """
        return super().update([self._value(value) for value in values])

    def _value(self, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        try:
            return TypeAdapter(self.typ).validate_python(given)
        except ValidationError as error:
            kind = self.typ.__name__
            raise InputError(
                f"the state's {self.key!r} is no {kind}: {mistakes(error)}", hint=f"Give a {kind}, or its JSON."
            ) from error
