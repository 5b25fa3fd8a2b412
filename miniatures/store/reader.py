"""Answers which stages of a prospect are finished: many tasks' questions in one query, in a thread of its own."""

from __future__ import annotations

from collections import defaultdict

from sqlalchemy import BindParameter, bindparam, select

from miniatures.store.batching import BatchThread
from miniatures.store.engine import Database
from miniatures.store.tables import UNLISTED, prospects, stages

Finished = dict[tuple[str, str], str]
"""The JSON results of a prospect's finished stages, by stage and hash of inputs."""

_CAMPAIGNS: BindParameter[str] = bindparam("campaigns", expanding=True)
_PROSPECTS: BindParameter[str] = bindparam("prospects", expanding=True)
_POSITIONS = select(prospects.c.position).where(
    prospects.c.campaign.in_(_CAMPAIGNS), prospects.c.prospect.in_(_PROSPECTS)
)
_QUERY = (
    select(stages.c.campaign, stages.c.prospect, stages.c.stage, stages.c.inputs, stages.c.document)
    .where(
        stages.c.campaign.in_(_CAMPAIGNS),
        stages.c.position.in_(bindparam("positions", expanding=True)),
        stages.c.prospect.in_(_PROSPECTS),
    )
    .order_by(stages.c.position)
)
_LARGEST_QUERY = 500


class StageReader(BatchThread[tuple[str, str]]):
    """Asked with a campaign and a prospect's key; answers with all that is finished of it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        super().__init__("miniatures-reader", self._read)

    def _read(self, group: list[tuple[str, str]]) -> list[Finished]:
        found: defaultdict[tuple[str, str], Finished] = defaultdict(dict)
        with self._database.read() as connection:
            for start in range(0, len(group), _LARGEST_QUERY):
                asked = group[start : start + _LARGEST_QUERY]
                parameters = {"campaigns": [*{key[0] for key in asked}], "prospects": [*{key[1] for key in asked}]}
                positions = [UNLISTED, *connection.scalars(_POSITIONS, parameters)]
                for row in connection.execute(_QUERY, {**parameters, "positions": positions}):
                    found[row.campaign, row.prospect][row.stage, row.inputs] = row.document
        return [dict(found.get(key, {})) for key in group]
