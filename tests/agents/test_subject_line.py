"""A subject line of the brief comes first; without one it says what the sender deals in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miniatures.agents.subject_line import dealt_in_by, subject_line
from tests.checks.cases import BRIEF

SIGNAL = BRIEF.signals[0].name


@pytest.mark.parametrize(
    ("offer", "dealt_in"),
    [
        ("Slatewick surveys flat and industrial roofs with a drone.", "flat and industrial roofs"),
        ("Rundekart plans the rounds, shifts and on-call weeks of technicians.", "rounds and shifts"),
        ("Turnmere keeps the training, medical and permit records of employees.", "permit records"),
        ("Staubfang builds dust and fume extraction, filters and mist cannons for wood.", "dust and fume extraction"),
        ("Noonhatch equips and runs staff restaurants and unmanned food corners.", "staff restaurants"),
        ("Quaytalk teaches technical English and gives safety talks on site.", "technical English"),
        ("Hobelift looks after lifts, hoists and doors of every make.", "lifts, hoists and doors"),
        ("Grauwacke rents out and maintains dust extraction.", "dust extraction"),
        ("We plan, build and run charging points for vans.", "charging points"),
        ("Ruane & Kelderman recruits welders, electricians abroad for industry.", "welders and electricians"),
        ("Rotaline is shift scheduling software for plants.", "shift scheduling software"),
        (
            "Lindhulme leases workwear, entrance and floor mats and cleanroom garments, and washes them.",
            "workwear",
        ),
        ("Lindqvale collects paper files, scans them and returns them.", "paper files"),
        ("Messgrund is an accredited laboratory that tests sensors.", ""),
        ("Farthing checks every line of an invoice.", ""),
        ("Tonnemark prepares firms for carbon footprints.", ""),
        ("Mirador answers a company's telephone.", ""),
        ("Sundial keeps all of a company's contracts in order.", ""),
        ("Wonder fits and yearly tests lightning rods", ""),
        ("Roof repairs", ""),
        ("We", ""),
        ("...", ""),
    ],
)
def test_what_the_sender_deals_in_is_read_off_the_offer(offer: str, dealt_in: str) -> None:
    assert dealt_in_by(offer) == dealt_in


def test_the_brief_comes_first_then_the_offer_then_the_two_companies() -> None:
    worded = BRIEF.model_copy(update={"offer": "Nordfrost builds cold stores for dairies."})
    assert subject_line(worded, SIGNAL, "Fjordmilk") == "Cold stores at Fjordmilk"
    unread = BRIEF.model_copy(update={"offer": "The best there is."})
    assert subject_line(unread, SIGNAL, "Fjordmilk") == f"{BRIEF.sender.company} and Fjordmilk"
    own = BRIEF.signals[0].model_copy(update={"subject": "new rooms at {company}"})
    named = BRIEF.model_copy(update={"signals": (own, *BRIEF.signals[1:])})
    assert subject_line(named, SIGNAL, "Fjordmilk") == "new rooms at Fjordmilk"
    assert subject_line(named, "another signal", "Fjordmilk") != "new rooms at Fjordmilk"


@given(st.text(st.sampled_from("We plans,and out the  s.A'b1"), max_size=200))
def test_an_offer_of_any_words_has_a_short_answer_or_none(offer: str) -> None:
    told = dealt_in_by(offer)
    assert len(told) <= 40
    assert told == told.strip(" ,")
