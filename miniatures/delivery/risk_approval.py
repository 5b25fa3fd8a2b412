"""Which ready drafts the campaign's stated risk lets leave unread: those written under a bound that shows the risk."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from miniatures.agents.runs import sure_bound
from miniatures.datamodel.errors import InputError
from miniatures.datamodel.standing import Standing, State
from miniatures.delivery.settings import required_settings
from miniatures.inputs.campaign import LoadedCampaign
from miniatures.store.store import Store


def covered_by_risk(loaded: LoadedCampaign, store: Store) -> Callable[[Standing], bool]:
    """Whether a draft may leave by `approval: {risk: ...}` alone; none may where the campaign does not say so.

    A draft is covered if its own policy had a bound as strict as the one that the risk takes now.

    Raises:
        InputError: `ready` does not state a risk as small, or the reader's readings cannot show it.
    """
    allowed, stated = required_settings(loaded).approval.risk, loaded.campaign.ready.risk
    if allowed is None:
        return lambda standing: False
    if stated is None or stated > allowed:
        raise InputError(
            f"{loaded.path.name}: `approval: {{risk: {allowed:g}}}` lets drafts leave unread, and nothing calibrates "
            "`ready` to that risk",
            hint=f"Add `ready: {{risk: {allowed:g}}}` and run the campaign again, or write `approval: people`.",
        )
    needed = sure_bound(loaded.campaign)
    assert needed is not None

    @cache
    def strict_enough(policy: str) -> bool:
        kept = store.policy(policy)
        return kept is not None and kept.sure_bound is not None and kept.sure_bound >= needed

    return lambda standing: standing.state is State.READY and strict_enough(standing.result.policy)
