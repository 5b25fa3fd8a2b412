"""What counts as a decision about a draft, and how many there are: an email leaves only if none came in between."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import func, select

from miniatures.datamodel.review import ReviewAction
from miniatures.store.drafts import SETTLING
from miniatures.store.tables import reviews

DECIDING = (*SETTLING, ReviewAction.WITHDRAW)
"""What changes what others should know of a draft before they decide."""


def decisions_to(campaign: str, prospects: Collection[str]) -> Any:
    """How many decisions about the drafts of each of these prospects (by key) are kept; those without any left out."""
    columns = reviews.c
    asked = columns.campaign == campaign, columns.prospect.in_(prospects), columns.action.in_(DECIDING)
    return select(columns.prospect, func.count()).where(*asked).group_by(columns.prospect)
