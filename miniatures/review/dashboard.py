"""How one campaign goes, at a glance: progress, funnel, spending, what is in the way, and how people get on.

The parts agree with `miniatures status`: a prospect counts as its row on the list is today.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from threading import Lock

from miniatures.datamodel.draft import DraftStatus
from miniatures.datamodel.review import that_stand
from miniatures.datamodel.standing import State
from miniatures.inputs.campaign import LoadedCampaign
from miniatures.measure.agreement import ReviewerAgreement, reviewer_agreement
from miniatures.measure.field_readings import Readings, readings_of
from miniatures.measure.people_speed import PeopleSpeed, people_speed
from miniatures.measure.promise import Promise, promise_of
from miniatures.review.desk import Desk
from miniatures.review.desk_filter import DeskFilter, Show
from miniatures.review.desk_item import DeskItem
from miniatures.review.outcomes import Outcome, Outcomes
from miniatures.review.progress import ListReader, Progress, joined
from miniatures.review.review_log import ReviewLog
from miniatures.review.timeline import Timeline, timeline_of
from miniatures.store.queries import Run
from miniatures.store.spending import Spending
from miniatures.store.store import Store


@dataclass(frozen=True)
class Step:
    """A step of the funnel, and what it counts."""

    name: str
    count: int
    means: str


@dataclass(frozen=True)
class Funnel:
    """From the list to the emails that may go out."""

    steps: tuple[Step, ...]
    accepted: int
    edited: int
    unread: int
    """Of the accepted ones, those that were accepted with many others, and that nobody read."""

    @property
    def approved(self) -> int:
        return self.accepted + self.edited


@dataclass(frozen=True)
class Reasons:
    """Why drafts are held back, and why others have none: by how many prospects each was told of, the most first.

    Of those without a draft each counts once in `ends`; `in_the_way` may name several of one prospect.
    """

    held_back: Mapping[str, int]
    ends: Mapping[str, int]
    in_the_way: Mapping[str, int]


@dataclass(frozen=True)
class People:
    """How the reviewers get on."""

    speed: PeopleSpeed
    agreement: tuple[ReviewerAgreement, ...]


@dataclass(frozen=True)
class Overview:
    """All of it, as of one moment."""

    progress: Progress
    funnel: Funnel
    reasons: Reasons
    timeline: Timeline | None
    spent: Mapping[tuple[str, str], Spending]
    promise: Promise
    readings: Readings
    people: People
    runs: tuple[Run, ...]
    is_running: bool

    @property
    def spent_in_all(self) -> Spending:
        return sum(self.spent.values(), Spending())

    def spent_by(self, place: int) -> dict[str, Spending]:
        """The spending by role (0) or by backend (1)."""
        found: dict[str, Spending] = {}
        for names, spending in self.spent.items():
            found[names[place]] = found.get(names[place], Spending()) + spending
        return found

    @property
    def usd_per_approved(self) -> float | None:
        """What one approved email cost; None before there is one, or if part of the cost is unknown."""
        cost = self.spent_in_all.cost_usd
        return None if cost is None or not self.funnel.approved else cost / self.funnel.approved


@dataclass(frozen=True)
class _Counted:
    """What only changes with outcomes, drafts, reviews or the list."""

    progress: Progress
    funnel: Funnel
    reasons: Reasons
    readings: Readings


class Dashboard:
    """One campaign that is watched. Any thread may look; one at a time does the work."""

    def __init__(self, store: Store, campaign: str, listed: ListReader | None = None) -> None:
        """`listed` reads the list, where somebody else looks at it as well."""
        self._store = store
        self._campaign = campaign
        self._outcomes = Outcomes(store, campaign)
        self._reviews = ReviewLog(store, campaign)
        self._list = listed or ListReader()
        self._timeline: Timeline | None = None
        self._timeline_at = -1
        self._people: People | None = None
        self._counted: tuple[Hashable, _Counted] | None = None
        self._lock = Lock()

    def look(self, loaded: LoadedCampaign, desk: Desk) -> Overview:
        """How the campaign goes now."""
        with self._lock:
            people, runs = self._how_people_are(), tuple(self._store.runs(self._campaign))
            counted = self._count(loaded, desk)
            return Overview(
                progress=counted.progress,
                funnel=counted.funnel,
                reasons=counted.reasons,
                timeline=self._timeline,
                spent=self._store.spent_by_role(self._campaign),
                promise=promise_of(loaded.campaign),
                readings=counted.readings,
                people=people,
                runs=runs,
                is_running=self._is_running(runs),
            )

    def progress(self, loaded: LoadedCampaign) -> tuple[Progress, bool]:
        """How far runs have come, and whether one goes on now."""
        with self._lock:
            self._outcomes.refresh()
            listed, is_read = self._list.rows(loaded)
            progress, _ = joined(listed, self._outcomes.by_prospect, is_reading=not is_read)
            return progress, self._is_running(self._store.runs(self._campaign))

    def timeline(self) -> Timeline | None:
        """How prospects came out over time; None before there is any result."""
        with self._lock:
            self._bring_up()
            return self._timeline

    def _bring_up(self) -> None:
        self._outcomes.refresh()
        if self._timeline_at != self._outcomes.revision:
            self._timeline = timeline_of(self._store, self._campaign)
            self._timeline_at = self._outcomes.revision

    def _count(self, loaded: LoadedCampaign, desk: Desk) -> _Counted:
        self._bring_up()
        listed, is_read = self._list.rows(loaded)
        state = self._outcomes.revision, desk.version, listed, is_read
        if self._counted is None or self._counted[0] != state:
            progress, current = joined(listed, self._outcomes.by_prospect, is_reading=not is_read)
            items = [item for item in desk.listed(DeskFilter(show=Show.ALL), "") if _is_of(item, current)]
            readings = readings_of({item.backend for item in items})
            counted = _Counted(progress, _funnel(progress, current, items), _reasons(current.values(), items), readings)
            self._counted = state, counted
        return self._counted[1]

    def _how_people_are(self) -> People:
        if self._reviews.refresh() or self._people is None:
            standing = that_stand(self._reviews.by_id.values())
            self._people = People(people_speed(standing), tuple(reviewer_agreement(standing)))
        return self._people

    def _is_running(self, runs: Sequence[Run]) -> bool:
        """Whether a run has no end yet, and its process is still there; where that is not known, it is.

        Before there is any run, whoever holds the campaign is about to begin one.
        """
        if runs and all(run.ended_at is not None for run in runs):
            return False
        holder = self._store.holder(self._campaign)
        return holder is not None and holder.is_alive is not False


def _is_of(item: DeskItem, current: Mapping[str, Outcome]) -> bool:
    """Whether a draft is what the last run left for its prospect, as the list has them."""
    outcome = current.get(item.waiting.prospect or "")
    return outcome is not None and outcome.has_draft


def _funnel(progress: Progress, current: Mapping[str, Outcome], items: Collection[DeskItem]) -> Funnel:
    reason = sum(outcome.had_reason for outcome in current.values())
    drafted = sum(outcome.has_draft for outcome in current.values())
    ready = sum(outcome.status is DraftStatus.READY for outcome in current.values())
    states = Counter(item.state for item in items)
    decided = sum(bool(item.decided_by) for item in items)
    accepted, edited = states[State.APPROVED], states[State.EDITED]
    return Funnel(
        (
            Step("prospects", progress.listed, "on the list"),
            Step("with a reason", reason, "something was found that is a reason to write"),
            Step("drafted", drafted, "an email was written"),
            Step("ready", ready, "passed the checks"),
            Step("decided", decided, "a person decided about the email, ready or not"),
            Step("approved", accepted + edited, "a person accepted the email, or edited it"),
        ),
        accepted,
        edited,
        unread=sum(item.unread for item in items if item.state is State.APPROVED),
    )


def _reasons(outcomes: Iterable[Outcome], items: Iterable[DeskItem]) -> Reasons:
    held = Counter(check for item in items if item.waiting.status is DraftStatus.NEEDS_REVIEW for check in item.failed)
    without = [outcome.why for outcome in outcomes if outcome.why]
    ends = Counter(why[0] for why in without)
    in_the_way = Counter(kind for why in without for kind in why[1:])
    return Reasons(*(dict(counted.most_common()) for counted in (held, ends, in_the_way)))
