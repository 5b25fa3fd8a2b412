"""What a checkpointer keeps comes back as it was: each of our types that a state or a resume can hold."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import Any, get_args, get_type_hints

import pytest
from pydantic import BaseModel

from miniatures import ReviewAnswer, state_serializer
from miniatures.agents.state import ProspectState
from miniatures.datamodel.review import RejectReason, ReviewAction


def types_within(hint: Any, seen: set[type]) -> Iterator[type]:
    """Our classes that a type hint names, and those that their fields name."""
    for part in get_args(hint):
        yield from types_within(part, seen)
    if not isinstance(hint, type) or not issubclass(hint, (BaseModel, Enum)) or hint in seen:
        return
    seen.add(hint)
    yield hint
    if issubclass(hint, BaseModel):
        for field in hint.model_fields.values():
            yield from types_within(field.annotation, seen)


SEEN: set[type] = set()
KEPT = [kind for hint in (*get_type_hints(ProspectState).values(), ReviewAnswer) for kind in types_within(hint, SEEN)]


@pytest.mark.parametrize("kind", [*KEPT, ReviewAction], ids=lambda kind: kind.__name__)
def test_every_type_of_a_state_or_an_answer_comes_back(kind: type) -> None:
    value: Any = next(iter(kind)) if issubclass(kind, Enum) else kind.model_construct()  # type: ignore[attr-defined]
    serializer = state_serializer()
    again = serializer.loads_typed(serializer.dumps_typed(value))
    assert type(again) is kind


def test_an_answer_comes_back_whole() -> None:
    serializer = state_serializer()
    answer = ReviewAnswer(action=ReviewAction.REJECT, reviewer="ada", reason=RejectReason.CLUMSY)
    assert serializer.loads_typed(serializer.dumps_typed(answer)) == answer
