"""A turn of the flywheel: a writer tells reasons to write, somebody reads what it wrote, and both become data.

    python -m benchmarks.turn draw --writer SPEC --reasons graded|fitting|calibrate [--samples K] --out FOLDER
    python -m benchmarks.turn join FOLDER --answers FILE... --reader NAME --out examples/arena/turns/NAME.jsonl

`draw` asks the writer for tellings, the first of each reason greedy, and writes `tellings.jsonl` and a sheet for each
reader; the rubric is `benchmarks/reading_tellings.md`. `join` puts the readers' answers beside the tellings and counts
them. Reasons: `graded` are those of the training side that graders called good or fair, `fitting` those that an offer
names and nobody told yet, `calibrate` the good and fair ones of the calibrating side, which nothing is learned from.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from miniatures.agents.roles.telling import ToldEmail, told
from miniatures.agents.roles.writer import WRITER, WriterVariables
from miniatures.agents.together import together
from miniatures.backends.spec import open_backend
from miniatures.finetune.arena.folder import ArenaHand, companies_of, read_hand
from miniatures.finetune.arena.grades import AuthoredGrade, read_grades
from miniatures.finetune.arena.offers import ArenaOffer, read_offers
from miniatures.finetune.arena.openings import EMAILS_IN
from miniatures.finetune.arena.tellings import AuthoredTelling, briefs_of, question_of, read_tellings
from miniatures.finetune.arena.turns import ReadTelling
from miniatures.prompts.library import PromptLibrary

ARENA = Path(__file__).parents[1] / "examples/arena"
_TEMPERATURE = 0.7
_EMPTY = {"opening": "", "thought": "", "claim": 0, "subject": ""}


@dataclass(frozen=True)
class Asked:
    """A reason to write, and what its writer is told."""

    reason: AuthoredTelling
    variables: WriterVariables


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    drawing = commands.add_parser("draw")
    drawing.add_argument("--writer", required=True)
    drawing.add_argument("--reasons", choices=["graded", "fitting", "calibrate"], required=True)
    drawing.add_argument("--number", type=int, default=1_000)
    drawing.add_argument("--samples", type=int, default=1)
    drawing.add_argument("--readers", type=int, default=1)
    drawing.add_argument("--seed", type=int, default=1)
    drawing.add_argument("--out", type=Path, required=True)
    drawing.set_defaults(run=draw)
    joining = commands.add_parser("join")
    joining.add_argument("folder", type=Path)
    joining.add_argument("--answers", type=Path, nargs="+", required=True)
    joining.add_argument("--reader", required=True)
    joining.add_argument("--out", type=Path, required=True)
    joining.set_defaults(run=join)
    options = parser.parse_args()
    options.run(options)


def draw(options: argparse.Namespace) -> None:
    split = yaml.safe_load((ARENA / "split.yaml").read_text(encoding="utf-8"))
    hands = [read_hand(ARENA / name) for name in split["calibrate" if options.reasons == "calibrate" else "train"]]
    reasons = list(questions(options.reasons, hands, read_offers(ARENA / "offers"), split["as_of"].isoformat()))
    random.Random(options.seed).shuffle(reasons)
    chosen = reasons[: options.number]
    begun = time.monotonic()
    tellings = asyncio.run(tell(options.writer, chosen, options.samples, options.seed))
    seconds = time.monotonic() - begun
    options.out.mkdir(parents=True, exist_ok=True)
    lines = [
        json.dumps({"n": n, "writer": options.writer, **one}, ensure_ascii=False) for n, one in enumerate(tellings, 1)
    ]
    (options.out / "tellings.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    for part in range(options.readers):
        text = "\n\n".join(sheet_item(json.loads(line)) for line in lines[part :: options.readers])
        (options.out / f"sheet{part + 1}.md").write_text(text + "\n", encoding="utf-8")
    print(f"{len(tellings)} tellings of {len(chosen)} reasons in {seconds:.0f} s: {options.out}")


def questions(kind: str, hands: Sequence[ArenaHand], offers: dict[str, ArenaOffer], today: str) -> Iterator[Asked]:
    """The reasons of that kind in English, each once."""
    companies, briefs = companies_of(hands), briefs_of(hands, offers)
    for one in {(one.offer, one.quote): one for one in _reasons(kind, hands, offers)}.values():
        company, brief = companies.get(one.company), briefs.get(one.offer)
        if company is not None and brief is not None:
            language = next((page.language for page in company.pages if one.quote in page.as_read("").text), None)
            if (language or company.language) == EMAILS_IN:
                yield Asked(one, question_of(one, company, brief, today))


def _reasons(kind: str, hands: Sequence[ArenaHand], offers: dict[str, ArenaOffer]) -> Iterator[AuthoredTelling]:
    if kind == "fitting":
        yield from _fitting(hands, offers)
        return
    briefs = briefs_of(hands, offers)
    folder = ARENA / ("calibrate-grades" if kind == "calibrate" else "grades")
    for one in read_grades(folder):
        if one.reason != "poor" and one.signal and one.offer in briefs:
            yield _graded(one, briefs[one.offer].signals[one.signal - 1].name)


def _graded(one: AuthoredGrade, signal: str) -> AuthoredTelling:
    return AuthoredTelling(
        **one.model_dump(include={"offer", "company", "reader", "quote", "reason"}), signal=signal, **_EMPTY
    )


def _fitting(hands: Sequence[ArenaHand], offers: dict[str, ArenaOffer]) -> Iterator[AuthoredTelling]:
    companies, known = companies_of(hands), {(one.offer, one.quote) for one in read_tellings(ARENA / "tellings")}
    for slug, offer in offers.items():
        for signal in offer.signals:
            for one in signal.fits:
                company = companies.get(one.company)
                if company is not None and (f"offers/{slug}", one.quote) not in known:
                    who = random.Random(one.quote).choice(company.contacts)
                    yield AuthoredTelling(
                        offer=f"offers/{slug}",
                        company=one.company,
                        reader=f"{who.first_name} {who.last_name}",
                        quote=one.quote,
                        signal=signal.name,
                        reason="fair",
                        **_EMPTY,
                    )


async def tell(spec: str, asked: Sequence[Asked], samples: int, seed: int) -> list[dict[str, Any]]:
    """What the writer tells, without what it told twice, and what its reader has to see beside it."""
    writer, prompts = open_backend(spec), PromptLibrary()

    async def one(question: Asked, sample: int) -> dict[str, Any] | None:
        drawn = {"temperature": _TEMPERATURE, "seed": 1_000 * seed + sample} if sample else {}
        answer = await WRITER.ask(writer, prompts, question.variables, node="write", **drawn)
        email = answer.value
        telling = told(email, *question.variables.owned) if isinstance(email, ToldEmail) else None
        if telling is None or not telling.opening:
            return None
        line, prospect = question.variables.quotes[0], question.variables.prospect
        seen = {"to": f"{prospect.title}, {prospect.company}", "pitch": question.variables.brief.offer}
        seen |= {"page": line.page, "published": line.published, "before": line.before, "after": line.after}
        said = telling.model_dump(include=set(_EMPTY))
        return {"sample": sample, **question.reason.model_dump(), **said, **seen}

    answers = await together([one(question, sample) for question in asked for sample in range(samples)])
    by_text = {(one["offer"], one["quote"], one["opening"], one["subject"]): one for one in answers if one}
    return list(by_text.values())


def sheet_item(one: dict[str, Any]) -> str:
    """One telling as its reader sees it: nothing of how it was made."""
    published = f" (published {one['published']})" if one["published"] else ""
    lines = [f"## ITEM {one['n']}", f"To: {one['to']}", f"Offer: {one['pitch']}", f"Page: {one['page']}{published}"]
    lines += [f"(before it: {one['before']})"] if one["before"] else []
    lines += [f"NEWS: {one['quote']}"]
    lines += [f"(after it: {one['after']})"] if one["after"] else []
    return "\n".join([*lines, f"OPENING: {one['opening']}", f"THOUGHT: {one['thought']}", f"SUBJECT: {one['subject']}"])


def join(options: argparse.Namespace) -> None:
    lines = (options.folder / "tellings.jsonl").read_text(encoding="utf-8").splitlines()
    tellings = {one["n"]: one for one in map(json.loads, lines)}
    answers = [json.loads(line) for path in options.answers for line in path.read_text().splitlines() if line.strip()]
    read = [_read(tellings[one["n"]], one, options.reader) for one in sorted(answers, key=lambda one: one["n"])]
    options.out.write_text("\n".join(one.model_dump_json() for one in read) + "\n", encoding="utf-8")
    for field in ("verdict", "truth", "form", "thought_truth", "subject_truth", "subject_form"):
        print(field, dict(Counter(str(getattr(one, field)) for one in read).most_common()))


def _read(telling: dict[str, Any], said: dict[str, Any], reader: str) -> ReadTelling:
    """The telling with what its reader said."""
    told_of = {name: telling[name] for name in (*AuthoredTelling.model_fields, "writer")}
    thought = said.pop("thought") if telling["thought"] else None
    return ReadTelling.model_validate(
        told_of
        | {key: value for key, value in said.items() if key != "n"}
        | {"thought_truth": thought, "read_by": reader}
    )


if __name__ == "__main__":
    main()
