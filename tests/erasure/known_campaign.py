"""A campaign that knows a good deal about six people: all that runs, reviewers, mail and training leave behind."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import httpx

from miniatures.agents.roles.writer import WriterVariables
from miniatures.agents.tools.disk_cache import DiskCache
from miniatures.agents.tools.fetch.download import Reply
from miniatures.agents.tools.fetch.http_cache import HttpCache
from miniatures.datamodel.arms import Enrolment
from miniatures.datamodel.backend import BackendIdentity
from miniatures.datamodel.hit import Hit, HitKind
from miniatures.datamodel.inbound import Inbound, InboundKind
from miniatures.datamodel.message import Message, MessageState, ServerReply
from miniatures.datamodel.result import ProspectResult
from miniatures.datamodel.review import Review, ReviewAction
from miniatures.datamodel.trace import Span, Trace
from miniatures.finetune.dataset.build import BuildSettings, build_dataset
from miniatures.finetune.dataset.sources import find_sources, gather_examples, prompts_of
from miniatures.finetune.dataset.trace_examples import TraceSelection
from miniatures.inputs.campaign import LoadedCampaign, load_campaign
from miniatures.measure.report import write_report
from miniatures.review.standings import standings
from miniatures.store.ledger import StageKey
from miniatures.store.mail.outbox_claim import Claim
from miniatures.store.mail.transitions import Settled
from miniatures.store.open import open_store
from miniatures.store.store import Store
from miniatures.weights.registry import Registry
from tests.app.web.desk_campaign import POLICY, evidence_of, lead, result_of, save, write_folder
from tests.weights.miniatures_made import card_of, tiny_adapter

NAME = "autumn"
PEOPLE = 6
NOW = datetime(2026, 10, 5, 9, 0, tzinfo=UTC)
FORGOTTEN = lead(3).prospect
"""Dora Kovács, dora.3@company-3.example."""
OTHER = lead(1).prospect
LOOSE = "loose"
"""Id of a call that names her and is about nobody on the list."""


@dataclass(frozen=True)
class Known:
    """The campaign, a dataset made of it, a version that was trained on that, and one that goes on from there."""

    loaded: LoadedCampaign
    dataset: Path
    versions: tuple[str, str, str]
    """Trained on the dataset, grown from that one, and trained on something else."""


def write_known(folder: Path, store_url: str = "") -> Known:
    """Everything in a folder of its own, which is made; the registry is the user's."""
    write_folder(folder, [lead(number) for number in range(PEOPLE)], name=NAME)
    if store_url:
        with (folder / "campaign.yaml").open("a", encoding="utf-8") as file:
            file.write(f'store: "{store_url}"\n')
    loaded = load_campaign(folder, trusted=True)
    asyncio.run(_fill(loaded))
    asyncio.run(_fill_cache(loaded.work_folder / "cache" / "http.sqlite"))
    with open_store(loaded.store_url) as store:
        write_report(loaded, standings(loaded, store))
    preview = loaded.work_folder / "preview" / f"{FORGOTTEN.email}.eml"
    preview.parent.mkdir()
    preview.write_bytes(_mime(FORGOTTEN.email, FORGOTTEN.full_name))
    (folder / "datasets").mkdir()
    dataset = folder / "datasets" / "autumn-1"
    found = find_sources([NAME], loaded.store_url)
    gathered = gather_examples(found, TraceSelection(), 7, 0)
    manifest = build_dataset(
        gathered.examples,
        dataset,
        BuildSettings(sources=gathered.sources, keep_near_duplicates=True),
        prompts_of(found.campaigns),
    ).manifest
    return Known(loaded, dataset, _register(folder.parent / "adapters", manifest.hash))


async def _fill(loaded: LoadedCampaign) -> None:
    leads = [lead(number) for number in range(PEOPLE)]
    first = [result_of(loaded, one) for one in leads]
    await save(loaded, first)
    with open_store(loaded.store_url) as store:
        for result in first:
            await _work(store, loaded, result)
        await store.mail.enrolments.add(
            NAME,
            [Enrolment(prospect=one.prospect.key, company=one.host, arm="a", enrolled_at=NOW) for one in leads],
        )
        await _mail(store, first)
        loose = Trace(
            id=LOOSE,
            run_id="compare",
            campaign=NAME,
            role="writer",
            node="compare",
            backend=BackendIdentity(provider="local", model="small"),
            messages=({"role": "user", "content": f"Write to\n{FORGOTTEN.email}, please."},),
        )
        store.recorder.record(loose)
        await store.add_review(_review(first[1], loose.id).model_copy(update={"prospect": None, "draft": None}))


async def _work(store: Store, loaded: LoadedCampaign, result: ProspectResult) -> None:
    """A call that wrote the draft, a step, a finished stage, and a reviewer's yes."""
    prospect, draft = result.prospect, result.draft
    assert draft is not None
    number = next(number for number in range(PEOPLE) if lead(number).prospect == prospect)
    variables = WriterVariables.of(loaded.brief, prospect, [evidence_of(lead(number))])
    trace = Trace(
        run_id="run",
        campaign=NAME,
        prospect=prospect.key,
        policy=POLICY,
        role="writer",
        node="write",
        prompt_name="writer",
        variables=variables.model_dump(mode="json"),
        backend=BackendIdentity(provider="local", model="small"),
        messages=({"role": "user", "content": f"Write to {prospect.full_name} <{prospect.email}>."},),
        structured={"subject": draft.subject, "body": draft.body},
    )
    store.recorder.record(trace)
    span = Span(run_id="run", campaign=NAME, prospect=prospect.key, kind="prospect", name=prospect.key)
    store.recorder.record(span)
    await store.ledger(NAME).finish(StageKey("write", prospect.key, "inputs"), {"to": prospect.email})
    await store.save_result(result.model_copy(update={"draft": draft.model_copy(update={"trace": trace.id})}))
    await store.add_review(_review(result, trace.id))
    await store.claim_draft(draft.id, NAME, "bo", timedelta(hours=1))


def _review(result: ProspectResult, trace: str) -> Review:
    draft = result.draft
    assert draft is not None
    return Review(
        reviewer="ada",
        campaign=NAME,
        prospect=result.prospect.key,
        trace=trace,
        draft=draft.id,
        action=ReviewAction.ACCEPT,
        answer={"subject": draft.subject, "body": draft.body},
    )


async def _mail(store: Store, results: list[ProspectResult]) -> None:
    """Each first email has left and was opened; each second waits. Mails came back, of every kind of bond."""
    first, second = [_message(result, 0) for result in results], [_message(result, 1) for result in results]
    mail = store.mail
    await mail.outbox.queue(first, due_at=NOW, decisions={one.prospect: 1 for one in first})
    claim = Claim(sender="one", now=store.now(), most=100, campaign=NAME, mailbox="sales", resting=())
    for row in await mail.outbox.claim(claim):
        message = row.message
        await mail.outbox.freeze(
            {message.id: (f"<{message.id}@x.example>", _mime(message.address, message.name))}, "one"
        )
        await mail.outbox.start_sending([message.id], "one")
        answer = ServerReply(stage="data", code=250, text=f"2.1.5 {message.address} queued")
        await mail.outbox.settle([Settled(row, MessageState.ACCEPTED, answer)], "one")
        hit = Hit(campaign=NAME, prospect=message.prospect, message=message.id, kind=HitKind.OPEN, at=NOW)
        await mail.hits.add(hit)
    await mail.outbox.queue(second, due_at=NOW, decisions={one.prospect: 1 for one in second})
    for inbound in _came_back({one.prospect: one.id for one in first}):
        assert await mail.inbox.take_in(inbound)


def _came_back(messages: dict[str, str]) -> list[Inbound]:
    plain = {"mailbox": "sales", "campaign": NAME, "received_at": NOW, "kind": InboundKind.REPLY}
    theirs = {"prospect": FORGOTTEN.key, "message": messages[FORGOTTEN.key]}
    others = {"prospect": OTHER.key, "message": messages[OTHER.key]}
    told = f"Please ask\n{FORGOTTEN.email}, she decides."
    return [
        Inbound(**plain, **theirs, message_id="<1>", sender=FORGOTTEN.email, text="Yes, please."),
        Inbound(**plain, **others, message_id="<2>", sender=OTHER.email, text=told, refers_to=FORGOTTEN.email),
        Inbound(**plain, **others, message_id="<3>", sender=f"Dora <{FORGOTTEN.email.upper()}>", text="I am the one."),
        Inbound(mailbox="sales", message_id="<4>", kind=InboundKind.UNMATCHED, received_at=NOW, sender=FORGOTTEN.email),
        Inbound(**plain, **others, message_id="<5>", sender=OTHER.email, text="Thank you."),
    ]


def _message(result: ProspectResult, step: int) -> Message:
    prospect, draft = result.prospect, result.draft
    assert draft is not None
    return Message(
        campaign=NAME,
        prospect=prospect.key,
        step=step,
        address=prospect.email,
        name=prospect.full_name,
        company=prospect.company,
        draft=draft.id,
        text_hash=draft.text_hash,
        subject=draft.subject,
        body=draft.body,
        approved_by="ada",
        mailbox="sales",
        provider="x.example",
    )


def _mime(address: str, name: str) -> bytes:
    """An email whose body is base64, as long lines and other scripts make it."""
    email = EmailMessage()
    email["From"], email["To"], email["Subject"] = "sales@ours.example", address, f"For {name}"
    email.set_content(f"Dear {name},\n\nyou are {address}.\n", cte="base64")
    return email.as_bytes()


async def _fill_cache(path: Path) -> None:
    """Pages that name her plainly, in markup and in an old encoding, and one that does not."""
    cache = HttpCache(disk := DiskCache(path))
    pages = {
        "team": f"<b>{FORGOTTEN.first_name}</b>&nbsp;{FORGOTTEN.last_name} leads the store.".encode("cp1252"),
        "contact": b"<a href='mailto:dora.3%40company-3.example'>Write to us</a>",
        "news": f"{FORGOTTEN.full_name} said so.".encode(),
        "home": b"We keep food cold.",
    }
    for name, body in pages.items():
        await cache.put(httpx.URL(f"http://company-3.example/{name}"), Reply(200, {}, body))
    disk.close()


def _register(folder: Path, dataset: str) -> tuple[str, str, str]:
    registry = Registry()

    def add(seed: int, **changes: object) -> str:
        adapter = tiny_adapter(folder / str(seed), seed)
        return registry.register(card_of(adapter, **changes), adapter)

    trained = add(1, dataset=dataset)
    grown = add(2, dataset="e" * 64, recipe={"start": f"outreach@{trained}"})
    return trained, grown, add(3, dataset="f" * 64)
