"""What blind readings say of the arms, where too few people answer for outcomes to decide.

It is evidence by readers: shown beside the outcomes, never merged with their p value, for a reader's opinion is not
what a prospect does. Nobody fixes the number of readings beforehand, so the method is the always-valid one.
"""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import Field, NonNegativeInt

from miniatures.datamodel.frozen import Frozen
from miniatures.datamodel.live_verdict import Difference, ReadersVerdict, VerdictWord
from miniatures.datamodel.verdict import Look, VerdictRule
from miniatures.measure.live.compare import compared, p_no_worse, word_for
from miniatures.measure.live.counts import Tally
from miniatures.measure.live.missing import Pair, people_missing
from miniatures.measure.live.sequence import AlwaysValid
from miniatures.measure.live.sizes import Aim
from miniatures.measure.non_inferiority import holm

_UNREAD = Tally("sent as it stands", 0, 0)


class ReadingCounts(Frozen):
    """Drafts of one arm by what readers would do with them; a draft that several read counts once, by the strictest."""

    arm: str
    send: NonNegativeInt = Field(default=0, description="As it stands.")
    edit: NonNegativeInt = 0
    reject: NonNegativeInt = 0
    companies: NonNegativeInt = 0

    @property
    def tally(self) -> Tally:
        """The share that would be sent as it stands; drafts to one company count as one."""
        drafts = self.send + self.edit + self.reject
        return Tally("sent as it stands", self.send, drafts, max(1.0, drafts / max(1, self.companies)))


def readers_verdicts(
    readings: Sequence[ReadingCounts], reference: str, challengers: Sequence[str], rule: VerdictRule
) -> dict[str, ReadersVerdict]:
    """What readers say of each challenger, by arm; without those of which, or of the reference, nothing was read."""
    tallies = {one.arm: one.tally for one in readings}
    pairs = {arm: _pair(tallies.get(arm, _UNREAD), tallies.get(reference, _UNREAD)) for arm in challengers}
    method = AlwaysValid(rule.alpha, rule.readings_margin)
    found = {arm: compared(pair.ours, pair.theirs, method) for arm, pair in pairs.items()}
    no_worse = holm([p_no_worse(one, rule.readings_margin) for one in found.values()])
    worse = holm([one.p_worse for one in found.values()])
    words = [word_for(*adjusted, rule.alpha) for adjusted in zip(no_worse, worse, strict=True)]
    aim = Aim(rule.readings_margin, rule.alpha / max(1, len(found)), rule.power, Look.DAILY)
    return {
        arm: _verdict(found[arm], word, pairs[arm], aim)
        for arm, word in zip(found, words, strict=True)
        if found[arm].difference is not None
    }


def _pair(ours: Tally, theirs: Tally) -> Pair:
    return Pair(ours, theirs, ours.base)


def _verdict(difference: Difference, word: VerdictWord, pair: Pair, aim: Aim) -> ReadersVerdict:
    more = people_missing([pair], aim, 0) if word is VerdictWord.NOT_YET_KNOWN else None
    return ReadersVerdict(word=word, difference=difference, more=more)
