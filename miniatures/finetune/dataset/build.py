"""Freezes examples into a dataset: near-duplicates handled, companies split, prompts rendered, everything hashed.

Nothing here looks at a clock, and nothing depends on the order in which examples arrive: building twice gives the same
bytes.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pydantic_core import PydanticSerializationError

from miniatures.agents.roles.role import role_named
from miniatures.agents.roles.writer import WRITER
from miniatures.checks.language import primary
from miniatures.datamodel.capabilities import SMALL, Capabilities, Questions, Trust
from miniatures.datamodel.dataset import DatasetManifest, DatasetRow, DropReason, Split
from miniatures.datamodel.errors import InputError
from miniatures.datamodel.example import CHAT, Example, Source
from miniatures.datamodel.json_types import StructuredAnswer
from miniatures.datamodel.prompt import ChatMessage
from miniatures.finetune.dataset.folder import (
    PREFERENCES,
    Dataset,
    clear_folder,
    openai_name,
    write_lines,
    write_manifest,
    write_split,
)
from miniatures.finetune.dataset.rendering import answer_text, chat_messages
from miniatures.finetune.dataset.sightings import is_choice, is_passage, is_sighting
from miniatures.finetune.dataset.split import split_by_company
from miniatures.finetune.near_duplicates import duplicate_groups
from miniatures.prompts.library import PromptLibrary


@dataclass(frozen=True)
class BuildSettings:
    """How a dataset is made of examples; by `trust`, how the model that learns from it is to be asked."""

    seed: int = 7
    trust: Trust = SMALL
    validation: float = 0.06
    test: float = 0.0
    keep_near_duplicates: bool = False
    sides: Mapping[str, Split] = field(default_factory=dict)
    sources: tuple[str, ...] = ()
    dropped: Mapping[DropReason, int] = field(default_factory=dict)

    @property
    def capabilities(self) -> Capabilities:
        """The same for rendering."""
        return Capabilities().with_trust(self.trust)

    def takes(self, example: Example) -> bool:
        """Whether such a model can be asked that at all: about one sentence only if it is asked about each, and about
        a brief's own kinds of news only if it is trusted with them.
        """
        if is_passage(example) or self.trust.questions is Questions.PASSAGE:
            return is_passage(example) and self.trust.questions is Questions.PASSAGE
        if not self.trust.own_kinds and example.variables.get("own"):
            return False
        return self.trust.questions is Questions.EACH or not is_sighting(example)

    def belongs(self, example: Example, split: Split) -> bool:
        """A small researcher learns from questions about one sentence; it is measured by whole lists, as any other."""
        if self.trust.questions is not Questions.EACH:
            return True
        return not is_sighting(example) if split is Split.TEST else not is_choice(example)


def build_dataset(
    examples: Iterable[Example], folder: Path, settings: BuildSettings, prompts: PromptLibrary | None = None
) -> Dataset:
    """Write the dataset.

    Raises:
        InputError: there is nothing to write, or a prompt asks for a variable that an example lacks.
    """
    library = prompts or PromptLibrary()
    wanted = filter(settings.takes, examples)
    given = sorted({example.id: example for example in wanted}.values(), key=_standing)
    rendered, unrenderable = _rendered(given, library, settings.capabilities)
    kept, flagged = _without_duplicates([*rendered.values()], keep=settings.keep_near_duplicates)
    shares = {Split.TEST: settings.test, Split.VALIDATION: settings.validation}
    sides = split_by_company(kept, shares, seed=settings.seed, known=settings.sides)
    sides = {split: [one for one in side if settings.belongs(one, split)] for split, side in sides.items()}
    tested = _tested_sightings(sides)
    sides = {split: [one for one in side if one.id not in tested] for split, side in sides.items()}
    rows = {split: [rendered[example.id] for example in sides[split]] for split in Split}
    clear_folder(folder)
    files = {split: write_split(folder, split, rows[split]) for split in Split}
    dropped = Counter(settings.dropped)
    dropped[DropReason.NEAR_DUPLICATE] += len(rendered) - len(kept)
    dropped[DropReason.UNRENDERABLE] += unrenderable
    dropped[DropReason.TESTED] += len(tested)
    every = [example for split in Split for example in sides[split]]
    roles = dict(sorted(Counter(example.role for example in every).items()))
    manifest = DatasetManifest(
        sources=settings.sources,
        seed=settings.seed,
        trust=_taught(settings.trust, every),
        taxonomy=library.taxonomy.hash,
        prompt_versions={
            role: role_named(role).version(library, settings.capabilities) for role in roles if role != CHAT
        },
        splits=files,
        extra_files=_other_formats(folder, rows),
        roles=roles,
        example_sources=dict(sorted(Counter(example.source.value for example in every).items())),
        dropped={reason: count for reason, count in sorted(dropped.items()) if count},
        flagged_near_duplicates=flagged,
        lineage={example.id: example.lineage for example in every},
    )
    write_manifest(folder, manifest)
    return Dataset(folder, manifest)


def _taught(trust: Trust, examples: Iterable[Example]) -> Trust:
    """The trust with the languages of the emails in place of those that it names, if it names any."""
    briefs = (example.variables["brief"] for example in examples if example.role == WRITER.name)
    languages = tuple(sorted({primary(brief.get("language", "en")) for brief in briefs}))
    return trust.model_copy(update={"languages": languages}) if trust.languages and languages else trust


_STANDING = (Source.EDITED, Source.ACCEPTED, Source.GOLD, Source.CHECKED, Source.OWN, Source.TEACHER, Source.VARIANT)


def _standing(example: Example) -> tuple[int, str]:
    """What people stand behind comes first, so that of near-duplicates it is kept."""
    return _STANDING.index(example.source), example.id


def _rendered(
    examples: Sequence[Example], prompts: PromptLibrary, capabilities: Capabilities
) -> tuple[dict[str, DatasetRow], int]:
    """A row for each example by its id, and how many could not be rendered.

    Raises:
        InputError: there are no examples, or none of them can be rendered; says why the first could not.
    """
    rows: dict[str, DatasetRow] = {}
    errors: list[InputError] = []
    for example in examples:
        try:
            rows[example.id] = _row(example, prompts, capabilities)
        except InputError as error:
            errors.append(error)
    if not rows:
        hint = "Loosen the selection, or review more drafts: miniatures review."
        raise errors[0] if errors else InputError("no example is left to build a dataset of", hint=hint)
    return rows, len(errors)


def _tested_sightings(sides: Mapping[Split, Sequence[Example]]) -> set[str]:
    """Ids of questions about a sentence, and of their variants, that a list of the test side has as well.

    Boilerplate of other companies stands among the sentences of a list.
    """
    lists = [example for example in sides[Split.TEST] if is_choice(example)]
    asked = {sentence["text"] for example in lists for sentence in example.variables["sentences"]}
    learned = [one for split in (Split.TRAIN, Split.VALIDATION) for one in sides[split] if is_sighting(one)]
    origins = {one.lineage[:1] for one in learned if one.variables["sentences"][0]["text"] in asked}
    return {one.id for one in learned if one.lineage[:1] in origins}


def _row(example: Example, prompts: PromptLibrary, capabilities: Capabilities) -> DatasetRow:
    messages = chat_messages(example, prompts, capabilities)
    if example.answer is not None:
        answer = answer_text(example, example.answer, capabilities)
        messages = (*messages, ChatMessage(role="assistant", content=answer))
    row = DatasetRow(id=example.id, messages=messages, example=example)
    try:
        row.model_dump_json()
    except PydanticSerializationError as error:
        raise InputError(f"an example about {example.company} holds half a character", hint=_HALF_HINT) from error
    return row


_HALF_HINT = "Its trace is damaged; choose others with --since or --until."


def _text(row: DatasetRow) -> str:
    """What tells whether it is nearly another: an email, or as much of it as is learned; all else stands alone."""
    example, answer = row.example, row.example.answer
    if answer is None or example.role != WRITER.name or not answer.get("body"):
        return example.id
    learned = row.messages[-1].content
    return str(json.loads(learned).get("body") or learned)


def _without_duplicates(rows: Sequence[DatasetRow], *, keep: bool) -> tuple[list[tuple[Example, int]], int]:
    """Each example with its group. Variants are near-duplicates on purpose and stay; of others the first is kept.

    The others are counted, also where they are to be kept.
    """
    kept: list[tuple[Example, int]] = []
    seen: set[int] = set()
    flagged = 0
    examples = [row.example for row in rows]
    for example, group in zip(examples, duplicate_groups([_text(row) for row in rows]), strict=True):
        original = example.source is not Source.VARIANT
        repeated = original and group in seen
        flagged += repeated
        if keep or not repeated:
            kept.append((example, group))
        if original:
            seen.add(group)
    return kept, flagged


def _other_formats(folder: Path, rows: Mapping[Split, Sequence[DatasetRow]]) -> dict[str, str]:
    """OpenAI's fine-tuning format for the two sides that it takes, and preference pairs where reviewers made any."""
    written = {}
    for split in (Split.TRAIN, Split.VALIDATION):
        name = openai_name(split)
        written[name] = write_lines(
            folder / name, (_openai(row) for row in rows[split] if row.example.answer is not None)
        )
    pairs = [_preference(row) for row in rows[Split.TRAIN] if row.example.rejected is not None]
    if pairs:
        written[PREFERENCES] = write_lines(folder / PREFERENCES, pairs)
    return written


def _openai(row: DatasetRow) -> str:
    return json.dumps({"messages": [message.model_dump() for message in row.messages]}, ensure_ascii=False)


def _preference(row: DatasetRow) -> str:
    def turn(answer: StructuredAnswer) -> list[dict[str, str]]:
        return [{"role": "assistant", "content": answer_text(row.example, answer)}]

    prompt = [message.model_dump() for message in row.prompt]
    chosen, rejected = turn(row.example.answer or {}), turn(row.example.rejected or {})
    return json.dumps({"prompt": prompt, "chosen": chosen, "rejected": rejected}, ensure_ascii=False)
