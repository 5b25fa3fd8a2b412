"""A campaign with drafts that people have approved, and that says how its emails leave."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import yaml

from miniatures.datamodel.draft import Draft
from miniatures.datamodel.review import RejectReason, Review, ReviewAction
from miniatures.inputs.campaign import LoadedCampaign, load_campaign
from miniatures.store.open import open_store
from miniatures.store.store import Store
from tests.app.web.desk_campaign import drafts_of, write_campaign
from tests.delivery.sending import ALWAYS


def sending_campaign(
    folder: Path, port: int, *, drafts: int = 6, approve: int = 4, ready: float | None = None, **send: Any
) -> LoadedCampaign:
    """The first `approve` drafts are accepted by ada; mail goes to the server at this port; ready at which risk."""
    written = write_campaign(folder, drafts, held_back=0, doubted=0)
    settings = {
        "mailboxes": {
            "sales": {
                "address": "rosa@sender.example",
                "smtp": {"host": "127.0.0.1", "port": port, "tls": "none", "timeout_s": 2, "accept_timeout_s": 2},
                "per_day": 100_000,
                "per_hour": 1_000_000,
            }
        },
        "per_provider_per_hour": 100_000,
        "hours": ALWAYS,
        **send,
    }
    added: dict[str, Any] = {"send": settings} | ({"ready": {"risk": ready}} if ready else {})
    file = folder / "campaign.yaml"
    file.write_text(f"{file.read_text(encoding='utf-8')}\n{yaml.safe_dump(added)}", encoding="utf-8")
    with open_store(written.store_url) as store:
        for number, draft in enumerate(drafts_of(store, written)[:approve]):
            asyncio.run(store.add_review(said(ReviewAction.ACCEPT, draft, key_of(store, written, number))))
    return load_campaign(folder, trusted=True)


def key_of(store: Store, loaded: LoadedCampaign, number: int) -> str:
    return list(store.results(loaded.name))[number].prospect.key


def said(action: ReviewAction, draft: Draft, prospect: str, **fields: Any) -> Review:
    """What ada says of a draft."""
    return Review(
        reviewer="ada",
        campaign="desk",
        prospect=prospect,
        trace=draft.id,
        draft=draft.id,
        action=action,
        answer=draft.text.model_dump(),
        reason=RejectReason.OTHER if action is ReviewAction.REJECT else None,
        **fields,
    )
