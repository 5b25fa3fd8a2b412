"""Reads a person's edit as a draft is read: by the checks, and by the verifier if the campaign names one."""

from __future__ import annotations

from dataclasses import dataclass, replace

from miniatures.agents.context import CampaignContext
from miniatures.agents.roles.verifier import VERIFIER
from miniatures.agents.verify import with_opinion
from miniatures.agents.vet import vet
from miniatures.checks import CheckCase, CheckReport, run_checks
from miniatures.datamodel.draft import Draft, DraftStatus, EmailText
from miniatures.datamodel.errors import MiniaturesError


@dataclass(frozen=True)
class Rechecked:
    """What was found in an edit. `trouble` says why the verifier could not be asked."""

    report: CheckReport
    opinion: str | None = None
    trouble: str = ""


async def recheck(context: CampaignContext, case: CheckCase, text: EmailText) -> Rechecked:
    """Read an edit of an email with this case. The checks decide, with or without the verifier's word.

    A verifier of statements reads what the writer told of the news, as far as the edit still has it so; what a person
    put in its place is theirs.
    """
    if VERIFIER.name not in context.models:
        return Rechecked(run_checks(text, case))
    try:
        vetted = await vet(context, case.prospect, text, case.evidence)
        report = run_checks(text, replace(case, vetted=vetted.statements or ()))
        draft = Draft(**text.model_dump(), evidence=case.evidence, status=DraftStatus.NEEDS_REVIEW, backend="edited")
        read = await with_opinion(context, case.prospect, draft)
    except MiniaturesError as error:
        return Rechecked(run_checks(text, case), trouble=f"The verifier was not asked: {error.told}")
    return Rechecked(report, read.opinion)
