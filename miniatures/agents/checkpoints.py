"""Lets a LangGraph checkpointer keep our state under strict rules: only the types named here are ever rebuilt.

LangGraph's own default imports and calls whatever type a checkpoint names. With this serializer, or with
LANGGRAPH_STRICT_MSGPACK=true in the environment, it does not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer


def state_serializer(*own: type) -> JsonPlusSerializer:
    """The serializer for `InMemorySaver(serde=...)`, `AsyncSqliteSaver(..., serde=...)` and their like.

    `own` are the classes that your nodes put into the state.
    """
    from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer

    return JsonPlusSerializer(
        allowed_msgpack_modules=[(kind.__module__, kind.__name__) for kind in _kept_types() + own]
    )


def _kept_types() -> tuple[type, ...]:
    """What a state holds, and what a graph is resumed with."""
    from miniatures.agents import state
    from miniatures.agents.passages import Passage
    from miniatures.agents.tools.search.base import SearchStatus
    from miniatures.datamodel import backend, check, dossier, draft, evidence, prospect, review, seat, vetted

    return (
        *(state.Gathered, state.RankedSentence, state.Written, SearchStatus, seat.Seat),
        *(backend.Bill, backend.Usage, check.CheckName, check.CheckResult, check.Outcome),
        *(dossier.Dossier, dossier.DossierStatus, dossier.Problem, dossier.SetAside, dossier.SetAsideReason),
        *(draft.Statement, draft.Draft, draft.DraftStatus, draft.EmailText, draft.Ground, vetted.VettedStatement),
        *(evidence.Evidence, evidence.Quote, evidence.Page, evidence.SourceRef, Passage),
        *(prospect.Prospect, prospect.Recipient),
        *(review.ReviewAnswer, review.ReviewAction, review.RejectReason),
    )
