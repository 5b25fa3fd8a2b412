"""Each sentence of an email knows what it stands on, and what the verifier doubts is marked where it stands."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from miniatures.app.web.decision_pages import word_changes
from miniatures.app.web.ground import grounded
from miniatures.datamodel.draft import Draft, DraftStatus, Ground, Statement
from miniatures.datamodel.evidence import Quote
from miniatures.datamodel.vetted import VettedStatement

NEWS, CLAIM = "You opened a store in Leeds.", "Our sensors fit in a day."
QUOTE = Quote(quote="We opened a store in Leeds.", signal="expansion")
UNUSED = Quote(quote="We like tea.", signal="expansion")


def draft(*statements: Statement, vetted: tuple[VettedStatement, ...] = ()) -> Draft:
    return Draft(
        subject="Leeds",
        body=f"Hi,\n\n{NEWS} {CLAIM}\n\nAda",
        statements=statements,
        evidence=(QUOTE, UNUSED),
        vetted=vetted,
        status=DraftStatus.READY,
        backend="x",
    )


def test_a_sentence_leads_to_its_quote_or_its_line_of_the_brief() -> None:
    laid = grounded(
        draft(
            Statement(text=NEWS, ground=Ground.QUOTE, source=QUOTE.quote),
            Statement(text=CLAIM, ground=Ground.BRIEF, source="Sensors fit in one day."),
        )
    )
    assert "".join(sentence.text for sentence in laid.body) == draft().body
    entries = {entry.key: entry for entry in laid.entries}
    stated = [sentence for sentence in laid.body if sentence.statement]
    assert [entries[sentence.ground].text for sentence in stated] == [QUOTE.quote, "Sensors fit in one day."]
    assert entries[stated[0].ground].quote is QUOTE
    assert UNUSED.quote in {entry.text for entry in laid.entries}, "what was not used is shown as well"


def test_what_stands_on_nothing_has_no_ground() -> None:
    [sentence] = [one for one in grounded(draft(Statement(text=NEWS, ground=Ground.NOTHING))).body if one.statement]
    assert (sentence.kind, sentence.ground) == ("nothing", "")


def test_a_doubt_is_marked_where_it_stands() -> None:
    doubts = (
        VettedStatement(part="opening", text=NEWS, kind="stale", sure=0.2),
        VettedStatement(part="subject", text="Leeds", kind="distorted", sure=0.4),
        VettedStatement(part="thought", text=CLAIM, kind="stale", sure=0.9),
    )
    laid = grounded(draft(Statement(text=NEWS, ground=Ground.QUOTE, source=QUOTE.quote), vetted=doubts))
    assert [sentence.doubt.kind for sentence in laid.body if sentence.doubt] == ["stale"]
    assert laid.subject.doubt and laid.subject.doubt.kind == "distorted"


@given(st.text("ab \n", max_size=40), st.text("ab \n", max_size=40))
def test_changes_join_to_both_texts(before: str, after: str) -> None:
    changes = word_changes(before, after)
    assert "".join(text for kind, text in changes if kind != "new") == before
    assert "".join(text for kind, text in changes if kind != "gone") == after
    assert all(text for _, text in changes)
