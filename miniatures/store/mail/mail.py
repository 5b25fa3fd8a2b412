"""All that a store keeps of mail, behind one name."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from miniatures.store.engine import Database
from miniatures.store.mail.ab_decisions import AbDecisions
from miniatures.store.mail.enrolments import Enrolments
from miniatures.store.mail.harm import Harm
from miniatures.store.mail.hits import Hits
from miniatures.store.mail.inbox import Inbox
from miniatures.store.mail.outbox import Outbox
from miniatures.store.mail.outbox_listing import OutboxListing
from miniatures.store.mail.pauses import Pauses
from miniatures.store.mail.people import People
from miniatures.store.mail.posted import PostedEmails
from miniatures.store.mail.senders import Senders
from miniatures.store.mail.suppressions import Suppressions
from miniatures.store.writer import Writer


class MailStore:
    """The outbox, the inbox, hits, pauses, who is in which arm, what was decided, and who is written to no more."""

    def __init__(self, database: Database, writer: Writer, now: Callable[[], datetime]) -> None:
        self.suppressions = Suppressions(database, writer, now)
        self.outbox = Outbox(database, writer, now, self.suppressions)
        self.listing = OutboxListing(database)
        self.senders = Senders(database, self.outbox)
        self.inbox = Inbox(database, writer)
        self.hits = Hits(database, writer)
        self.pauses = Pauses(database, writer)
        self.enrolments = Enrolments(database, writer)
        self.decisions = AbDecisions(database, writer)
        self.people = People(database)
        self.harm = Harm(database, self.people)
        self.posted = PostedEmails(database, self.people)
