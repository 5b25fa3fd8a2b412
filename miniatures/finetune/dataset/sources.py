"""Finds the examples that `dataset build --from` names: campaigns in their stores, and folders of gold data.

Gold data is about fictional people and stays as it is, and so do one's own chats; whoever a trace is about is replaced
by a surrogate.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from miniatures.agents.roles.role import role_named
from miniatures.datamodel.dataset import DropReason
from miniatures.datamodel.errors import InputError
from miniatures.datamodel.example import Example
from miniatures.datamodel.keyed_hash import keyed_hash
from miniatures.finetune.arena.careless import careless_tellings
from miniatures.finetune.arena.excerpts import excerpt_examples, is_excerpts, read_excerpts
from miniatures.finetune.arena.folder import as_of, is_hand, read_hand
from miniatures.finetune.arena.grades import grade_examples, graded_fits, is_grades, read_grades
from miniatures.finetune.arena.judgements import judgement_examples
from miniatures.finetune.arena.offers import is_offers, offer_examples, read_offers
from miniatures.finetune.arena.tellings import is_tellings, read_tellings, telling_examples
from miniatures.finetune.arena.turns import is_turns, kept, read_turns
from miniatures.finetune.arena.vettings import vetting_examples
from miniatures.finetune.dataset.chat_file import SUFFIX, read_chats
from miniatures.finetune.dataset.people import FindPeople, third_persons
from miniatures.finetune.dataset.replies import is_replies, read_replies, reply_examples
from miniatures.finetune.dataset.surrogates import Contact, Surrogates, contacts_of
from miniatures.finetune.dataset.trace_examples import TraceExamples, TraceSelection, trace_examples
from miniatures.finetune.gold.all_examples import gold_examples
from miniatures.inputs.campaign import CAMPAIGN_FILE, LoadedCampaign, load_campaign
from miniatures.prompts.library import PromptLibrary
from miniatures.store.home_secret import home_secret
from miniatures.store.open import open_store

_GOLD_FILE, _JSON = "briefs.yaml", ".json"


@dataclass(frozen=True)
class CampaignSource:
    """A campaign's traces: its name, its store, and its own prompt templates if it has any."""

    name: str
    store_url: str
    prompts: Path | None = None


@dataclass
class Gathered(TraceExamples):
    """Everything that the sources gave, gold as well, what was left out and why, and how the sources are called."""

    sources: tuple[str, ...] = ()


@dataclass(frozen=True)
class Sources:
    """What was named, each once, in an order that does not depend on how it was listed."""

    campaigns: tuple[CampaignSource, ...] = ()
    gold: tuple[Path, ...] = ()
    chats: tuple[Path, ...] = ()
    arena: tuple[Path, ...] = ()
    replies: tuple[Path, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """What a manifest calls them: without paths."""
        gold = (f"gold:{folder.name}" for folder in self.gold)
        arena = (f"arena:{folder.name}" for folder in self.arena)
        chats = (f"chats:{file.name}" for file in self.chats)
        replies = (f"replies:{file.name}" for file in self.replies)
        return (*(one.name for one in self.campaigns), *gold, *arena, *chats, *replies)


def find_sources(named: Iterable[str], store: str | None) -> Sources:
    """Campaigns, gold folders, folders of an arena and files of chats.

    A name is a JSONL file, a gold folder, a hand of an arena or one of the folders beside its hands, a campaign file or
    folder, a folder of campaign folders, or a campaign's name in `store`.

    Raises:
        InputError: a name is none of these.
    """
    campaigns: dict[tuple[str, str], CampaignSource] = {}
    gold: dict[Path, Path] = {}
    chats: dict[Path, Path] = {}
    arena: dict[Path, Path] = {}
    replies: dict[Path, Path] = {}
    for name in named:
        path = Path(name).expanduser()
        if (path / _GOLD_FILE).is_file():
            gold[path.resolve()] = path
            continue
        if any(is_one(path) for is_one in (is_hand, is_excerpts, is_offers, is_tellings, is_grades, is_turns)):
            arena[path.resolve()] = path
            continue
        if path.suffix == SUFFIX and path.is_file():
            (replies if is_replies(path) else chats)[path.resolve()] = path
            continue
        for source in _campaigns(name, path, store):
            campaigns[source.name, source.store_url] = source
    ordered = tuple(campaigns[key] for key in sorted(campaigns))
    return Sources(ordered, _ordered(gold), _ordered(chats), _ordered(arena), _ordered(replies))


def _ordered(paths: Mapping[Path, Path]) -> tuple[Path, ...]:
    return tuple(sorted(paths.values(), key=lambda path: (path.name, str(path))))


def _campaigns(name: str, path: Path, store: str | None) -> list[CampaignSource]:
    inner = sorted(path.glob(f"*/{CAMPAIGN_FILE}"))
    if inner and not (path / CAMPAIGN_FILE).is_file():
        return [_of_file(load_campaign(file)) for file in inner]
    if path.exists():
        _refuse_what_only_looks_right(path)
        return [_of_file(load_campaign(path))]
    if store is not None:
        return [CampaignSource(name, store)]
    raise InputError(
        f"{name} is no campaign file, no folder of gold data and no file of chats",
        hint="Name a campaign.yaml, a gold folder, a .jsonl file, or a campaign by its name together with --store.",
    )


def _refuse_what_only_looks_right(path: Path) -> None:
    """A folder of gold folders, and chats in a file that does not say so.

    Raises:
        InputError: it is one of these; says what to name instead.
    """
    inner = sorted(file.parent.name for file in path.glob(f"*/{_GOLD_FILE}"))
    if inner and not (path / CAMPAIGN_FILE).is_file():
        raise InputError(
            f"{path} is a folder of gold folders, not one itself", hint=f"Give one of its folders: {', '.join(inner)}."
        )
    if path.suffix == _JSON and path.is_file():
        raise InputError(
            f"{path} does not end in {SUFFIX}, as a file of chats does",
            hint=f"Write one chat a line, and call it {path.with_suffix(SUFFIX).name}.",
        )


def _of_file(loaded: LoadedCampaign) -> CampaignSource:
    return CampaignSource(loaded.name, loaded.store_url, loaded.prompts_folder)


def prompts_of(campaigns: Sequence[CampaignSource]) -> PromptLibrary:
    """The templates to render with: the campaigns' own, if they agree on them.

    Raises:
        InputError: two campaigns override the prompts, each in its own way.
    """
    folders = sorted({source.prompts for source in campaigns if source.prompts and any(source.prompts.glob("*.jinja"))})
    if len(folders) > 1:
        raise InputError(
            f"the campaigns have prompts of their own in {folders[0]} and {folders[1]}, and a dataset has one set",
            hint="Build a dataset for each, or give both campaigns the same prompts.",
        )
    return PromptLibrary(folders[0] if folders else None)


def require_maskable(found: Sources) -> None:
    """Make sure that people can be masked in all that was named.

    Raises:
        InputError: there are chats, which are learned as they stand.
    """
    if found.chats:
        raise InputError(
            f"people in chats cannot be masked: {found.chats[0]} is learned as it stands",
            hint="Leave --mask-people out and replace the names in the file yourself, or leave the chats out.",
        )


def gather_examples(
    found: Sources, selection: TraceSelection, seed: int, variants: int, find_people: FindPeople | None = None
) -> Gathered:
    """All examples of the sources; chats are taken whatever the selection. With `find_people`, third persons whom a
    trace's texts name are replaced as well.

    Raises:
        InputError: a gold folder or a file of chats holds mistakes, a store has no traces of a campaign, or people are
            to be found in chats, which are learned as they stand.
        StoreError: a store cannot be read.
    """
    if find_people is not None:
        require_maskable(found)
    gathered = Gathered(sources=found.names)
    contacts: set[Contact] = set()
    traced: list[Example] = []
    for source in found.campaigns:
        with open_store(source.store_url, create=False) as store:
            traces = list(store.traces(source.name))
            if not traces:
                message = f"the store holds no traces of the campaign {source.name}"
                raise InputError(message, hint="Run the campaign first.")
            told = trace_examples(traces, store.reviews(source.name), selection)
            people = [result.prospect for result in store.results(source.name)]
        contacts |= {Contact(one.first_name, one.last_name, one.company) for one in people}
        traced += told.examples
        gathered.dropped += told.dropped
    if find_people is not None:
        contacts |= third_persons(traced, find_people)
    gathered.examples += _about_strangers(traced, contacts, seed, gathered)
    gathered.examples += [chat for file in found.chats for chat in read_chats(file)]
    replies = (one for file in found.replies for one in reply_examples(read_replies(file)))
    gathered.examples += [example for example in replies if example.role in selection.roles]
    if found.gold:
        made, refused = gold_examples(found.gold, seed, variants)
        gathered.examples += [example for example in made if example.role in selection.roles]
        gathered.dropped[DropReason.FAILED_CHECKS] += refused
    if found.arena:
        told_there = _arena_examples(found.arena, seed)
        gathered.examples += [example for example in told_there if example.role in selection.roles]
    return gathered


def _arena_examples(folders: Sequence[Path], seed: int) -> Iterator[Example]:
    """What the folders of an arena give; offers are about the companies of the hands that are named with them."""
    today = as_of(folders[0])
    hands = [read_hand(folder) for folder in folders if is_hand(folder)]
    offers = {folder: read_offers(folder) for folder in folders if is_offers(folder)}
    yield from judgement_examples(hands, today, seed)
    for folder in folders:
        if is_excerpts(folder):
            yield from excerpt_examples(read_excerpts(folder), today)
        elif folder in offers:
            yield from offer_examples(offers[folder], hands, today, seed)
    known = dict(ChainMap(*offers.values()))
    grades = [one for folder in folders if is_grades(folder) for one in read_grades(folder)]
    yield from grade_examples(grades, hands, known, seed)
    yield from graded_fits(grades, hands, known, today, seed)
    tellings = [one for folder in folders if is_tellings(folder) for one in read_tellings(folder)]
    turns = [folder for folder in folders if is_turns(folder)]
    mended = [one for folder in turns for one in read_tellings(folder)]
    read = [one for folder in turns for one in read_turns(folder)]
    yield from vetting_examples([*tellings, *mended], read, hands, known, today, seed)
    yield from telling_examples([*mended, *kept(read)], hands, known, today)
    if tellings:
        authored = {(one.offer, one.quote) for one in tellings}
        careless = [one for one in careless_tellings(hands, known) if (one.offer, one.quote) not in authored]
        yield from telling_examples([*tellings, *careless], hands, known, today)


def _about_strangers(examples: list[Example], contacts: set[Contact], seed: int, gathered: Gathered) -> list[Example]:
    """The examples with surrogates. One that its surrogates spoil is left out: it would teach a fault."""
    surrogates = Surrogates(contacts | contacts_of(examples), _secret_of(seed))
    kept = []
    for example in examples:
        changed = surrogates.replace(example)
        if _faulty(changed) and not _faulty(example):
            gathered.dropped[DropReason.FAILED_CHECKS] += 1
        else:
            kept.append(changed)
    return kept


def _secret_of(seed: int) -> bytes:
    """What surrogates are drawn with: another seed draws others, and only the user's own secret draws these."""
    return keyed_hash(home_secret(), str(seed)).encode()


def _faulty(example: Example) -> bool:
    return example.answer is not None and bool(role_named(example.role).faults_of(example.variables, example.answer))
