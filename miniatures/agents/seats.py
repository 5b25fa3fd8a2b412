"""Who sits behind a role: the chat models that a context is given, by role and seat."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from langchain_core.language_models import BaseChatModel

from miniatures.datamodel.errors import InputError
from miniatures.datamodel.seat import Seat


@dataclass(frozen=True)
class Seats:
    """The chat models behind one role.

    `fallback` is asked when the checks still fail what the first one wrote; `shadow` beside it, and never used.
    """

    first: BaseChatModel
    fallback: BaseChatModel | None = None
    shadow: BaseChatModel | None = None

    def taken(self) -> Iterator[tuple[Seat, BaseChatModel]]:
        """Each seat in which somebody sits."""
        for seat in Seat:
            model = getattr(self, seat.value)
            if model is not None:
                yield seat, model


def seated(seats: Mapping[str, Mapping[Seat, str]], models: Mapping[str, BaseChatModel]) -> dict[str, Seats]:
    """The models behind each role, given the name of the one in each seat."""
    return {
        role: Seats(**{seat.value: models[name] for seat, name in behind.items()}) for role, behind in seats.items()
    }


def require_models(models: Any) -> None:
    """Refuse what is no mapping of roles to chat models that give structured output.

    Raises:
        InputError: names the role, and what sits there.
    """
    if not isinstance(models, Mapping):
        raise InputError(f"models is {_shown(models)}, no dictionary of roles", hint='Give models={"writer": ...}.')
    for role, given in models.items():
        for model in [given.first, *(model for _, model in given.taken())] if isinstance(given, Seats) else [given]:
            if not isinstance(model, BaseChatModel):
                raise InputError(f"the role {role!r} is given {_shown(model)}, no chat model", hint=_mend(model))
            if not _gives_structured_output(model):
                raise InputError(
                    f"the role {role!r} is given a {type(model).__name__}, which gives no structured output",
                    hint="Give a chat model that implements bind_tools or with_structured_output, or a Backend.",
                )


def _gives_structured_output(model: BaseChatModel) -> bool:
    """LangChain's own `with_structured_output` stands on `bind_tools`, and raises where a class has none."""
    kind = type(model)
    return (
        kind.with_structured_output is not BaseChatModel.with_structured_output
        or kind.bind_tools is not BaseChatModel.bind_tools
    )


def _shown(given: Any) -> str:
    return repr(given)[:80] if isinstance(given, str) else f"a value of the type {type(given).__name__}"


def _mend(given: Any) -> str:
    if isinstance(given, str):
        return f"Open the backend that the spec string names: open_backend({given!r})."
    return "Give what open_backend() returns, another BaseChatModel, or Seats of them."
