"""How well replies are classified: precision and recall of each class on replies by another hand.

    python benchmarks/replies.py [--backend SPEC ...] [--on FILE]

The test file is read here and nowhere else: nothing was tuned on it. Each backend (the shipped `miniature:replies`
unless others are named) is asked alone, and as a mailbox does: only about replies in which no phrase is found that
asks to stop. Beside it stands a baseline of code: the phrases by which mails are sorted, and for what they do not know
the class that most such replies of the training file have. Quotes and signatures are cut as in a mailbox. Intervals are
Wilson's, 95 %.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from miniatures.agents.roles.reply_reader import REPLY_READER, ReplyVariables, meaning
from miniatures.backends.spec import open_backend
from miniatures.datamodel.campaign import BackendSettings
from miniatures.datamodel.inbound import ReplyClass
from miniatures.delivery.inbound.absence import says_away, says_gone
from miniatures.delivery.inbound.opt_out import asks_to_stop
from miniatures.delivery.inbound.referral import named_instead
from miniatures.delivery.inbound.reply_text import reply_text
from miniatures.delivery.inbound.return_date import return_date
from miniatures.finetune.dataset.replies import ReplyRecord, read_replies
from miniatures.measure.statistics import wilson
from miniatures.prompts.library import PromptLibrary

FOLDER = Path(__file__).resolve().parent.parent / "examples" / "replies"
TODAY = datetime(2026, 1, 1, tzinfo=UTC)
AT_ONCE = 32


def as_in_a_mailbox(path: Path) -> list[ReplyRecord]:
    return [one.model_copy(update={"text": reply_text(one.text) or one.text}) for one in read_replies(path)]


def by_phrases(text: str) -> ReplyClass | None:
    """What the phrases say; None where they know nothing."""
    if asks_to_stop(text):
        return ReplyClass.OPT_OUT
    if says_away(text) or return_date(text, TODAY) is not None:
        return ReplyClass.OUT_OF_OFFICE
    if says_gone(text) or named_instead(text, ()):
        return ReplyClass.WRONG_PERSON
    return None


def baseline(train: Sequence[ReplyRecord]) -> Callable[[str], ReplyClass]:
    unknown = Counter(one.reply_class for one in train if by_phrases(one.text) is None)
    usual = unknown.most_common(1)[0][0]
    return lambda text: by_phrases(text) or usual


async def read_all(spec: str, records: Sequence[ReplyRecord]) -> list[ReplyClass | None]:
    model, prompts, gate = open_backend(spec, BackendSettings(use=spec)), PromptLibrary(), asyncio.Semaphore(AT_ONCE)

    async def one(record: ReplyRecord) -> ReplyClass | None:
        async with gate:
            asked = ReplyVariables.of(record.offer, record.text)
            answer = await REPLY_READER.ask(model, prompts, asked, node="benchmark")
        return meaning(answer)

    return list(await asyncio.gather(*map(one, records)))


def show(title: str, records: Sequence[ReplyRecord], said: Sequence[ReplyClass | None]) -> None:
    pairs = [(one.reply_class, word) for one, word in zip(records, said, strict=True)]
    print(f"\n{title}: right {_share([true is word for true, word in pairs])}")
    print(f"  {'':14}{'precision':>28}{'recall':>28}")
    for each in ReplyClass:
        precision = _share([true is each for true, word in pairs if word is each])
        recall = _share([word is each for true, word in pairs if true is each])
        print(f"  {each.value:14}{precision:>28}{recall:>28}")
    confused = Counter(f"{true} for {word}" for true, word in pairs if true is not word)
    print("  most confused:", ", ".join(f"{pair} {number}" for pair, number in confused.most_common(5)))


def _share(right: Sequence[bool]) -> str:
    score = wilson(sum(right), len(right))
    if score.share is None:
        return "never said"
    return f"{score.share:.1%} ({score.low:.1%}-{score.high:.1%}) of {len(right)}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backend", action="append", metavar="SPEC", help="may be given several times")
    parser.add_argument("--on", type=Path, default=FOLDER / "test.jsonl", metavar="FILE", help="replies to read")
    given = parser.parse_args()
    records, train = as_in_a_mailbox(given.on), as_in_a_mailbox(FOLDER / "train.jsonl")
    overlap = {one.text for one in records} & {one.text for one in train}
    print(f"{len(records)} replies, of which {len(overlap)} stand word for word in the training file")
    guess = baseline(train)
    show("phrases and the usual class", records, [guess(one.text) for one in records])
    for spec in given.backend or ["miniature:replies"]:
        begun = time.perf_counter()
        said = asyncio.run(read_all(spec, records))
        show(f"{spec} ({len(records) / (time.perf_counter() - begun):.0f} replies a second)", records, said)
        together = [
            ReplyClass.OPT_OUT if asks_to_stop(one.text) else word for one, word in zip(records, said, strict=True)
        ]
        show(f"phrases that ask to stop, then {spec}", records, together)


if __name__ == "__main__":
    main()
