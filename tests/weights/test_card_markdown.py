"""The card for people says everything the card for programs does."""

from __future__ import annotations

from pathlib import Path

from miniatures.datamodel.miniature import Readings
from miniatures.weights.card_markdown import card_markdown
from miniatures.weights.registry import SHIPPED, Registry
from tests.weights.miniatures_made import SCORES, card_of, compared, tiny_adapter


def test_a_full_card(tmp_path: Path) -> None:
    card = card_of(
        tiny_adapter(tmp_path / "a", 1),
        scores=SCORES,
        comparisons=(compared("0123456789ab", -0.05),),
        evaluated_on="e" * 64,
    )
    page = card_markdown(card, has_curve=True)
    for told in (
        f"# outreach {card.version}\n",
        "`acme/base-model` (135M parameters, licence Apache-2.0)",
        "for the work of researcher and writer",
        f"| adapter, SHA-256 | `{card.adapter_sha256}` |",
        f"| base weights, SHA-256 | `{'b' * 64}` |",
        f"| dataset manifest | `{'d' * 64}` |",
        "| prompts | researcher `r1`, writer `w1` (compact variant) |",
        "| taxonomy of news | `a1b2c3d4e5f60718` |",
        "in their compact variant",
        "it is asked about each sentence alone; as a writer it is held to the names, numbers and length",
        "A brief may not add kinds of news of its own. It writes en.",
        "| lora.rank | 16 |",
        "| final_loss | 0.5123 |",
        "](curve.png)",
        "| all_checks | 97.0 % | 388 of 400 | 94.8 to 98.3 % |",
        "| `0123456789ab` | all_checks | 400 | -5.0 points | -7.0 to -3.0 | 0.001 |",
        f"miniature:outreach@{card.version}",
        "## Limits",
    ):
        assert told in page, told


def test_what_is_not_known_is_said_to_be_unknown(tmp_path: Path) -> None:
    page = card_markdown(
        card_of(tiny_adapter(tmp_path / "a", 1), dataset=None, taxonomy="", prompt_versions={}, training={})
    )
    assert "Not evaluated yet." in page
    assert "| dataset manifest | not recorded |" in page
    assert "| taxonomy of news | not recorded |" in page
    assert "curve.png" not in page
    assert "Compared" not in page


def test_a_bar_or_a_line_break_in_a_value_breaks_no_table(tmp_path: Path) -> None:
    page = card_markdown(card_of(tiny_adapter(tmp_path / "a", 1), recipe={"note": "a|b\nc", "many": list(range(40))}))
    assert "| note | a\\|b c |" in page
    assert "| many | 40 values |" in page


def test_what_readers_found_stands_before_every_check_rate(tmp_path: Path) -> None:
    found = Readings(
        on="twelve realistic sites", ready=75, sent_as_it_stood=1, sent_after_an_edit=20, false_statement=60
    )
    page = card_markdown(card_of(tiny_adapter(tmp_path / "a", 1), scores=SCORES, readings=(found,)))
    row = "| twelve realistic sites | 75 | 1 | 20 | 60 |"
    assert row in page
    assert page.index(row) < page.index("do not say how good a draft is") < page.index("| all_checks |")
    assert "What readers found" not in card_markdown(card_of(tiny_adapter(tmp_path / "a", 1), scores=SCORES))


def test_the_shipped_card_says_what_readers_found(tmp_path: Path) -> None:
    card = Registry(tmp_path / "none").card("outreach")
    (found,) = card.readings
    numbers = (found.ready, found.sent_as_it_stood, found.sent_after_an_edit, found.false_statement)
    assert numbers == (75, 1, 20, 60)
    page = (SHIPPED / "outreach" / card.version / "CARD.md").read_text(encoding="utf-8")
    assert page == card_markdown(card, has_curve=True)


def test_a_card_names_no_role_that_it_was_not_trained_on(tmp_path: Path) -> None:
    adapter = tiny_adapter(tmp_path / "a", 1)
    writer = card_markdown(card_of(adapter, prompt_versions={"writer": "w1"}, recipe={"roles": ["writer"]}))
    assert "roles: {writer: student}" in writer and "for the work of writer in business" in writer
    assert "researcher" not in writer
    researcher = card_markdown(card_of(adapter, prompt_versions={"researcher": "r1"}))
    assert "roles: {researcher: student}" in researcher and "as a writer" not in researcher
    assert "It writes" not in researcher


def test_a_card_of_chats_claims_no_outreach(tmp_path: Path) -> None:
    card = card_of(tiny_adapter(tmp_path / "a", 1), prompt_versions={}, recipe={"roles": ["chat"]})
    page = card_markdown(card)
    assert "for chats like those it was trained on" in page and "| prompts | none: it learned chats |" in page
    assert f"miniatures serve miniature:outreach@{card.version}" in page
    assert not [word for word in ("outreach@live", "student", "researcher", "writer", "business") if word in page]
