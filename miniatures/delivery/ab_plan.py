"""What a verdict on the arms leads to, by the rule that was settled before the start; it changes nothing yet.

No worse: the challenger's miniature goes live. Worse, and that miniature is live: what was live before is so again. A
guardrail hit: nothing more is sent in the arm. Not yet known: nothing. What was decided once is not decided again, so
whatever people do afterwards stands.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import assert_never

from miniatures.datamodel.ab_decision import AbAction, AbDecision, decision_id
from miniatures.datamodel.live_verdict import GuardrailHit, LiveVerdict, VerdictWord
from miniatures.delivery.ab_miniatures import ArmsMiniatures
from miniatures.delivery.ab_report import AbReport
from miniatures.delivery.ab_words import hits_words, verdict_words
from miniatures.weights.registry import Registry


@dataclass(frozen=True)
class Change:
    """One thing to be decided about an arm: what will be done, in a sentence, and why."""

    id: str
    arm: str
    action: AbAction
    will: str
    why: str
    verdict: LiveVerdict | None
    name: str = ""
    version: str = ""
    hits: tuple[GuardrailHit, ...] = ()

    @property
    def miniature(self) -> str:
        """NAME@VERSION; empty where the change is about none."""
        return f"{self.name}@{self.version}" if self.name else ""


@dataclass(frozen=True)
class Plan:
    """What there is to decide, what was decided before, and what is still open, in sentences."""

    changes: tuple[Change, ...]
    before: tuple[AbDecision, ...]
    missing: tuple[str, ...]

    @property
    def fingerprint(self) -> str:
        """Names exactly these changes, so that what is confirmed is what was shown."""
        return "-".join(change.id[:12] for change in self.changes)


def planned(report: AbReport, miniatures: Mapping[str, ArmsMiniatures], registry: Registry) -> Plan:
    """What to decide now. `miniatures` are those of each challenger that the reference lacks."""
    decided = {one.id: one for one in report.decisions}
    wanted = [*stops(report), *_by_words(report, miniatures, registry)]
    return Plan(
        changes=tuple(one for one in wanted if one.id not in decided),
        before=tuple(decided[one.id] for one in wanted if one.id in decided),
        missing=tuple(_missing(report)),
    )


def stops(report: AbReport) -> list[Change]:
    """The arms that have to stop, which none before did."""
    return [_stop(report, hits) for hits in _one_an_arm(report.hits)]


def _one_an_arm(hits: tuple[GuardrailHit, ...]) -> list[tuple[GuardrailHit, ...]]:
    return [tuple(hit for hit in hits if hit.arm == arm) for arm in dict.fromkeys(hit.arm for hit in hits)]


def _stop(report: AbReport, hits: tuple[GuardrailHit, ...]) -> Change:
    arm, told = hits[0].arm, hits_words(hits)
    return Change(
        id=decision_id(report.campaign, arm, AbAction.STOPPED, ""),
        arm=arm,
        action=AbAction.STOPPED,
        will=f"Stop the arm {arm}: {_emails(report.arm(arm).waiting)}, and none is sent in it any more.",
        why=f"{told[:1].upper()}{told[1:]}.",
        verdict=next((one for one in report.verdicts if arm in (one.arm, one.reference)), None),
        hits=hits,
    )


def _emails(waiting: int) -> str:
    match waiting:
        case 0:
            return "no email waits in it"
        case 1:
            return "the one email that waits is cancelled"
        case _:
            return f"the {waiting:,} emails that wait are cancelled"


def _by_words(report: AbReport, miniatures: Mapping[str, ArmsMiniatures], registry: Registry) -> Iterator[Change]:
    """What each word leads to. Of two challengers that may take over one name, the first in the file does."""
    taken: dict[str, str] = {}
    for verdict in report.verdicts:
        own = miniatures[verdict.arm]
        match verdict.word:
            case VerdictWord.NOT_YET_KNOWN:
                continue
            case VerdictWord.NO_WORSE if not verdict.may_take_over:
                continue
            case VerdictWord.NO_WORSE:
                found = [_promotion(report, verdict, one, registry, taken) for one in own.versions]
            case VerdictWord.WORSE:
                found = [_rollback(report, verdict, one, registry) for one in own.versions]
            case _:
                assert_never(verdict.word)
        yield from found or [_noted(report, verdict, own.why_none)]


def _promotion(
    report: AbReport, verdict: LiveVerdict, miniature: tuple[str, str], registry: Registry, taken: dict[str, str]
) -> Change:
    name, version = miniature
    live = registry.state(name).live
    if name in taken:
        told = f"{taken[name]}, which stands before it in the campaign's file, takes {name} over"
        return _noted(report, verdict, f"{name}@{version} is not promoted: {told}.", miniature)
    taken[name] = verdict.arm
    if live == version:
        return _noted(report, verdict, f"{name}@{version} is live already.", miniature)
    place = f" in place of {live}" if live else ""
    return _changed(report, verdict, AbAction.PROMOTED, miniature, f"Promote {name}@{version}: it goes live{place}.")


def _rollback(report: AbReport, verdict: LiveVerdict, miniature: tuple[str, str], registry: Registry) -> Change:
    name, version = miniature
    state = registry.state(name)
    if state.live != version:
        return _noted(report, verdict, f"{name}@{version} is not live, so nothing has to be rolled back.", miniature)
    if state.earlier is None:
        told = f"{name}@{version} is live and nothing was before it, so there is nothing to roll back to."
        return _noted(report, verdict, told, miniature)
    will = f"Roll {name} back from {version}: {state.earlier} is live again."
    return _changed(report, verdict, AbAction.ROLLED_BACK, miniature, will)


def _noted(report: AbReport, verdict: LiveVerdict, told: str, miniature: tuple[str, str] = ("", "")) -> Change:
    return _changed(report, verdict, AbAction.NOTED, miniature, f"Keep the verdict. {told}")


def _changed(report: AbReport, verdict: LiveVerdict, action: AbAction, miniature: tuple[str, str], will: str) -> Change:
    name, version = miniature
    about = f"{verdict_words(verdict)} (campaign {report.campaign}, {report.as_of:%Y-%m-%d})"
    return Change(
        id=decision_id(report.campaign, verdict.arm, verdict.word, f"{name}@{version}" if name else ""),
        arm=verdict.arm,
        action=action,
        will=will,
        why=f"{about}. {' '.join(verdict.lines)}",
        verdict=verdict,
        name=name,
        version=version,
    )


def _missing(report: AbReport) -> Iterator[str]:
    """Why nothing is decided about an arm."""
    if report.reference_stopped:
        yield f"The reference arm {report.rule.reference} was stopped, so nothing is compared with it any more."
    for verdict in report.verdicts:
        if verdict.word is VerdictWord.NOT_YET_KNOWN:
            yield f"{verdict_words(verdict)}."
            yield from (line for line in verdict.lines if line.startswith("No verdict"))
