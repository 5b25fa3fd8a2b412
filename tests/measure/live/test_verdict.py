"""Which word is given, what withholds it, and what stands beside it."""

from __future__ import annotations

import pytest

from miniatures.datamodel.live_verdict import LiveVerdict, VerdictWord
from miniatures.datamodel.verdict import Guardrail, LiveMetric, Look, RateBase, VerdictRule
from miniatures.measure.live.counts import ArmCounts
from miniatures.measure.live.readers import ReadingCounts
from miniatures.measure.live.verdict import LiveEvidence, live_verdicts
from miniatures.measure.live.words import headline


def arm(name: str, people: int = 5_000, **did: object) -> ArmCounts:
    funnel = dict.fromkeys(("enrolled", "drafted", "ready", "reviewed", "approved", "sent", "delivered"), people)
    companies = dict.fromkeys(("companies", "companies_reached"), people)
    return ArmCounts.model_validate({"arm": name, **funnel, **companies, **did})


def rule(**changed: object) -> VerdictRule:
    return VerdictRule.model_validate({"metric": LiveMetric.REPLIED, "margin": 0.02, **changed})


def verdict(by: VerdictRule, teacher: ArmCounts, miniature: ArmCounts, **changed: object) -> LiveVerdict:
    arms = {"teacher": teacher, "miniature": miniature}
    halves = dict.fromkeys(arms, 0.5)
    evidence = LiveEvidence(**{"reference": "teacher", "shares": halves, "settled": arms, "so_far": arms, **changed})  # type: ignore[arg-type]
    return live_verdicts(evidence, by)[0]


def test_as_many_replies_of_many_people_is_no_worse():
    found = verdict(rule(), arm("teacher", replied=250), arm("miniature", replied=252))
    assert (found.word, found.more) == (VerdictWord.NO_WORSE, None)
    assert found.may_take_over
    assert headline(found) == "miniature is no worse than teacher"


def test_half_the_replies_is_worse():
    found = verdict(rule(), arm("teacher", replied=300), arm("miniature", replied=150))
    assert found.word is VerdictWord.WORSE
    assert not found.may_take_over


def test_a_loss_beyond_chance_within_the_margin_is_no_worse():
    people = 100_000
    found = verdict(rule(), arm("teacher", people, replied=6_000), arm("miniature", people, replied=5_400))
    assert found.outcomes[0].high < 0
    assert found.word is VerdictWord.NO_WORSE


def test_few_people_are_told_how_many_more_it_takes():
    found = verdict(rule(), arm("teacher", 1_000, replied=50), arm("miniature", 1_000, replied=50))
    assert found.word is VerdictWord.NOT_YET_KNOWN
    assert (
        headline(found)
        == "not yet known whether miniature is no worse than teacher: 2,181 more people of each arm needed"
    )


def test_what_one_look_would_show_is_not_said_where_looks_are_daily():
    arms = arm("teacher", 1_800, replied=90), arm("miniature", 1_800, replied=90)
    assert verdict(rule(look=Look.ONCE, min_per_arm=1_800), *arms).word is VerdictWord.NO_WORSE
    assert verdict(rule(look=Look.DAILY), *arms).word is VerdictWord.NOT_YET_KNOWN


def test_the_one_look_waits_for_its_size_in_both_arms_and_is_then_over():
    once = rule(look=Look.ONCE, min_per_arm=2_000)
    early = verdict(once, arm("teacher", 2_000, replied=100), arm("miniature", 1_900, replied=100))
    assert (early.word, early.more) == (VerdictWord.NOT_YET_KNOWN, 100)
    over = verdict(once, arm("teacher", 2_000, replied=100), arm("miniature", 2_000, replied=80))
    assert (over.word, over.more) == (VerdictWord.NOT_YET_KNOWN, None)


def test_a_late_reference_is_waited_for_as_well():
    early = verdict(
        rule(look=Look.ONCE, min_per_arm=2_000),
        arm("teacher", 1_900, replied=100),
        arm("miniature", 2_000, replied=100),
    )
    assert (early.word, early.more) == (VerdictWord.NOT_YET_KNOWN, 100)


def test_arms_of_unequal_shares_are_judged():
    arms = arm("teacher", 8_000, replied=400), arm("miniature", 2_000, replied=104)
    assert verdict(rule(), *arms, shares={"teacher": 0.8, "miniature": 0.2}).word is VerdictWord.NO_WORSE
    assert verdict(rule(), *arms).withheld


def test_before_the_fewest_people_no_word_is_given():
    arms = arm("teacher", 99, replied=90), arm("miniature", 99, replied=9)
    assert verdict(rule(min_per_arm=100), *arms).word is VerdictWord.NOT_YET_KNOWN
    assert verdict(rule(min_per_arm=99), *arms).word is VerdictWord.WORSE


def test_an_arm_without_any_reply_is_not_no_worse_where_the_margin_is_as_large_as_the_rate():
    arms = arm("teacher", 20_000, positive=60, replied=60), arm("miniature", 20_000)
    found = verdict(rule(metric=LiveMetric.POSITIVE, margin=0.01), *arms)
    assert found.word is VerdictWord.WORSE
    few = verdict(
        rule(metric=LiveMetric.POSITIVE, margin=0.01), arm("teacher", positive=2, replied=2), arm("miniature")
    )
    assert (few.word, few.more) == (VerdictWord.NOT_YET_KNOWN, None)
    assert any("an arm that nobody ever answers" in line for line in few.lines)


def test_arms_that_lack_their_share_get_no_verdict():
    teacher, miniature = arm("teacher", replied=250), arm("miniature", 4_000, replied=200)
    found = verdict(rule(), teacher, miniature)
    assert (found.word, found.more) == (VerdictWord.NOT_YET_KNOWN, None)
    assert [alarm.where for alarm in found.withheld] == ["enrolled", "reached"]
    assert found.lines[0].startswith("No verdict: the companies enrolled are not shared out as planned (teacher 5,000")


def test_one_gateway_withholds_the_verdict():
    arms = arm("teacher", replied=250), arm("miniature", replied=252)
    found = verdict(rule(), *arms, gateways={"mimecast": {"teacher": 400, "miniature": 150}})
    assert [alarm.where for alarm in found.withheld] == ["mimecast"]
    assert found.word is VerdictWord.NOT_YET_KNOWN


def test_an_arm_that_reaches_fewer_of_its_prospects_is_compared_per_enrolled_only():
    picky = {"drafted": 4_000, "ready": 4_000, "reviewed": 4_000, "approved": 4_000, "sent": 4_000, "delivered": 4_000}
    arms = arm("teacher", replied=250), arm("miniature", replied=250, companies_reached=4_000, **picky)
    delivered, enrolled = verdict(rule(), *arms), verdict(rule(per=RateBase.ENROLLED), *arms)
    assert [alarm.where for alarm in delivered.withheld] == ["reached"]
    assert not enrolled.withheld
    assert enrolled.outcomes[0].ours.base == 5_000
    assert enrolled.word is VerdictWord.NO_WORSE


def test_opens_have_to_say_it_however_they_are_counted():
    """A loss of three points among the half whose hits can be told hides behind the others' in both extremes."""
    by = rule(metric=LiveMetric.OPENED)
    teacher = arm("teacher", 400_000, opened_low=60_000, opened_high=260_000)
    same = verdict(by, teacher, arm("miniature", 400_000, opened_low=60_000, opened_high=260_000))
    lower = verdict(by, teacher, arm("miniature", 400_000, opened_low=54_000, opened_high=254_000))
    certain, everybody, told = lower.outcomes
    assert same.word is VerdictWord.NO_WORSE
    assert certain.difference == pytest.approx(-0.015)
    assert everybody.difference == pytest.approx(-0.015)
    assert told.difference == pytest.approx(-0.03)
    assert max(certain.p_no_worse, everybody.p_no_worse) < 0.05
    assert lower.word is VerdictWord.WORSE


def test_an_extreme_that_says_otherwise_leaves_it_open():
    by = rule(metric=LiveMetric.OPENED)
    teacher = arm("teacher", 40_000, opened_low=6_000, opened_high=26_000)
    found = verdict(by, teacher, arm("miniature", 40_000, opened_low=6_000, opened_high=20_000))
    assert found.word is VerdictWord.NOT_YET_KNOWN


@pytest.mark.parametrize(
    ("high", "word"), [(20_000, VerdictWord.NO_WORSE), (14_000, VerdictWord.NOT_YET_KNOWN)], ids=["as many", "fewer"]
)
def test_clicks_have_to_say_it_however_they_are_counted_too(high: int, word: VerdictWord):
    teacher = arm("teacher", 40_000, clicked=6_000, clicked_high=20_000)
    miniature = arm("miniature", 40_000, clicked=6_000, clicked_high=high)
    found = verdict(rule(metric=LiveMetric.CLICKED), teacher, miniature)
    assert found.word is word
    assert len(found.outcomes) == 3
    assert "Clicked, if every hit was a person's" in " ".join(found.lines)


def test_several_challengers_share_the_chance_of_a_wrong_word():
    teacher, miniature = arm("teacher", 2_200, replied=110), arm("miniature", 2_200, replied=110)
    alone = verdict(rule(), teacher, miniature)
    arms = {"teacher": teacher, "miniature": miniature, "other": arm("other", 2_200, replied=40)}
    evidence = LiveEvidence("teacher", dict.fromkeys(arms, 1 / 3), arms, arms)
    found = live_verdicts(evidence, rule())
    assert [one.arm for one in found] == ["miniature", "other"]
    assert alone.word is VerdictWord.NO_WORSE
    assert found[0].p_no_worse == pytest.approx(2 * alone.p_no_worse)
    assert [one.word for one in found] == [VerdictWord.NOT_YET_KNOWN, VerdictWord.WORSE]


def test_people_of_one_company_make_it_less_sure():
    teacher, miniature = arm("teacher", replied=250), arm("miniature", replied=250)
    companies = {"companies": 1_000, "companies_reached": 1_000}
    alike = [one.model_copy(update=companies) for one in (teacher, miniature)]
    assert verdict(rule(), *alike).word is VerdictWord.NOT_YET_KNOWN
    measured = [one.model_copy(update={"design_effects": {LiveMetric.REPLIED: 1.1}}) for one in alike]
    assert verdict(rule(), *measured).word is VerdictWord.NO_WORSE


def test_a_guardrail_stops_an_arm_that_is_no_worse():
    found = verdict(rule(), arm("teacher", replied=250), arm("miniature", replied=252, unsubscribed=300))
    assert found.word is VerdictWord.NO_WORSE
    assert [(hit.arm, hit.guardrail) for hit in found.stopped] == [("miniature", Guardrail.UNSUBSCRIBED)]
    assert not found.may_take_over
    reference = verdict(rule(), arm("teacher", replied=250, unsubscribed=300), arm("miniature", replied=252))
    assert reference.may_take_over


def test_guardrails_look_at_everybody_and_verdicts_at_the_settled():
    settled = {"teacher": arm("teacher", 500, replied=25), "miniature": arm("miniature", 500, replied=25)}
    so_far = {"teacher": arm("teacher"), "miniature": arm("miniature", unsubscribed=300)}
    found = verdict(rule(), arm("teacher"), arm("miniature"), settled=settled, so_far=so_far)
    assert found.outcomes[0].ours.base == 500
    assert found.stopped


def test_readers_stand_beside_the_outcomes_and_change_nothing():
    arms = arm("teacher", 300, replied=15), arm("miniature", 300, replied=15)
    readings = [
        ReadingCounts(arm=name, send=500, edit=200, reject=100, companies=800) for name in ("teacher", "miniature")
    ]
    plain, read = verdict(rule(), *arms), verdict(rule(), *arms, readings=readings)
    assert plain.readers is None
    assert read.readers is not None
    assert read.readers.word is VerdictWord.NO_WORSE
    assert (read.word, read.p_no_worse, read.more) == (plain.word, plain.p_no_worse, plain.more)
    assert read.lines[-1] == (
        "Evidence by readers, not by outcomes: miniature is no worse than teacher. Sent as it stands: miniature 500 of "
        "800 (62.5 %; 95 %: 59.1 % to 65.8 %), teacher 500 of 800 (62.5 %; 95 %: 59.1 % to 65.8 %); a loss of less "
        "than 10.0 points is no worse."
    )


def test_what_was_edited_before_it_was_sent_is_said():
    found = verdict(rule(), arm("teacher", replied=250), arm("miniature", replied=252, edited=900))
    assert "People answered what was sent, not what was drafted; edited before: miniature 900 of 5,000." in found.lines


def test_before_anybody_is_settled_nothing_is_known():
    nobody = {name: ArmCounts(arm=name) for name in ("teacher", "miniature")}
    found = verdict(rule(), nobody["teacher"], nobody["miniature"])
    assert found.word is VerdictWord.NOT_YET_KNOWN
    assert found.lines[0] == "Replied: miniature nobody yet, teacher nobody yet."
    assert LiveVerdict.model_validate_json(found.model_dump_json()) == found
