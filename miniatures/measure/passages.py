"""Cuts an email's body into passages by what each stands on, so that a page shows the ground under each sentence."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from miniatures.datamodel.draft import Draft, Ground


class Passage(BaseModel):
    """A slice of the body. `ground` is None for text that asserts nothing."""

    model_config = ConfigDict(frozen=True)

    text: str
    ground: Ground | None = None
    source: str = ""
    unsupported: tuple[str, ...] = ()


def passages(draft: Draft) -> list[Passage]:
    """The body as consecutive slices that join to it again; a statement that it does not hold verbatim is left out."""
    cut: list[Passage] = []
    position = 0
    for statement in draft.statements:
        start = draft.body.find(statement.text, position)
        if start < 0:
            continue
        if start > position:
            cut.append(Passage(text=draft.body[position:start]))
        cut.append(
            Passage(
                text=statement.text, ground=statement.ground, source=statement.source, unsupported=statement.unsupported
            )
        )
        position = start + len(statement.text)
    if position < len(draft.body):
        cut.append(Passage(text=draft.body[position:]))
    return cut
