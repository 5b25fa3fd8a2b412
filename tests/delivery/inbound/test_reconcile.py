"""An uncertain email is settled by the folder of sent mail if that has it, and stays uncertain if it has not."""

from __future__ import annotations

from pathlib import Path

from miniatures.datamodel.message import MessageState
from miniatures.delivery.inbound.maildir_source import MaildirSource
from miniatures.delivery.inbound.reconcile import reconcile
from miniatures.store.store import Store
from tests.delivery.inbound.scene import message_id, sent
from tests.store.mail.emails import CAMPAIGN, MAILBOX


async def test_only_what_is_among_the_sent_mail_has_left(store: Store, tmp_path: Path) -> None:
    kept = await sent(store, 1, state=MessageState.UNCERTAIN)
    other = await sent(store, 2, state=MessageState.UNCERTAIN)
    box = tmp_path / "box"
    for folder in (box, box / ".Sent"):
        for part in ("cur", "new", "tmp"):
            (folder / part).mkdir(parents=True, exist_ok=True)
    (box / ".Sent" / "cur" / "1:2,S").write_bytes(f"Message-ID: {message_id(kept)}\r\n\r\nHello".encode())
    assert await reconcile(store.mail, CAMPAIGN, {MAILBOX: MaildirSource(box)}) == 1
    assert await reconcile(store.mail, CAMPAIGN, {}) == 0
    states = [store.mail.outbox.row(one.id).state for one in (kept, other)]
    assert states == [MessageState.ACCEPTED, MessageState.UNCERTAIN]
