"""The campaign file: a brief, its prospects, the backend of each role and how hard to try; one YAML file."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path

from pydantic import ConfigDict, Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from miniatures.datamodel.arms import AbRule, ArmSettings, faults_of, shares_of
from miniatures.datamodel.backend import Price
from miniatures.datamodel.capabilities import CapabilitySettings
from miniatures.datamodel.errors import InputError
from miniatures.datamodel.frozen import Strict
from miniatures.datamodel.seat import Seat
from miniatures.datamodel.send_settings import SendSettings

CHECKS_ONLY = "checks"
"""The verifier's name when the deterministic checks are the only reader."""
_NOBODY = ("none", CHECKS_ONLY)


class _Used(Strict):
    """Settings that may be written as the bare string of their `use`."""

    @model_validator(mode="before")
    @classmethod
    def _bare_string(cls, value: object) -> object:
        return {"use": value} if isinstance(value, str) else value


class Budget(Strict):
    """Hard limits; null is no limit."""

    usd: float | None = Field(default=None, gt=0)
    tokens: int | None = Field(default=None, gt=0)


class BackendSettings(_Used):
    """One named backend. In the file a bare string stands for `{use: string}`."""

    use: str = Field(min_length=1, description="Spec string, such as local:smollm2-135m-instruct.")
    budget_usd: float | None = Field(default=None, gt=0)
    budget_tokens: int | None = Field(default=None, gt=0)
    price: Price | None = Field(default=None, description="Overrides the provider's price list.")
    temperature: float | None = Field(default=None, ge=0, le=2)
    max_tokens: int | None = Field(default=None, gt=0, description="Tokens of one answer at most.")
    timeout_s: float = Field(default=120, gt=0, le=3600)
    max_concurrency: int | None = Field(default=None, gt=0)
    capabilities: CapabilitySettings = Field(
        default=CapabilitySettings(), description="How it may be asked, where it differs from what its kind says."
    )


class RoleSeats(Strict):
    """The backends behind one role, by name. In the file a bare name stands for `{first: name}`."""

    first: str = Field(min_length=1, description="Asked first.")
    fallback: str | None = Field(default=None, description="Asked when the checks still fail.")
    shadow: str | None = Field(default=None, description="Answers beside, to be compared and never used.")

    @field_validator("fallback", "shadow", mode="before")
    @classmethod
    def _none_word(cls, value: object) -> object:
        return None if value == "none" else value

    @property
    def named(self) -> dict[Seat, str]:
        """The seats that are taken, each with the name of its backend."""
        return {seat: name for seat in Seat if (name := getattr(self, seat.value)) is not None}


class Roles(Strict):
    """Which named backends do which job. `fallback` and `shadow` beside the roles are the writer's."""

    model_config = ConfigDict(frozen=True, extra="allow")
    __pydantic_extra__: dict[str, RoleSeats | None]

    researcher: RoleSeats | None = Field(default=None, description="Judges sentences; the best-ranked serve if null.")
    writer: RoleSeats | None = Field(
        description="Writes. With `none` code places the news, quoted, among the brief's own sentences."
    )
    verifier: RoleSeats | None = Field(default=None, description="Reads beside the checks; `checks` names none.")
    assessor: RoleSeats | None = Field(
        default=None, description="Weighs the best reasons to write that a researcher of sentences in place finds."
    )
    planner: RoleSeats | None = Field(default=None, description="Plans search queries; templates do if null.")

    @model_validator(mode="before")
    @classmethod
    def _short_forms(cls, value: object) -> object:
        if not isinstance(value, dict):
            return value
        for role in value:
            _refuse_slip(role)
        named = {role: _seats(one) for role, one in value.items() if role not in _WRITERS_SEATS}
        own = {seat: value[seat] for seat in _WRITERS_SEATS if seat in value}
        writer = named.get("writer")
        if "writer" in value and value["writer"] is None:
            raise ValueError("writer is empty; name a backend, or write `writer: none`")
        if own and writer is None and "writer" in named:
            raise ValueError(f"without a writer there is no {next(iter(own))}; take it out, or name a writer")
        if own and isinstance(writer, dict):
            named["writer"] = {**writer, **own}
        return named

    @field_validator("researcher", "assessor", "verifier", "planner")
    @classmethod
    def _without_fallback(cls, seats: RoleSeats | None) -> RoleSeats | None:
        if seats is not None and seats.fallback is not None:
            raise ValueError("only the writer has a fallback; take this one out")
        return seats

    @property
    def seats(self) -> dict[str, dict[Seat, str]]:
        """Role -> seat -> name of its backend, for the roles that a model plays."""
        return {role: seats.named for role, seats in self if seats is not None}

    @property
    def backend_names(self) -> dict[str, str]:
        """A label for each taken seat, such as `writer` or `writer (shadow)`, with the name of its backend."""
        return {seat_label(role, seat): name for role, seats in self.seats.items() for seat, name in seats.items()}


_WRITERS_SEATS = (Seat.FALLBACK.value, Seat.SHADOW.value)


def _refuse_slip(role: str) -> None:
    """A role of one's own may have any name but one that is nearly one of ours."""
    known = [*Roles.model_fields, *_WRITERS_SEATS]
    near = [] if role in known else get_close_matches(role, known, n=1, cutoff=0.8)
    if near:
        told = {"near": repr(near[0]), "at": (role,)}
        raise PydanticCustomError("unknown_backend", "there is no such key; did you mean {near}?", told)


def _seats(value: object) -> object:
    if value is None or value in _NOBODY:
        return None
    return {"first": value} if isinstance(value, str) else value


def seat_label(role: str, seat: Seat) -> str:
    """How people read it: the role alone for the backend that is asked first."""
    return role if seat is Seat.FIRST else f"{role} ({seat})"


class ResearchSettings(Strict):
    """How far research goes for one prospect."""

    rounds: int = Field(default=1, ge=1, le=5)
    pages: int = Field(default=6, ge=1, le=50, description="Pages fetched at most, per prospect and round.")
    candidates: int = Field(default=40, ge=1, le=40, description="Sentences shown to the researcher at most.")
    candidate_tokens: int = Field(default=1500, ge=100, description="Their tokens at most, estimated.")
    site_pages: int = Field(
        default=24, ge=1, le=200, description="Of the prospect's own site, for a researcher that reads it whole."
    )
    passages: int = Field(default=160, ge=1, le=2000, description="Sentences that such a researcher judges at most.")
    facts: int = Field(default=4, ge=1, le=12, description="Quotes given to the writer at most.")
    max_age_days: int = Field(default=540, ge=1, description="Evidence published earlier is set aside as stale.")
    seconds: float = Field(
        default=300,
        gt=0,
        exclude=True,
        description="For reading pages, per prospect, at most; a search's own turn does not count. No part of the "
        "policy: more time changes no answer but lets one come.",
    )


class WritingSettings(Strict):
    """How hard the writer tries before a person is asked."""

    samples: int = Field(
        default=1, ge=1, le=32, description="Drafts sampled in one batch; the best by the checks is kept."
    )
    retry_samples: int | None = Field(
        default=None, ge=1, le=32, description="Drafts sampled when the first attempt failed; as `samples` if null."
    )
    rewrites: int = Field(default=1, ge=0, le=5, description="Times a failing draft goes back with the reasons.")

    def samples_of(self, attempt: int) -> int:
        """How many drafts this attempt samples; attempts count from 1."""
        return self.samples if attempt == 1 else self.retry_samples or self.samples


class ReadySettings(Strict):
    """What `ready` promises beyond the checks."""

    risk: float | None = Field(
        default=None,
        gt=0,
        le=0.5,
        description="The share of ready drafts that may hold a false statement, at most, with 95 % confidence; null "
        "promises nothing.",
    )


class SearchSettings(_Used):
    """Where to look. In the file a bare string stands for `{use: string}`."""

    use: str = Field(
        description="ddgs, brave, tavily, searxng:URL, or local:PATH (a folder of documents or a site list)."
    )
    results: int = Field(default=6, ge=1, le=50)
    spacing_s: float | None = Field(
        default=None, ge=0, le=3600, description="Seconds between two calls; the provider's own if null."
    )


class FetchSettings(Strict):
    """How pages are fetched. `allow` lists the private addresses or networks that may be connected to."""

    user_agent: str = "Miniatures/0.1 (+https://example.com/miniatures)"
    allow: tuple[str, ...] = ()
    per_host_interval_s: float = Field(default=1.0, ge=0, le=3600)
    timeout_s: float = Field(default=15, gt=0, le=120)
    max_bytes: int = Field(default=2_000_000, gt=0, le=100_000_000)
    extract_timeout_s: float = Field(default=10, gt=0, le=120, description="Seconds in which a page must be read.")


class Campaign(Strict):
    """A campaign as its file says it, paths not yet resolved."""

    name: str = Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$",
        max_length=80,
        description="A name of letters, digits, dots, dashes and underscores.",
    )
    brief: Path
    prospects: Path
    columns: dict[str, str] = Field(default_factory=dict, description="Our column name -> the file's header.")
    search: SearchSettings
    fetch: FetchSettings = FetchSettings()
    hosts: dict[str, str] = Field(
        default_factory=dict, description="Host name or *.suffix -> address[:port], like /etc/hosts."
    )
    backends: dict[str, BackendSettings] = Field(min_length=1)
    roles: Roles
    arms: dict[str, ArmSettings] = Field(
        default_factory=dict, description="For an A/B test: what differs from `roles` in each arm."
    )
    test: AbRule | None = Field(default=None, description="The rule by which the arms are compared.")
    research: ResearchSettings = ResearchSettings()
    write: WritingSettings = WritingSettings()
    ready: ReadySettings = ReadySettings()
    send: SendSettings | None = Field(default=None, description="How emails leave; without it none do.")
    budget: Budget = Field(default=Budget(), description="For the whole campaign.")
    prospect_budget: Budget = Field(default=Budget(), description="For one prospect.")
    prompts: Path = Field(default=Path("prompts"), description="Folder of prompt templates that override ours.")
    store: str = Field(default="", description="Database URL; a SQLite file beside the campaign if empty.")
    concurrency: int = Field(default=32, ge=1, le=1024, description="Prospects in flight.")

    @model_validator(mode="after")
    def _roles_are_named(self) -> Campaign:
        for role, seats in self.roles.seats.items():
            for seat, name in seats.items():
                at = ("roles", role) if seat is Seat.FIRST else ("roles", seat.value)
                if name not in self.backends:
                    raise PydanticCustomError(
                        "unknown_backend",
                        "no backend is named {name}; this file has {backends}",
                        {"name": repr(name), "backends": ", ".join(self.backends), "at": at},
                    )
            if seats.get(Seat.SHADOW) == seats[Seat.FIRST]:
                raise PydanticCustomError(
                    "own_shadow",
                    "{name} is the {role} as well, and nothing can be learnt from comparing it with itself",
                    {"name": repr(seats[Seat.FIRST]), "role": role, "at": ("roles", Seat.SHADOW.value)},
                )
        return self

    @model_validator(mode="after")
    def _arms_are_whole(self) -> Campaign:
        faults = (*faults_of(self.arms, self.test), *(one for name in self.arms for one in self._faults_of_arm(name)))
        for told, at in faults:
            raise PydanticCustomError("value_error", "{told}", {"told": told, "at": at})
        return self

    def _faults_of_arm(self, name: str) -> Iterator[tuple[str, tuple[str, ...]]]:
        arm, writer = self.arms[name], self.roles.writer
        models = {role: given for role, given in arm.roles.items() if given not in _NOBODY}
        for place, backend in (models | arm.writers_seats).items():
            if backend not in self.backends:
                told = f"no backend is named {backend!r}; this file has {', '.join(self.backends)}"
                yield told, ("arms", name, place)
        first = arm.roles.get("writer", "none" if writer is None else writer.first)
        for seat in arm.writers_seats if first in _NOBODY else ():
            yield f"without a writer there is no {seat}; take it out, or name a writer", ("arms", name, seat)
        if arm.shadow == first != "none":
            told = f"{first!r} is the writer as well, and nothing can be learnt from comparing it with itself"
            yield told, ("arms", name, Seat.SHADOW.value)

    @property
    def shares(self) -> dict[str, float]:
        """The share of each arm of a test."""
        return shares_of(self.arms)


def arm_campaign(campaign: Campaign, name: str) -> Campaign:
    """The campaign as one of its arms runs it, wherever a single policy is expected.

    Raises:
        InputError: no arm has that name.
    """
    arm = campaign.arms.get(name)
    if arm is None:
        raise InputError(
            f"the campaign {campaign.name} has no arm named {name!r}", hint=f"It has {', '.join(campaign.arms)}."
        )
    changed = {role: None if given in _NOBODY else RoleSeats(first=given) for role, given in arm.roles.items()}
    writer = changed.get("writer", campaign.roles.writer)
    if writer is not None:
        changed["writer"] = RoleSeats(first=writer.first, **arm.writers_seats)
    roles = campaign.roles.model_copy(update=changed)
    own = {"roles": roles, "prompts": arm.prompts or campaign.prompts, "arms": {}, "test": None}
    return campaign.model_copy(update=own)


def policies_of(campaign: Campaign) -> dict[str, Campaign]:
    """The campaign as each of its arms runs it; one that is no test is its own single arm, without a name."""
    return {name: arm_campaign(campaign, name) for name in campaign.arms} or {"": campaign}


def backends_by_seat(campaign: Campaign) -> dict[str, str]:
    """A label for each seat that is taken, with its backend's name; it tells the arm where not all have it alike."""
    arms = {arm: one.roles.backend_names for arm, one in policies_of(campaign).items()}
    common = set.intersection(*(set(names.items()) for names in arms.values()))
    return {
        label if (label, name) in common else f"{label} of {arm}": name
        for arm, names in arms.items()
        for label, name in names.items()
    }
