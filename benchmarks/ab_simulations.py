"""How often the verdict on a live A/B test is wrong, in campaigns made of chance alone, looked at every day.

    python -m benchmarks.ab_simulations [--campaigns 20000]

Checked, and an assertion fails by more than three times the Monte-Carlo error if it does not hold: with 30 daily
looks a challenger that loses just the margin is called no worse, and an equally good one worse, in at most `alpha` of
the campaigns, also with rare replies, unequal shares, few people, three challengers at once and companies that answer
alike; an arm at the limit of a guardrail is stopped, and arms that have their shares raise an alarm, no more often
than stated; the sizes that are said to be needed give the power that they are said to give. Beside it, what asserts
nothing: how often the test of a fixed sample lies if somebody looks at it every day, and how often replies do that
are still coming in.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import binom, chi2

from miniatures.datamodel.verdict import Look
from miniatures.measure.live.difference import FixedSample, TwoArms
from miniatures.measure.live.guardrails import lower_bound
from miniatures.measure.live.method import Method, method_for
from miniatures.measure.live.sample_ratio import ALARM, sample_ratio_p
from miniatures.measure.live.sequence import AlwaysValid
from miniatures.measure.live.sizes import Aim, Truth

ALPHA = 0.05
POWER = 0.8
LOOKS = 30
SEED = 13


@dataclass(frozen=True)
class Setting:
    """The reference's rate, the margin, and how many people of each arm there are a day."""

    name: str
    rate: float
    margin: float
    ours: int
    theirs: int
    looks: int = LOOKS

    @property
    def people(self) -> str:
        return f"{self.ours * self.looks:,} / {self.theirs * self.looks:,}"


SETTINGS = (
    Setting("replies", 0.05, 0.02, 60, 60),
    Setting("challenger has a fifth", 0.05, 0.02, 24, 96),
    Setting("challenger has four fifths", 0.05, 0.02, 96, 24),
    Setting("few people", 0.05, 0.02, 5, 5),
    Setting("300 looks", 0.05, 0.02, 6, 6, looks=300),
    Setting("positive replies", 0.005, 0.0025, 500, 500),
    Setting("challenger has a fifth", 0.005, 0.0025, 200, 800),
    Setting("challenger has four fifths", 0.005, 0.0025, 800, 200),
    Setting("few people", 0.005, 0.0025, 20, 20),
)


class Simulation:
    """Campaigns made of chance; every rate that comes out is a share of `campaigns`."""

    def __init__(self, campaigns: int) -> None:
        self.campaigns = campaigns
        self.random = np.random.default_rng(SEED)

    def error(self, share: float) -> float:
        """Three standard errors of a simulated share."""
        return 3 * math.sqrt(share * (1 - share) / self.campaigns)

    def at_most(self, found: float, share: float, what: str) -> None:
        assert found <= share + self.error(share), f"{what}: {found:.4f} is above {share}"

    def about(self, found: float, share: float, off: float, what: str) -> None:
        assert abs(found - share) <= off + self.error(share), f"{what}: {found:.4f} instead of {share:.4f}"

    def grown(self, rate: float, a_day: int, looks: int) -> np.ndarray:
        """How many have replied at each look."""
        return self.random.binomial(a_day, rate, (self.campaigns, looks)).cumsum(axis=1).astype(float)

    def arms(self, ours: float, theirs: float, setting: Setting) -> TwoArms:
        """Both arms at each look, if these are their true rates."""
        days = np.arange(1.0, setting.looks + 1)
        return TwoArms(
            self.grown(ours, setting.ours, setting.looks),
            np.broadcast_to(setting.ours * days, (self.campaigns, setting.looks)),
            self.grown(theirs, setting.theirs, setting.looks),
            np.broadcast_to(setting.theirs * days, (self.campaigns, setting.looks)),
        )


def ever(p_values: np.ndarray, alpha: float = ALPHA) -> float:
    """The share of campaigns in which some look had a p value below alpha."""
    return float((p_values < alpha).any(axis=1).mean())


def last(p_values: np.ndarray, alpha: float = ALPHA) -> float:
    return float((p_values[:, -1] < alpha).mean())


def false_words(simulation: Simulation) -> Iterator[Sequence[object]]:
    """At the margin, where `no worse` is false, and at equal rates, where `worse` is."""
    for setting in SETTINGS:
        daily, once = AlwaysValid(ALPHA, setting.margin), FixedSample(ALPHA, setting.margin)
        at_margin = simulation.arms(setting.rate - setting.margin, setting.rate, setting)
        equal = simulation.arms(setting.rate, setting.rate, setting)
        no_worse, worse = ever(daily.p_no_worse(at_margin)), ever(daily.p_worse(equal))
        fixed = once.p_no_worse(at_margin)
        simulation.at_most(no_worse, ALPHA, f"{setting}, no worse")
        simulation.at_most(worse, ALPHA, f"{setting}, worse")
        simulation.at_most(last(fixed), ALPHA, f"{setting}, no worse at one look")
        simulation.at_most(last(once.p_worse(equal)), ALPHA, f"{setting}, worse at one look")
        yield (
            setting.name,
            percent(setting.rate),
            points(setting.margin),
            setting.people,
            f"**{percent(no_worse)}**",
            f"**{percent(worse)}**",
            percent(last(fixed)),
            percent(ever(fixed)),
            percent(ever(daily.p_no_worse(equal))),
            percent(last(once.p_no_worse(equal))),
        )


def several(simulation: Simulation) -> Iterator[Sequence[object]]:
    """Three challengers at the margin beside one reference: Holm gives a wrong word if the least p is below a third."""
    setting = SETTINGS[0]
    first = simulation.arms(setting.rate - setting.margin, setting.rate, setting)
    arms = [first]
    for _ in "23":
        ours = simulation.grown(setting.rate - setting.margin, setting.ours, setting.looks)
        arms.append(TwoArms(ours, first.our_people, first.theirs, first.their_people))
    daily = AlwaysValid(ALPHA, setting.margin)
    p_values = np.stack([daily.p_no_worse(one) for one in arms])
    adjusted, each = ever(p_values.min(axis=0), ALPHA / 3), ever(p_values.min(axis=0))
    simulation.at_most(adjusted, ALPHA, "three challengers")
    yield "three challengers, some wrong `no worse`", f"**{percent(adjusted)}**", f"not adjusted: {percent(each)}"


def companies(simulation: Simulation) -> Iterator[Sequence[object]]:
    """Three people a company who all answer as the first of them does, or each alone: half of companies, half."""
    setting, size = SETTINGS[0], 3
    margin, days = setting.margin, np.arange(1.0, LOOKS + 1)
    grown = []
    for rate in (setting.rate - margin, setting.rate):
        alike = simulation.grown(rate, setting.ours // size // 2, LOOKS) * size
        grown.append(alike + simulation.grown(rate, setting.ours // 2, LOOKS))
    people = np.broadcast_to(setting.ours * days, grown[0].shape)
    for look in Look:
        method = method_for(look, ALPHA, margin)
        counted = method.p_no_worse(TwoArms(grown[0] / size, people / size, grown[1] / size, people / size))
        ignored = method.p_no_worse(TwoArms(grown[0], people, grown[1], people))
        share = ever if look is Look.DAILY else last
        simulation.at_most(share(counted), ALPHA, f"companies, {look}")
        yield (
            f"three people a company, half of them alike, look {look}",
            f"**{percent(share(counted))}**",
            f"as if each were alone: {percent(share(ignored))}",
        )


def unsettled(simulation: Simulation) -> Iterator[Sequence[object]]:
    """240 emails of each arm a day for 16 days, looked at daily; replies take four days in the mean."""
    setting, days = SETTINGS[0], 16
    arrives = np.diff(1 - np.exp(-np.arange(days + 1) / 4))
    grown, sent = [], np.arange(1.0, days + 1) * 240
    for rate in (setting.rate - setting.margin, setting.rate):
        came = np.zeros((simulation.campaigns, days))
        for day in range(days):
            chances = np.append(arrives[: days - day] * rate, 0)
            chances[-1] = 1 - chances[:-1].sum()
            came[:, day:] += simulation.random.multinomial(240, chances, simulation.campaigns)[:, :-1]
        grown.append(came.cumsum(axis=1))
    people = np.broadcast_to(sent, grown[0].shape)
    daily = AlwaysValid(ALPHA, setting.margin)
    early = ever(daily.p_no_worse(TwoArms(grown[0], people, grown[1], people)))
    yield (
        "replies after four days in the mean",
        "settled counts: the first row above",
        f"as they come in: {percent(early)}",
    )


def harm(simulation: Simulation) -> Iterator[Sequence[object]]:
    """Arms at and above the limit of a guardrail, 100 emails a day."""
    people = np.arange(1.0, LOOKS + 1) * 100
    for name, limit in (("complaints", 0.003), ("opt-outs", 0.02), ("bounces", 0.05)):
        stops = []
        for rate in (limit, 2 * limit, 4 * limit):
            grown = simulation.grown(rate, 100, LOOKS)
            stops.append(float((lower_bound(grown, people, limit, ALPHA) > limit).any(axis=1).mean()))
            if rate == limit:
                naive = ever(binom.sf(grown - 1, people, limit))
        simulation.at_most(stops[0], ALPHA, f"guardrail, {name}")
        yield name, percent(limit), f"**{percent(stops[0])}**", percent(naive), percent(stops[1]), percent(stops[2])


def harm_at_every_email(simulation: Simulation) -> Iterator[Sequence[object]]:
    """The same for who looks after every single email, as a sender all but does: the bound has to hold at each."""
    fewer, people = min(simulation.campaigns, 2_000), np.arange(1.0, LOOKS * 100 + 1)
    for name, limit in (("complaints", 0.003), ("opt-outs", 0.02), ("bounces", 0.05)):
        grown = (simulation.random.random((fewer, people.size)) < limit).cumsum(axis=1)
        stops = np.mean([(lower_bound(one, people, limit, ALPHA) > limit).any() for one in grown])
        assert stops <= ALPHA + 3 * math.sqrt(ALPHA * (1 - ALPHA) / fewer), f"guardrail at every email, {name}"
        yield name, percent(limit), f"**{percent(float(stops))}**"


def ratios(simulation: Simulation) -> Iterator[Sequence[object]]:
    """Companies assigned by a fair coin and by one that is two or four points off, 300 a day."""
    fewer = min(simulation.campaigns, 10_000)
    total = np.arange(1, LOOKS + 1) * 300
    for ours in (0.5, 0.52, 0.54):
        grown = simulation.random.binomial(300, ours, (fewer, LOOKS)).cumsum(axis=1)
        always = np.array([[_ratio_p(one, of) for one, of in zip(row, total, strict=True)] for row in grown])
        chi_square = chi2.sf((2 * grown - total) ** 2 / total, 1)
        if ours == 0.5:
            assert ever(always, ALARM) <= ALARM + 3 * math.sqrt(ALARM / fewer)
        yield f"{percent(ours)} of {total[-1]:,}", percent(ever(always, ALARM)), percent(ever(chi_square, ALARM))


def _ratio_p(ours: int, of: int) -> float:
    return sample_ratio_p({"ours": int(ours), "theirs": int(of - ours)}, {"ours": 0.5, "theirs": 0.5})


PAPER = (
    ("opened: miniature no worse", 0.288, 0.275, 0.02),
    ("opened: no worse, were both at 27.5 %", 0.275, 0.275, 0.02),
    ("opened: teacher worse", 0.275, 0.288, None),
    ("replied: miniature no worse", 0.059, 0.051, 0.01),
    ("replied: no worse, were both at 5.1 %", 0.051, 0.051, 0.01),
    ("replied: teacher worse", 0.051, 0.059, None),
)
"""The paper's rates: what is to be shown, our rate, the other's, the margin."""


def paper(simulation: Simulation) -> Iterator[Sequence[object]]:
    """The size that theory says for each look, and how often a campaign of that size says the word."""
    for name, ours, theirs, margin in PAPER:
        cells: list[object] = [name, "" if margin is None else points(margin)]
        for look in Look:
            people, found, theory = _sized(simulation, ours, theirs, margin, look)
            cells += [f"{people:,}", percent(theory), percent(found)]
            if look is Look.ONCE:
                simulation.about(found, theory, 0.01, name)
            else:
                assert found >= theory - simulation.error(theory), f"{name}: {found:.4f} is below {theory:.4f}"
        yield cells


def _sized(
    simulation: Simulation, ours: float, theirs: float, margin: float | None, look: Look
) -> tuple[int, float, float]:
    """People in each arm that theory asks for; how often such campaigns say the word; and how often theory says."""
    aim, truth = Aim(margin or 0.02, ALPHA, POWER, look), Truth(ours, theirs)
    needed = aim.people_worse(truth) if margin is None else aim.people_no_worse(truth)
    assert needed is not None
    setting = Setting("", theirs, aim.margin, math.ceil(needed / LOOKS), math.ceil(needed / LOOKS))
    method: Method = method_for(look, ALPHA, aim.margin)
    arms, people = simulation.arms(ours, theirs, setting), float(setting.ours * LOOKS)
    p_values = method.p_worse(arms) if margin is None else method.p_no_worse(arms)
    theory = aim.power_worse(truth, people) if margin is None else aim.power_no_worse(truth, people)
    return needed, (ever if look is Look.DAILY else last)(p_values), theory


def campaigns_like_the_papers(simulation: Simulation) -> Iterator[Sequence[object]]:
    """What is said at the paper's reply rates, 5.9 % beside 5.1 %, margin one point, by the end of 30 daily looks."""
    for a_day in (10, 33, 100, 200):
        setting = Setting("", 0.051, 0.01, a_day, a_day)
        arms = simulation.arms(0.059, 0.051, setting)
        daily, once = AlwaysValid(ALPHA, 0.01), FixedSample(ALPHA, 0.01)
        no_worse, worse = ever(daily.p_no_worse(arms)), ever(daily.p_worse(arms))
        yield setting.people, percent(no_worse), percent(worse), percent(last(once.p_no_worse(arms)))


def percent(share: float) -> str:
    return f"{100 * share:.2f} %" if share < 0.1 else f"{100 * share:.1f} %"


def points(share: float) -> str:
    return f"{100 * share:.2g} points"


def table(title: str, head: Sequence[str], rows: Iterator[Sequence[object]]) -> None:
    print(f"\n{title}\n\n| {' | '.join(head)} |\n|{'---|' * len(head)}")
    for row in rows:
        print(f"| {' | '.join(map(str, row))} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--campaigns", type=int, default=20_000)
    simulation, begun = Simulation(parser.parse_args().campaigns), time.perf_counter()
    print(f"{simulation.campaigns:,} campaigns a row, {LOOKS} daily looks unless said, alpha {percent(ALPHA)}.")
    table(
        "False words (bold: asserted to be at most alpha), and the right one if both are equally good",
        (
            "setting",
            "rate",
            "margin",
            "people",
            "false no worse, daily",
            "false worse, daily",
            "false no worse, one look",
            "the same test, looked at daily",
            "right no worse, daily",
            "right no worse, one look",
        ),
        false_words(simulation),
    )
    traps = [*several(simulation), *companies(simulation), *unsettled(simulation)]
    table("Traps", ("trap", "as the verdict does it", "without"), iter(traps))
    table(
        "Guardrails: arms stopped in 3,000 emails, limit at 5 %",
        ("guardrail", "limit", "at the limit", "at the limit, exact test daily", "at twice", "at four times"),
        harm(simulation),
    )
    table(
        "Guardrails, looked at after every one of 3,000 emails",
        ("guardrail", "limit", "at the limit"),
        harm_at_every_email(simulation),
    )
    table(
        "Sample ratio: alarms at 1 %, planned shares 50 : 50",
        ("companies of ours", "always-valid, daily", "chi-square, daily"),
        ratios(simulation),
    )
    table(
        "The paper's rates: people per arm for 80 % power, and the power that campaigns of that size have",
        ("to be shown", "margin", "one look", "theory", "simulated", "daily looks", "theory, last look", "simulated"),
        paper(simulation),
    )
    table(
        "The paper's reply rates (5.9 % beside 5.1 %, margin 1 point): what is said after 30 daily looks",
        ("people", "no worse", "worse", "no worse, at one look"),
        campaigns_like_the_papers(simulation),
    )
    print(f"\nEvery assertion held; {time.perf_counter() - begun:.0f} s.")


if __name__ == "__main__":
    main()
