"""Cuts an email's body into passages by what each stands on, so that a page shows the ground under each sentence."""

from __future__ import annotations

from miniatures.datamodel.draft import Draft, Statement

Passage = tuple[str, Statement | None]
"""A slice of the body and what it states; None for text that asserts nothing."""


def passages(draft: Draft) -> list[Passage]:
    """The body as consecutive slices that join to it again; a statement that it does not hold verbatim is left out."""
    cut: list[Passage] = []
    position = 0
    for statement in draft.statements:
        start = draft.body.find(statement.text, position)
        if start >= 0:
            cut += [(draft.body[position:start], None), (statement.text, statement)]
            position = start + len(statement.text)
    cut.append((draft.body[position:], None))
    return [(text, statement) for text, statement in cut if text]
