"""What is left for a person to do after somebody was forgotten: what is theirs to mend, and what no command reaches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from miniatures.datamodel.store_url import sqlite_path
from miniatures.erasure.datasets import SeenDataset
from miniatures.erasure.files import files_naming, listed_lines
from miniatures.erasure.forgetting import Forgetting, Found, shown_url
from miniatures.erasure.words import in_words
from miniatures.inputs.campaign import LoadedCampaign
from miniatures.weights.forgotten import Saw, what_to_do


@dataclass(frozen=True)
class Left:
    """One thing to do by hand; `command` are the words after `miniatures`, where a command of ours does it."""

    what: str
    command: tuple[str, ...] = ()


def left_to_do(forgetting: Forgetting, found: Found, *, from_datasets: bool) -> Iterator[Left]:
    """What remains, the person's own files first."""
    for loaded in forgetting.campaigns:
        yield from _of_campaign(loaded, found)
    for one in found.datasets.seen:
        yield from _of_dataset(one, forgetting, from_datasets=from_datasets)
    for error in found.datasets.unreadable:
        yield Left(f"Not looked into: {error}")
    for version in found.versions:
        learned = "may have learned" if version.saw is Saw.COMPANY else "learned"
        yield Left(f"{version} {learned} from them. {what_to_do(version.name, version.version)}")
    for url, known in found.stores.items():
        if known.policies:
            yield Left(
                f"{shown_url(url)}: a prompt or the brief of earlier runs named the address, and what a run was made "
                f"with is kept (policies: {known.policies}). Take it out of the file before the next run."
            )
        if known.rewritten:
            yield Left(
                f"{shown_url(url)}: emails to others that held the address were taken back (to {known.rewritten} of "
                "them): run the campaign again, and they are written anew."
            )
        if known.named:
            rows = ", ".join(f"{in_words(name)} {number:,}" for name, number in known.named.items())
            told = "their name stands in what is about others, and stays there, for it may be another's"
            yield Left(f"{shown_url(url)}: {told}: {rows}.")
        yield Left(_of_store(url))
    yield Left(
        "Mailboxes keep what was sent to them and what they wrote: delete it there, or a folder that is read anew "
        "brings it back. A `miniatures app` or `send --watch` that runs holds texts in memory: start it again."
    )


def _of_campaign(loaded: LoadedCampaign, found: Found) -> Iterator[Left]:
    lines = listed_lines(loaded, found.mentions.email)
    if lines:
        numbers = ", ".join(map(str, lines))
        yield Left(f"Delete line {numbers} of {loaded.prospects_path}: the list is yours and was not changed.")
    for path in files_naming(loaded, found.mentions):
        yield Left(f"{path} names them: delete or mend it.")
    yield Left(
        f"Exports and `--dry-run` emails of {loaded.name} that were written outside {loaded.folder} are not known."
    )


def _of_dataset(one: SeenDataset, forgetting: Forgetting, *, from_datasets: bool) -> Iterator[Left]:
    manifest, folder = one.dataset.manifest, str(one.dataset.folder)
    if from_datasets or not one.examples:
        return
    paths = {loaded.name: str(loaded.path) for loaded in forgetting.campaigns}
    sources = [word for name in manifest.sources for word in ("--from", paths.get(name, name))]
    yield Left(
        f"{folder} ({manifest.hash[:12]}) {one.kind}; examples of theirs: {len(one.examples)}. Build it again with the "
        "options it was built with and each source by its path, or give this command again with "
        "--remove-from-datasets.",
        ("dataset", "build", *sources, "--seed", str(manifest.seed), "--out", folder),
    )


def _of_store(url: str) -> str:
    if sqlite_path(url) is None:
        return (
            f"On {shown_url(url)} the rows are deleted; the server keeps their bytes in its files until VACUUM, and in "
            "its log archives and backups for as long as those are kept."
        )
    return f"Backups and snapshots of {sqlite_path(url)} still hold them for as long as they are kept."
