"""The emails of the campaigns that are served, wherever their stores lie; a store that failed is opened anew."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from threading import Lock

from miniatures.datamodel.errors import StoreError
from miniatures.datamodel.message import Message
from miniatures.inputs.campaign import LoadedCampaign
from miniatures.store.mail.mail import MailStore
from miniatures.store.open import open_store
from miniatures.store.store import Store


@dataclass(frozen=True)
class Email:
    """An email that was found, with its campaign and the store that keeps it."""

    message: Message
    campaign: LoadedCampaign | None
    """None if the store holds it, and its campaign is not served: links and opting out work all the same."""
    mail: MailStore


class Books:
    """The stores of some campaigns; each is open once. All calls may come from several threads."""

    def __init__(self, campaigns: Iterable[LoadedCampaign]) -> None:
        """Raises StoreError: a store cannot be opened."""
        self._campaigns = {loaded.name: loaded for loaded in campaigns}
        self._locks = {loaded.store_url: Lock() for loaded in self._campaigns.values()}
        self._stores: dict[str, Store] = {}
        for url in self._locks:
            self._store(url)

    def find(self, message: str) -> Email | None:
        """The email of this id; None if no store holds it.

        Raises:
            StoreError: it was not found, and a store could not be asked.
        """
        failure: StoreError | None = None
        for url in self._locks:
            try:
                mail = self._store(url).mail
                row = mail.outbox.row(message)
            except StoreError as error:
                failure = error
                continue
            if row is not None:
                return Email(row.message, self._campaigns.get(row.message.campaign), mail)
        if failure is not None:
            raise failure
        return None

    def close(self) -> None:
        """Let go of all stores."""
        for store in self._stores.values():
            with suppress(StoreError):
                store.close()

    def _store(self, url: str) -> Store:
        """The open store; one that takes nothing more since a write failed is opened again."""
        with self._locks[url]:
            store = self._stores.get(url)
            if store is not None and store.has_failed:
                with suppress(StoreError):
                    store.close()
                store = None
                del self._stores[url]
            if store is None:
                store = self._stores[url] = open_store(url)
            return store
