"""Holds gold data to its own rules: every email passes every check, and no two read alike."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from miniatures.checks import CheckCase, run_checks
from miniatures.datamodel.evidence import Quote
from miniatures.finetune.gold.folder import GoldBrief, GoldCase, GoldCompany, GoldEmail, GoldFolder
from miniatures.finetune.near_duplicates import distinct_ratio, near_duplicates

_FRAME_WORDS = 4
_FRAME_LIMIT = 4


def evidence_of(company: GoldCompany, brief: GoldBrief, numbers: tuple[int, ...]) -> tuple[Quote, ...]:
    """The sentences of these numbers as the dossier that the writer would be given."""
    sentences = [company.sentences[number - 1] for number in numbers]
    return tuple(Quote(quote=one.text, signal=brief.signal_or_first(one.kind)) for one in sentences)


def check_case(case: GoldCase, folder: GoldFolder) -> CheckCase:
    """What an email for this case is checked against."""
    brief, company = folder.briefs[case.brief], folder.companies[case.company]
    evidence = evidence_of(company, brief, case.quotes)
    return CheckCase(prospect=company.prospect(case.contact), brief=brief.plain, evidence=evidence)


def failures(folder: GoldFolder) -> Iterator[tuple[GoldEmail, str]]:
    """Each email that fails a check, with the reasons."""
    for email in folder.emails:
        report = run_checks(email.text, check_case(email, folder))
        if not report.passed:
            yield email, "; ".join(report.reasons)


def unloved_frames(folder: GoldFolder) -> list[tuple[str, int]]:
    """Openings of sentences that come back too often, the greeting and what the brief itself says left out."""
    frames: Counter[str] = Counter()
    for email in folder.emails:
        known = folder.briefs[email.brief].model_dump_json().lower()
        lines = [line for line in email.body.splitlines() if len(line.split()) > _FRAME_WORDS]
        for sentence in re.split(r"(?<=[.!?])\s+|\n", "\n".join(lines)):
            frame = " ".join(sentence.lower().split()[:_FRAME_WORDS])
            if frame.count(" ") == _FRAME_WORDS - 1 and frame not in known:
                frames[frame] += 1
    return [(frame, count) for frame, count in frames.most_common(15) if count > _FRAME_LIMIT]


def report(folder: GoldFolder) -> tuple[list[str], bool]:
    """What there is to say of the folder, line by line, and whether all of it is in order."""
    lines = [
        f"{len(folder.briefs)} briefs, {len(folder.companies)} companies, {len(folder.emails)} emails, "
        f"{len(folder.cases)} cases; traps: {dict(Counter(email.trap.value for email in folder.emails))}"
    ]
    failed = list(failures(folder))
    lines += [f"FAILS {email.brief} / {email.company} / {email.subject.strip()!r}: {why}" for email, why in failed]
    bodies = [email.body for email in folder.emails]
    pairs = near_duplicates(bodies)
    lines += [
        f"ALIKE {folder.emails[one].subject.strip()!r} and {folder.emails[other].subject.strip()!r}"
        for one, other in pairs
    ]
    lines += [f"FRAME {count} sentences begin {frame!r}" for frame, count in unloved_frames(folder)]
    if bodies:
        lines.append(
            f"{len(bodies) - len(failed)} of {len(bodies)} pass every check; {len(pairs)} near-duplicate pairs; "
            f"distinct 3-grams {distinct_ratio(bodies, 3):.2f}, 5-grams {distinct_ratio(bodies, 5):.2f}"
        )
    return lines, not failed and not pairs
