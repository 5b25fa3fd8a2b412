"""The arms of a live test: what people did, whether the challenger is no worse, and an owner's step from there."""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from miniatures.app.door import Refused
from miniatures.app.web.desks import OpenDesk
from miniatures.app.web.forest import forest_of
from miniatures.app.web.forms import form_of, query_of
from miniatures.app.web.guard import Guard
from miniatures.app.web.rendering import page
from miniatures.app.web.site import site_of
from miniatures.datamodel.frozen import Frozen
from miniatures.datamodel.live_verdict import LiveVerdict, VerdictWord
from miniatures.datamodel.money import dollars
from miniatures.delivery.ab_decide import decide, plan_for
from miniatures.delivery.ab_figures import figures, reaction_figures
from miniatures.delivery.ab_plan import Plan
from miniatures.delivery.ab_report import AbReport, ab_report
from miniatures.delivery.ab_words import decided_words, how_sure, rule_sentence, settled_title, verdict_words
from miniatures.weights.errors import RegistryError
from miniatures.weights.registry import Registry


def routes(guard: Guard) -> list[Route]:
    """The pages of this module."""
    return [
        Route("/c/{campaign}/ab", guard.reviewers(show_arms), methods=["GET"]),
        Route("/c/{campaign}/ab/decide", guard.owners(show_decision), methods=["GET"]),
        Route("/c/{campaign}/ab/decide", guard.owners(take_decision), methods=["POST"]),
    ]


class ArmsQuery(Frozen):
    """The page of the arms, perhaps after a decision."""

    done: bool = False


class DecisionForm(Frozen):
    """A yes to exactly the changes that were shown."""

    plan: str = ""


async def show_arms(request: Request) -> Response:
    """The verdicts, and all that they rest on; of a campaign that is no test, how it would be one."""
    asked, opened = query_of(request, ArmsQuery), _opened(request)
    if await asyncio.to_thread(_is_no_test, opened):
        return page(request, "ab_none.html.jinja", opened=opened)
    values = await asyncio.to_thread(_values, opened)
    return page(request, "ab.html.jinja", opened=opened, done=asked.done, **values)


async def show_decision(request: Request) -> Response:
    """What would change, before it does."""
    opened = _opened(request)
    report, plan = await asyncio.to_thread(_report_and_plan, opened)
    return page(request, "ab_decide.html.jinja", opened=opened, report=report, plan=plan, changed=False)


async def take_decision(request: Request) -> Response:
    """Do what was shown; if something else follows by now, that is shown instead, and nothing is done.

    Raises:
        Refused: the registry was changed meanwhile, or is damaged.
    """
    asked, opened = await form_of(request, DecisionForm), _opened(request)
    report, plan = await asyncio.to_thread(_report_and_plan, opened)
    if asked.plan != plan.fingerprint:
        shown = {"opened": opened, "report": report, "plan": plan, "changed": True}
        return page(request, "ab_decide.html.jinja", 409, **shown)
    try:
        await decide(plan, report, opened.store, Registry(), request.state.visitor.name)
    except RegistryError as error:
        raise Refused(409, "not_decided", error.message, hint=error.hint) from error
    return RedirectResponse(f"/c/{opened.name}/ab?done=true", status_code=303)


def _opened(request: Request) -> OpenDesk:
    return site_of(request).desks[request.path_params["campaign"]]


def _is_no_test(opened: OpenDesk) -> bool:
    """Neither by its file nor by what was settled, which its file may not leave out."""
    return not opened.loaded.campaign.arms and opened.store.mail.enrolments.test(opened.name) is None


def _report(opened: OpenDesk) -> AbReport:
    return ab_report(opened.loaded, opened.store, opened.store.now())


def _report_and_plan(opened: OpenDesk) -> tuple[AbReport, Plan]:
    """Both as of now.

    Raises:
        Refused: a file of the registry is damaged.
    """
    report = _report(opened)
    try:
        return report, plan_for(opened.loaded, opened.store, report, Registry())
    except RegistryError as error:
        raise Refused(409, "damaged_registry", error.message, hint=error.hint) from error


def _values(opened: OpenDesk) -> dict[str, Any]:
    report = _report(opened)
    rule, arms = report.rule, report.arms
    drafted = list(reaction_figures([arm.as_drafted for arm in arms]))
    return {
        "report": report,
        "rule": rule_sentence(rule),
        "said": [
            *(_said(report, verdict, how_sure(verdict)) for verdict in report.verdicts),
            *(_said(report, verdict, "") for verdict in report.kept),
        ],
        "forests": [forest for verdict in report.verdicts + report.kept if (forest := forest_of(report, verdict))],
        "figures": figures([arm.so_far for arm in arms]),
        "tables": [
            (settled_title(rule), list(reaction_figures([arm.settled for arm in arms], rule.per))),
            ("Of these, as drafted: emails that no reviewer changed", drafted),
        ],
        "dollars": dollars,
        **_plan_or_trouble(opened, report),
    }


def _said(report: AbReport, verdict: LiveVerdict, sure: str) -> tuple[LiveVerdict, str, str, str, list[str]]:
    """A verdict with its colour, its headline, how sure it is, and what was decided on it."""
    decided = [decided_words(one) for one in report.decided(verdict)]
    return verdict, _tone(verdict), verdict_words(verdict), sure, decided


def _plan_or_trouble(opened: OpenDesk, report: AbReport) -> dict[str, Any]:
    """What follows; a damaged registry hides no figure."""
    try:
        return {"plan": plan_for(opened.loaded, opened.store, report, Registry()), "trouble": ""}
    except RegistryError as error:
        return {"plan": None, "trouble": f"{error.message}. {error.hint}"}


def _tone(verdict: LiveVerdict) -> str:
    """How the verdict is coloured."""
    match verdict.word:
        case VerdictWord.NO_WORSE:
            return "good"
        case VerdictWord.WORSE:
            return "bad"
        case VerdictWord.NOT_YET_KNOWN:
            return "open"
