"""Blind readings are evidence of their own."""

from __future__ import annotations

import pytest

from miniatures.datamodel.live_verdict import VerdictWord
from miniatures.datamodel.verdict import LiveMetric, VerdictRule
from miniatures.measure.live.readers import ReadingCounts, readers_verdicts

RULE = VerdictRule(metric=LiveMetric.REPLIED, margin=0.01)


def read(arm: str, send: int, edit: int, reject: int, companies: int | None = None) -> ReadingCounts:
    return ReadingCounts(arm=arm, send=send, edit=edit, reject=reject, companies=companies or send + edit + reject)


def test_as_many_sent_of_many_read_is_no_worse():
    both = [read("teacher", 400, 200, 100), read("miniature", 405, 200, 100)]
    assert readers_verdicts(both, "teacher", ["miniature"], RULE)["miniature"].word is VerdictWord.NO_WORSE


def test_far_fewer_sent_is_worse():
    both = [read("teacher", 60, 20, 20), read("miniature", 10, 40, 50)]
    found = readers_verdicts(both, "teacher", ["miniature"], RULE)["miniature"]
    assert (found.word, found.more) == (VerdictWord.WORSE, None)


def test_a_few_readings_ask_for_more():
    both = [read("teacher", 10, 5, 5), read("miniature", 11, 5, 4)]
    found = readers_verdicts(both, "teacher", ["miniature"], RULE)["miniature"]
    assert found.word is VerdictWord.NOT_YET_KNOWN
    assert found.more == pytest.approx(626, abs=3)
    assert found.difference.ours.count == 11


def test_drafts_to_one_company_count_as_one():
    both = [read("teacher", 400, 200, 100, companies=70), read("miniature", 405, 200, 100, companies=70)]
    assert readers_verdicts(both, "teacher", ["miniature"], RULE)["miniature"].word is VerdictWord.NOT_YET_KNOWN


def test_what_nobody_read_has_no_verdict():
    assert readers_verdicts([read("teacher", 10, 5, 5)], "teacher", ["miniature"], RULE) == {}
    assert readers_verdicts([read("miniature", 10, 5, 5)], "teacher", ["miniature"], RULE) == {}


def test_a_second_challenger_makes_each_less_sure():
    both = [read("teacher", 240, 100, 60), read("miniature", 240, 110, 50)]
    assert readers_verdicts(both, "teacher", ["miniature"], RULE)["miniature"].word is VerdictWord.NO_WORSE
    two = readers_verdicts(both, "teacher", ["miniature", "other"], RULE)
    assert set(two) == {"miniature"}
    assert two["miniature"].word is VerdictWord.NOT_YET_KNOWN
