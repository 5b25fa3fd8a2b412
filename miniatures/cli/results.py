"""What the listings show: one record for each prospect, those without a draft included."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from miniatures.datamodel.errors import InputError
from miniatures.datamodel.store_url import sqlite_path

if TYPE_CHECKING:
    from miniatures.datamodel.result import ProspectResult
    from miniatures.inputs.campaign import LoadedCampaign
    from miniatures.store.store import Store


def all_results(loaded: LoadedCampaign) -> Iterator[ProspectResult]:
    """What the store knows, then the prospects of the file that no run has reached."""
    from miniatures.datamodel.draft import DraftStatus
    from miniatures.datamodel.prospect import Prospect
    from miniatures.datamodel.result import ProspectResult

    seen: set[str] = set()
    for result in stored_results(loaded):
        seen.add(result.prospect.key)
        yield result
    for row in loaded.prospects():
        if isinstance(row, Prospect) and row.key not in seen:
            yield ProspectResult(campaign=loaded.name, prospect=row, status=DraftStatus.PENDING)


def stored_results(loaded: LoadedCampaign) -> Iterator[ProspectResult]:
    """What runs have left; nothing if there was no run yet."""
    from miniatures.store.open import open_store

    if was_run(loaded):
        with open_store(loaded.store_url, create=False) as store:
            yield from store.results(loaded.name)


def results_of_status(loaded: LoadedCampaign, status: str | None) -> Iterator[ProspectResult]:
    """Those of `all_results` that stand so; all without a status.

    Raises:
        InputError: there is no such status.
    """
    from miniatures.datamodel.draft import DraftStatus

    if status is not None and status not in set(DraftStatus):
        raise InputError(f"--status {status}: there is no such status", hint=f"Known: {', '.join(DraftStatus)}.")
    return (result for result in all_results(loaded) if status in (None, result.status))


def was_run(loaded: LoadedCampaign) -> bool:
    """Whether the campaign's database is there: looking at a campaign never creates one."""
    path = sqlite_path(loaded.store_url)
    return path is None or Path(path).exists()


def one_result(loaded: LoadedCampaign, email: str) -> ProspectResult:
    """One prospect's record.

    Raises:
        InputError: the campaign has no prospect with that address; names the nearest.
    """
    import difflib

    from miniatures.datamodel.prospect import normalize_email

    wanted, known = normalize_email(email), []
    for result in all_results(loaded):
        if result.prospect.email == wanted:
            return result
        known.append(result.prospect.email)
    near = difflib.get_close_matches(email, known, n=1)
    hint = f"Did you mean {near[0]}?" if near else f"`miniatures drafts {loaded.name}` lists them all."
    raise InputError(f"the campaign {loaded.name} has no prospect {email}", hint=hint)


def record(result: ProspectResult) -> dict[str, Any]:
    """The record as programs read it."""
    draft = result.draft
    evidence = draft.evidence if draft else result.dossier.facts if result.dossier else ()
    return {
        "email": result.prospect.email,
        "first_name": result.prospect.first_name,
        "last_name": result.prospect.last_name,
        "company": result.prospect.company,
        "subject": draft.subject if draft else None,
        "body": draft.body if draft else None,
        "evidence": [{"quote": item.quote, "url": item.where} for item in evidence],
        "checks": {
            check.name.value: {"pass": check.passed, "outcome": check.outcome.value, "reason": check.reason}
            for check in (draft.checks if draft else ())
        },
        "status": result.status.value,
        "reason": reason(result),
        "backend": draft.backend if draft else None,
        "attempts": draft.attempts if draft else 0,
        "tokens": result.bill.usage.total_tokens,
        "cost": result.bill.cost_usd,
        "seconds": round(result.seconds, 3),
    }


def reason(result: ProspectResult) -> str:
    """Why the prospect stands where it stands, in one line; empty for a draft that is ready."""
    if result.error:
        return result.error
    if result.draft:
        return "; ".join(f"{check.name.value}: {check.reason}" for check in result.draft.failed_checks)
    if result.dossier and result.dossier.problems:
        return "; ".join(f"{problem.kind}: {problem.where}" for problem in result.dossier.problems[:3])
    return "research found nothing to quote" if result.status == "nothing_found" else ""


@contextmanager
def open_run(campaign: Path) -> Iterator[tuple[LoadedCampaign, Store]]:
    """The campaign and its store.

    Raises:
        InputError: the campaign was never run.
    """
    from miniatures.inputs.campaign import load_campaign
    from miniatures.store.open import open_store

    loaded = load_campaign(campaign)
    if not was_run(loaded):
        raise InputError(f"the campaign {loaded.name} was not run yet", hint=f"Run it: miniatures run {campaign}")
    with open_store(loaded.store_url, create=False) as store:
        yield loaded, store
