"""A person reads in one sentence why there is no email."""

from __future__ import annotations

import pytest

from miniatures.datamodel.dossier import Dossier, DossierStatus, Problem, SetAside, SetAsideReason
from tests.checks.cases import evidence

REFUSED = "searxng could not be reached: connection refused"


def page(kind: str, detail: str = "", number: int = 0) -> Problem:
    return Problem(where=f"https://frost.example/{number}", kind=kind, detail=detail)


def search(kind: str, detail: str = "") -> Problem:
    return Problem(where="Frost new hall", kind=kind, detail=detail)


@pytest.mark.parametrize(
    ("dossier", "sentence"),
    [
        (Dossier(status=DossierStatus.FOUND, facts=(evidence(),), problems=(page("blocked"),)), ""),
        (Dossier(status=DossierStatus.NOTHING_FOUND), "Nothing to quote was found."),
        (
            Dossier(status=DossierStatus.FAILED, problems=(search("failed", REFUSED), search("failed", REFUSED))),
            f"Research failed: 2 searches failed ({REFUSED}).",
        ),
        (
            Dossier(
                status=DossierStatus.BLOCKED,
                problems=(page("robots_disallowed"), page("blocked", "HTTP 403"), page("robots_disallowed", number=2)),
            ),
            "Research was blocked: 1 page blocked (HTTP 403), 2 pages closed to robots.",
        ),
        (
            Dossier(
                status=DossierStatus.NOTHING_FOUND,
                candidates=12,
                problems=(
                    Problem(where="researcher", kind="malformed_answer", detail="no JSON"),
                    page("out_of_time", "x"),
                    page("not_found"),
                ),
                set_aside=(SetAside(evidence=evidence(), reason=SetAsideReason.STALE),),
            ),
            "None of 12 sentences tells what the brief looks for: 1 page not found, "
            "1 page left unread for lack of time, 1 sentence too old.",
        ),
    ],
)
def test_why_nothing(dossier: Dossier, sentence: str) -> None:
    assert dossier.why_nothing == sentence


def test_kinds_of_nothing_are_the_same_words_without_their_numbers() -> None:
    dossier = Dossier(
        status=DossierStatus.NOTHING_FOUND,
        candidates=12,
        problems=(
            Problem(where="researcher", kind="malformed_answer", detail="no JSON"),
            page("out_of_time", "x"),
            page("out_of_time", number=2),
            search("blocked", REFUSED),
        ),
        set_aside=(SetAside(evidence=evidence(), reason=SetAsideReason.STALE),) * 2,
    )
    assert dossier.kinds_of_nothing == (
        "None of the sentences tells what the brief looks for",
        "search: blocked",
        "page: left unread for lack of time",
        "sentence: too old",
    )
    assert Dossier(status=DossierStatus.NOTHING_FOUND).kinds_of_nothing == ("Nothing to quote was found",)
    assert Dossier(status=DossierStatus.FOUND, facts=(evidence(),)).kinds_of_nothing == ()
