"""A company that a miniature was trained on is known again, however it is spelt and whenever the card was written."""

from __future__ import annotations

from miniatures.datamodel.hashing import text_hash
from miniatures.finetune.dataset.trained_companies import company_hash, was_trained_on


def test_a_trained_company_is_known_by_any_spelling_and_by_its_number() -> None:
    card = (company_hash("Depot 4 GmbH"), company_hash("Kelder"))
    assert was_trained_on("DEPOT 4", card) and was_trained_on("Kelder Ltd", card)
    assert not was_trained_on("Depot 7", card) and not was_trained_on("Depot", card)


def test_a_card_of_the_time_when_numbers_did_not_count_still_tells() -> None:
    card = (text_hash("depot")[:12],)
    assert was_trained_on("Depot 4", card) and was_trained_on("Depot 7", card)
    assert not was_trained_on("Nordfrost", card)
