"""Our six-letter stems against Snowball's English stemmer, on the repository's hand-written data.

Run:  pip install snowballstemmer==3.1.1 && python benchmarks/stems.py

Each side is a process of its own that exchanges the stemmer before anything else is imported. Measured are the gold
emails that pass the thirteen checks; those that pass them, or only seem to cite, on another company's quotes for the
same brief (none should); what BM25 alone takes from the held-out lists, made and ranked with these stems; and one
stem's time.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from miniatures.checks import words

GOLD = Path(__file__).parents[1] / "examples" / "gold"
FOLDERS = ("atlas", "borealis", "cobalt", "delta", "ember", "flint")
SEED = 7


def snowball() -> Callable[[str], str]:
    """Snowball's English stems of folded words."""
    import snowballstemmer

    stemmer = snowballstemmer.stemmer("english")
    return lambda word: stemmer.stemWord(words.bare(word))


SIDES: dict[str, Callable[[], Callable[[str], str]]] = {
    "six letters": lambda: words.stem.__wrapped__,
    "snowball": snowball,
}


def exchange(stem: Callable[[str], str]) -> None:
    """Let the checks and the ranking use this stemmer; they must not have been imported yet."""
    words.stem = words.lru_cache(maxsize=16_384)(stem)
    words._STEM_STOPS = frozenset(map(words.stem, words.STOP_WORDS))


def checked() -> str:
    from miniatures.checks import run_checks
    from miniatures.datamodel.check import CheckName, Outcome
    from miniatures.finetune.gold.check import check_case
    from miniatures.finetune.gold.folder import read_gold

    passing, swapped, citing = [], [], []
    for folder in (read_gold(GOLD / name) for name in FOLDERS):
        for place, email in enumerate(folder.emails):
            case = check_case(email, folder)
            passing.append(run_checks(email.text, case).passed)
            others = (one for one in folder.emails[place + 1 :] if one.brief == email.brief)
            other = next((one for one in others if one.company != email.company), None)
            if other is None:
                continue
            report = run_checks(email.text, case.with_evidence(check_case(other, folder).evidence))
            swapped.append(report.passed)
            outcomes = {result.name: result.outcome for result in report.results}
            citing.append(outcomes[CheckName.CITATION] is Outcome.PASS)
    own = f"gold emails that pass {sum(passing)} of {len(passing)}"
    return f"{own}; on a stranger's news {sum(swapped)} of {len(swapped)}, citing it {sum(citing)}"


def ranked() -> str:
    from miniatures.datamodel.dataset import DatasetRow
    from miniatures.finetune.evaluate.cases import research_question
    from miniatures.finetune.evaluate.researching import bm25_outcomes, researcher_scores
    from miniatures.finetune.gold.examples import researcher_examples
    from miniatures.finetune.gold.folder import read_gold

    examples = researcher_examples(read_gold(GOLD / "heldout"), seed=SEED)
    rows = (DatasetRow(id=example.id, messages=(), example=example) for example in examples)
    questions = [question for row in rows if (question := research_question(row)) is not None]
    scores = researcher_scores([question.case for question in questions], bm25_outcomes(questions))
    return "; ".join(f"{name} {score.passed} of {score.total}" for name, score in scores.items())


def timed(stem: Callable[[str], str]) -> str:
    """The fastest of five rounds over every distinct word of the emails."""
    texts = "".join(path.read_text(encoding="utf-8") for path in GOLD.glob("*/emails-*.yaml"))
    vocabulary = sorted(set(words._WORD.findall(texts)))
    words.fold(vocabulary[0])
    rounds = []
    for _ in range(5):
        begun = time.perf_counter()
        for word in vocabulary:
            stem(word)
        rounds.append(time.perf_counter() - begun)
    return f"{1e6 * min(rounds) / len(vocabulary):.2f} microseconds a stem ({len(vocabulary):,} words)"


def main(side: str | None = None) -> None:
    if side is None:
        for name in SIDES:
            subprocess.run([sys.executable, __file__, name], check=True)
        return
    stem = SIDES[side]()
    exchange(stem)
    for line in (timed(stem), checked(), ranked()):
        print(f"{side:<12} {line}", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
