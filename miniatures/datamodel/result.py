"""What a run leaves behind for one prospect under one policy: what listings, reports and exports are made of."""

from __future__ import annotations

from pydantic import Field

from miniatures.datamodel.backend import Bill
from miniatures.datamodel.dossier import Dossier
from miniatures.datamodel.draft import Draft, DraftStatus
from miniatures.datamodel.frozen import Frozen
from miniatures.datamodel.prospect import Prospect


class ProspectResult(Frozen):
    """One prospect's outcome. A prospect that no run has reached yet is `pending` and has no policy."""

    campaign: str
    policy: str = Field(default="", description="Hash of the policy; empty while pending.")
    prospect: Prospect
    status: DraftStatus
    draft: Draft | None = None
    dossier: Dossier | None = None
    error: str | None = Field(default=None, description="The error's name and its sentence.")
    bill: Bill = Bill(cost_usd=None)
    seconds: float = Field(default=0.0, ge=0, description="Wall-clock time spent on the prospect.")
