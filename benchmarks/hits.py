"""The rules that class opens and clicks, against a labelled corpus of hits after public descriptions.

Run:  python benchmarks/hits.py [--on FILE] [--errors] [--no-networks]

`examples/hits/hits.jsonl` holds stories, one email each, with every hit's class as its writer gave it. Shown are
precision and recall of each class with Wilson's 95 % intervals, over all hits and by kind, and the bounds of opens and
clicks as labelled and as told. The first rules were written from public descriptions before the corpus was seen; later
ones are made on another, `--on examples/hits/dev.jsonl`, where `--errors` names the hits that came out otherwise. The
tracker looks up no networks: `--no-networks` takes away those that the corpus names, and the rules see what it sees.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any

from miniatures.datamodel.hit import Hit, HitClass, HitKind
from miniatures.delivery.hits.classify import Judged, classify
from miniatures.delivery.hits.engagement import clicks, engagement_of, opens
from miniatures.delivery.hits.rules import RULES_VERSION
from miniatures.measure.statistics import wilson

CORPUS = Path(__file__).parents[1] / "examples" / "hits" / "hits.jsonl"
ASKED = ("kind", "method", "link", "at", "address", "network", "user_agent", "headers")


@dataclass(frozen=True)
class Labelled:
    """One hit of a story with its label and what the rules say."""

    story: str
    hit: Hit
    label: HitClass
    judged: Judged

    @property
    def is_right(self) -> bool:
        return self.judged.hit_class is self.label


def labelled(rows: Iterable[dict[str, Any]]) -> Iterator[Labelled]:
    """Every hit; a story's stand together in the file and are its email's."""
    for story, group in groupby(rows, key=lambda row: str(row["story"])):
        of_story = sorted(group, key=lambda row: datetime.fromisoformat(row["at"]))
        hits = [_hit(story, row) for row in of_story]
        judged = classify(hits, datetime.fromisoformat(of_story[0]["sent"]), of_story[0]["links_in_email"])
        for row, hit, one in zip(of_story, hits, judged, strict=True):
            yield Labelled(story, hit, HitClass(row["class"]), one)


def _hit(story: str, row: dict[str, Any]) -> Hit:
    known = {name: row[name] for name in ASKED if row.get(name) is not None}
    return Hit.model_validate({"campaign": "corpus", "prospect": story, "message": story, **known})


def show(found: list[Labelled], words: str) -> None:
    right = sum(one.is_right for one in found)
    print(f"\n{words}: as labelled {_share(right, len(found))}")
    for given in HitClass:
        told = [one for one in found if one.judged.hit_class is given]
        meant = [one for one in found if one.label is given]
        hit = sum(one.is_right for one in told)
        print(f"  {given.value:<11} precision {_share(hit, len(told)):<34} recall {_share(hit, len(meant))}")


def _share(passed: int, total: int) -> str:
    if total == 0:
        return "none"
    score = wilson(passed, total)
    return f"{passed}/{total} = {passed / total:.3f} [{score.low:.3f}, {score.high:.3f}]"


def show_bounds(found: list[Labelled]) -> None:
    """What a report shows: emails opened and clicked, each once at most."""
    stories = [list(group) for _, group in groupby(found, key=lambda one: one.story)]
    meant = [engagement_of((one.hit, one.label) for one in story) for story in stories]
    told = [engagement_of((one.hit, one.judged.hit_class) for one in story) for story in stories]
    print("\nbounds")
    for words, count in (("opened", opens), ("clicked", clicks)):
        label, rule = count(meant), count(told)
        print(f"  {words}: {label.low} to {label.high} emails as labelled, {rule.low} to {rule.high} by the rules")


def show_errors(found: list[Labelled]) -> None:
    print("\nheld for something else")
    for one in found:
        if not one.is_right:
            given, why = one.judged
            print(f"  {one.story}: {one.hit.kind.value} {one.label.value} held for {given.value}: {why}")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--on", type=Path, default=CORPUS, metavar="FILE", help="labelled hits in the corpus's format")
    parser.add_argument("--errors", action="store_true", help="name the hits that came out otherwise")
    parser.add_argument("--no-networks", action="store_true", help="let the rules know addresses alone")
    arguments = parser.parse_args()
    rows = [json.loads(line) for line in arguments.on.read_text(encoding="utf-8").splitlines()]
    found = list(labelled([row | {"network": None} for row in rows] if arguments.no_networks else rows))
    print(f"rules {RULES_VERSION}, {len(found)} hits in {len({one.story for one in found})} stories")
    show(found, "all kinds")
    for kind in HitKind:
        show([one for one in found if one.hit.kind is kind], kind.value)
    show_bounds(found)
    if arguments.errors:
        show_errors(found)


if __name__ == "__main__":
    main()
