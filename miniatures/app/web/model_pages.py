"""The miniatures: each with its versions, its card and its history; an owner promotes one, or goes back."""

from __future__ import annotations

import asyncio
from itertools import groupby
from typing import Any

from pydantic import Field
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from miniatures.app.door import Refused
from miniatures.app.web.forms import form_of, query_of
from miniatures.app.web.guard import Guard
from miniatures.app.web.model_facts import VersionFacts, version_facts
from miniatures.app.web.rendering import page
from miniatures.app.web.site import site_of
from miniatures.datamodel.errors import InputError
from miniatures.datamodel.files import read_regular
from miniatures.datamodel.frozen import Frozen
from miniatures.datamodel.gate import GateOutcome, GateSettings
from miniatures.datamodel.miniature import MiniatureCard, Stage
from miniatures.measure.field_readings import FIELD_READINGS, PLACED_READINGS, READY_MEANS, Readings
from miniatures.measure.going_live import gate_words, go_live
from miniatures.weights.card_words import (
    campaign_lines,
    flat,
    limits,
    parameters,
    purpose,
    trusted,
    variant_of,
    work_of,
)
from miniatures.weights.errors import PromotionRefused, RegistryError, UnknownMiniature
from miniatures.weights.listing import ListedVersion, listed_versions
from miniatures.weights.pull import list_weights
from miniatures.weights.registry import Registry


def routes(guard: Guard) -> list[Route]:
    """The pages of this module."""
    version = "/models/{name}/{version}"
    return [
        Route("/models", guard.reviewers(show_models), methods=["GET"]),
        Route("/models/{name}/rollback", guard.owners(roll_back), methods=["POST"]),
        Route(version, guard.reviewers(show_version), methods=["GET"]),
        Route(f"{version}/curve.png", guard.reviewers(show_curve), methods=["GET"]),
        Route(f"{version}/promote", guard.owners(promote), methods=["POST"]),
    ]


_LARGEST_PICTURE = 10_000_000


class GateQuery(GateSettings):
    """What is asked of a version before it goes live, within what is still a question."""

    margin: float = Field(default=0.05, ge=0.001, le=0.5)
    alpha: float = Field(default=0.05, ge=0.0001, le=0.25)

    @property
    def settings(self) -> GateSettings:
        return GateSettings(margin=self.margin, alpha=self.alpha, least_cases=self.least_cases)


class VersionQuery(GateQuery):
    """The page of a version, perhaps after what was just done."""

    done: bool = False


class PromotionForm(GateQuery):
    """A wish to promote; forced, it gives the reason that is kept."""

    forced: bool = False
    reason: str = Field(default="", max_length=2_000)


class RollBackForm(Frozen):
    """A wish to go back, perhaps with the reason, which is kept."""

    reason: str = Field(default="", max_length=2_000)


async def show_models(request: Request) -> Response:
    """All miniatures with their versions, and the base weights that have a name."""
    listed = await asyncio.to_thread(lambda: list(listed_versions(Registry())))
    miniatures = [(name, list(versions)) for name, versions in groupby(listed, key=lambda one: one.name)]
    return page(
        request,
        "models.html.jinja",
        miniatures=miniatures,
        foremost=foremost,
        weights=await asyncio.to_thread(list_weights),
        root=Registry().root,
        purpose=purpose,
        parameters=parameters,
        ready_means=READY_MEANS,
    )


async def show_version(request: Request) -> Response:
    """One version: its card, how it stands, and where it came from."""
    asked = query_of(request, VersionQuery)
    name, version = _named(request)
    if version != request.path_params["version"]:
        return RedirectResponse(f"/models/{name}/{version}", status_code=303)
    return await _version_page(request, name, version, asked, done=asked.done)


async def show_curve(request: Request) -> Response:
    """The picture of a version's training.

    Raises:
        Refused: there is none.
    """
    name, version = _named(request)
    path = Registry().curve(name, version)
    try:
        picture = await asyncio.to_thread(read_regular, path, _LARGEST_PICTURE) if path else b""
    except InputError as error:
        raise Refused(404, "no_curve", error.message, hint=error.hint) from error
    if not picture:
        raise Refused(404, "no_curve", f"no picture of the training of {name}@{version} was kept")
    return Response(picture, media_type="image/png")


async def promote(request: Request) -> Response:
    """Make a version live; refused, the page says why, and asks for the reason that would overrule it.

    Raises:
        Refused: it is live already, or forced without a reason, or the registry is damaged.
    """
    asked = await form_of(request, PromotionForm)
    name, version = _named(request)
    if asked.forced and not asked.reason.strip():
        raise Refused(422, "no_reason", "a forced promotion needs a reason", hint="Say why; it is kept in the history.")
    force = asked.reason if asked.forced else None
    try:
        await asyncio.to_thread(go_live, Registry(), name, version, asked.settings, force=force)
    except PromotionRefused as error:
        return await _version_page(request, name, version, asked, refusal=error, status=409)
    except RegistryError as error:
        raise Refused(409, "not_promoted", error.message, hint=error.hint) from error
    return RedirectResponse(f"/models/{name}/{version}?done=true", status_code=303)


async def roll_back(request: Request) -> Response:
    """Make live again what was live before.

    Raises:
        Refused: nothing was, or it is gone.
    """
    asked, name = await form_of(request, RollBackForm), request.path_params["name"]
    try:
        promotion = await asyncio.to_thread(Registry().rollback, name, reason=asked.reason.strip() or None)
    except RegistryError as error:
        raise Refused(_status(error), "not_rolled_back", error.message, hint=error.hint) from error
    return RedirectResponse(f"/models/{name}/{promotion.version}?done=true", status_code=303)


def foremost(versions: list[ListedVersion]) -> MiniatureCard | None:
    """The card that says what a miniature is for: of the live version, else the candidate, else the newest."""
    cards = [(one.stages, one.card) for one in versions if one.card is not None]
    staged = (card for stage in (Stage.LIVE, Stage.CANDIDATE) for stages, card in cards if stage in stages)
    return next(staged, cards[-1][1] if cards else None)


async def _version_page(
    request: Request,
    name: str,
    version: str,
    asked: GateQuery,
    *,
    refusal: PromotionRefused | None = None,
    done: bool = False,
    status: int = 200,
) -> Response:
    settings = asked.settings
    facts = await asyncio.to_thread(version_facts, site_of(request), Registry(), name, version, settings)
    return page(
        request,
        "model.html.jinja",
        status,
        facts=facts,
        card=facts.listed.card,
        settings=settings,
        refusal=refusal,
        done=facts.history[0] if done and facts.history and facts.history[0].version == version else None,
        verdict=_verdict_class(facts),
        gate_words=gate_words,
        GateOutcome=GateOutcome,
        field_readings=_shipped_readings(facts.listed.card),
        ready_means=READY_MEANS,
        words=CARD_WORDS,
    )


CARD_WORDS: dict[str, Any] = {
    "purpose": purpose,
    "parameters": parameters,
    "limits": limits,
    "flat": flat,
    "trusted": trusted,
    "variant": variant_of,
    "work": work_of,
    "campaign": campaign_lines,
}


def _shipped_readings(card: MiniatureCard | None) -> Readings:
    """What readers found of emails that a miniature wrote, or, of one that does not write, that code placed."""
    return FIELD_READINGS if card is None or "writer" in card.roles else PLACED_READINGS


def _verdict_class(facts: VersionFacts) -> str:
    """How the verdict is coloured: nothing speaks against it, something does, or it is not yet known."""
    if facts.outlook is None or not facts.outlook.against:
        return "good"
    gate = facts.outlook.gate
    return "open" if gate is not None and gate.outcome is GateOutcome.NOT_YET_KNOWN else "bad"


def _named(request: Request) -> tuple[str, str]:
    """The name and version of the address; `live`, `candidate` and the beginning of a hash will do.

    Raises:
        Refused: there is no such miniature or version.
    """
    name, ref = request.path_params["name"], request.path_params["version"]
    registry = Registry()
    try:
        return name, registry.resolve(name, ref)
    except RegistryError as error:
        gone = [one.version for one in listed_versions(registry) if one.name == name and one.card is None]
        if ref in gone:
            return name, ref
        raise Refused(_status(error), "unknown_miniature", error.message, hint=error.hint) from error


def _status(error: RegistryError) -> int:
    return 404 if isinstance(error, UnknownMiniature) else 409
