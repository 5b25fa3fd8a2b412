"""Opens the backends that a campaign names, each once, and guards them by its budgets."""

from __future__ import annotations

from miniatures.agents.roles.role import role_named
from miniatures.agents.seats import Seats, seated
from miniatures.backends.base import Backend
from miniatures.backends.miniature import pinned
from miniatures.backends.spec import open_backend
from miniatures.backends.wrappers.spending import Spending
from miniatures.backends.wrappers.wrap import dress
from miniatures.datamodel.campaign import Budget, Roles
from miniatures.datamodel.errors import BudgetScope
from miniatures.inputs.campaign import LoadedCampaign
from miniatures.store.spending import Spending as Spent
from miniatures.store.store import Store


class CampaignBackends:
    """The backends of one campaign: arms and seats that name the same one share it, its limits and its budget.

    A miniature's moving name is resolved when it is opened: a promotion while the run goes on changes nothing in it.
    """

    def __init__(self, loaded: LoadedCampaign, store: Store, run_id: str) -> None:
        self._settings = loaded.campaign.backends
        self._book = store.book(loaded.name, run_id)
        self._spent = store.spent(loaded.name)
        limit, owner = loaded.campaign.budget, f"campaign {loaded.name}"
        self._whole = self._spending(limit, BudgetScope.CAMPAIGN, owner, self._spent.total)
        self._opened: dict[str, Backend] = {}

    def seats(self, roles: Roles) -> dict[str, Seats]:
        """The backends behind each role that is filled.

        Raises:
            BackendError: a spec is wrong, or its model cannot be had.
            InputError: no role has that name, or a budget in USD stands over a backend whose price is unknown.
        """
        for role in roles.seats:
            role_named(role)
        for name in roles.backend_names.values():
            if name not in self._opened:
                self._opened[name] = self._open(name)
        return seated(roles.seats, self._opened)

    def _open(self, name: str) -> Backend:
        settings = self._settings[name]
        spec = pinned(settings.use)
        bare = open_backend(spec, settings.model_copy(update={"use": spec}))
        limit = Budget(usd=settings.budget_usd, tokens=settings.budget_tokens)
        identity = str(bare.identity)
        before = self._spent.by_backend.get(identity, Spent())
        own = self._spending(limit, BudgetScope.BACKEND, f"backend {name}", before, backend=identity)
        return dress(bare, settings=settings, spendings=(own, self._whole))

    def _spending(
        self, limit: Budget, scope: BudgetScope, owner: str, before: Spent, *, backend: str | None = None
    ) -> Spending:
        return Spending(
            limit,
            scope,
            owner,
            backend=backend,
            book=self._book,
            already_tokens=before.usage.total_tokens,
            already_usd=before.known_usd,
        )
