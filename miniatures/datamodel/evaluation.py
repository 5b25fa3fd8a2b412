"""What an evaluation found, whole: every answer with its checks, the scores, the costs and the comparisons.

The page, the terminal, the gates of a pipeline and a miniature's card are all made from this one document.
"""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from miniatures.datamodel.backend import BackendIdentity, Usage
from miniatures.datamodel.capabilities import Variant
from miniatures.datamodel.dataset import Split
from miniatures.datamodel.draft import Draft
from miniatures.datamodel.frozen import Frozen
from miniatures.datamodel.miniature import Comparison, Score


class Phase(StrEnum):
    """What was asked for, in the order in which it was asked; costs are kept apart by it."""

    RESEARCH = "research"
    FIRST = "first"
    FURTHER = "further"


class Costs(Frozen):
    """What one phase took. Null is not known, and never zero."""

    cases: int = Field(description="Cases that were asked, whatever was answered.")
    answers: int
    usage: Usage
    seconds: float = Field(description="Wall time in which at least one answer was under way.")
    latency_p50: float | None = Field(description="Seconds from asking to the whole answer, the queue included.")
    latency_p95: float | None
    usd: float | None = Field(description="As the provider states it, or machine price times wall time.")

    @property
    def seconds_per_case(self) -> float | None:
        return self.seconds / self.cases if self.cases else None


class WriterCase(Frozen):
    """One email that was asked for."""

    id: str = Field(description="Of the example in the dataset.")
    company: str
    prospect: str
    title: str = ""
    offer: str
    quotes: tuple[str, ...]


class WriterOutcome(Frozen):
    """What one backend wrote for one case. An answer that was no email is kept in `raw`."""

    case: str
    first: Draft = Field(description="The one greedy sample.")
    best: Draft = Field(description="Of all samples and rewrites; the first where nothing more was asked.")
    samples: int = Field(ge=1, description="Answers that were asked for.")
    raw: str = Field(default="", description="The first answer as it came, where it could not be read.")


class ResearchCase(Frozen):
    """One choice that was asked for. `must` and `may` are numbers of sentences, from 1."""

    id: str
    company: str
    signals: tuple[str, ...]
    sentences: tuple[str, ...]
    must: tuple[int, ...]
    may: tuple[int, ...]

    def is_right(self, chosen: tuple[int, ...] | None) -> bool:
        """Whether every chosen sentence is right, and nothing was chosen only where nothing is."""
        good = {*self.must, *self.may}
        return chosen is not None and set(chosen) <= good and bool(chosen) == bool(good)


class ResearchOutcome(Frozen):
    """What was chosen for one case; null where the answer could not be read."""

    case: str
    chosen: tuple[int, ...] | None
    error: str = ""


class Side(StrEnum):
    """Whose draft it is, seen from the backend that was named first."""

    OURS = "ours"
    THEIRS = "theirs"


class Verdict(StrEnum):
    """What a judge said of a pair."""

    OURS = "ours"
    THEIRS = "theirs"
    TIE = "tie"
    UNREADABLE = "unreadable"


class Judgement(Frozen):
    """One pair that a judge read."""

    case: str
    verdict: Verdict
    first_shown: Side = Field(description="Which side stood first; the judge was not told.")
    reason: str = ""


class JudgeResult(Frozen):
    """How often a judge preferred the drafts of one backend to another's."""

    judge: str
    ours: str
    theirs: str
    judgements: tuple[Judgement, ...]
    counts: dict[Verdict, int]
    preferred: Score = Field(description="Pairs that ours won, of all that were read; a tie is not won.")
    win_rate: float | None = Field(description="A tie counts as half a win; null without a pair.")
    low: float | None = Field(description="95 % interval of the win rate, by bootstrap over companies.")
    high: float | None
    first_place: Score = Field(description="Decided pairs that went to the draft that stood first: half, if fair.")


class Calibration(Frozen):
    """How far a judge agrees with people who compared the same pairs."""

    judge: str
    agreed: Score
    kappa: float | None = Field(description="Cohen's kappa over the three verdicts; null where it is undefined.")
    kappa_low: float | None
    kappa_high: float | None


class BackendEvaluation(Frozen):
    """Everything that was found about one backend."""

    spec: str = Field(description="As it was named.")
    name: str = Field(description="A miniature's with its version pinned; otherwise the spec.")
    identity: BackendIdentity | None = Field(description="Null for BM25 alone, which is no model.")
    variant: Variant | None
    prompt_versions: dict[str, str] = Field(default_factory=dict)
    scores: dict[str, Score] = Field(default_factory=dict)
    costs: dict[Phase, Costs] = Field(default_factory=dict)
    usd_per_accepted: dict[Phase, float | None] = Field(
        default_factory=dict, description="Cost of one email that passes every check, up to and with that phase."
    )
    comparisons: tuple[Comparison, ...] = ()
    writer: tuple[WriterOutcome, ...] = ()
    researcher: tuple[ResearchOutcome, ...] = ()


class Requirement(Frozen):
    """One bound that the first backend had to keep, and whether it did."""

    text: str
    share: float | None
    met: bool


class Evaluation(Frozen):
    """One evaluation."""

    format: int = 1
    dataset: str = Field(description="Hash of the dataset's manifest.")
    split: Split
    roles: tuple[str, ...] = Field(description="Whose cases were asked for.")
    limit: int | None
    seed: int
    best_of: int
    rewrites: int
    machine_usd_per_hour: float | None
    companies: int
    offers: int = Field(description="Different offers among the emails asked for.")
    writer_cases: tuple[WriterCase, ...]
    research_cases: tuple[ResearchCase, ...]
    backends: tuple[BackendEvaluation, ...]
    judged: tuple[JudgeResult, ...] = ()
    calibration: Calibration | None = None
    requirements: tuple[Requirement, ...] = ()
