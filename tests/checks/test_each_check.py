"""Each check on the good email with one thing broken, and on lookalikes that must pass."""

from __future__ import annotations

import shutil
from datetime import date, timedelta
from pathlib import Path

import pytest

from miniatures.checks import checks_version, run, run_checks
from miniatures.checks.foils import FOILS
from miniatures.datamodel.check import CheckName, CheckResult, Outcome
from miniatures.datamodel.dossier import SetAside, SetAsideReason
from miniatures.datamodel.draft import EarlierEmail, EmailText
from miniatures.prompts.taxonomy import known_taxonomy
from tests.checks.cases import BODY, BRIEF, NOW, PROSPECT, QUOTE, SUBJECT, case, evidence, result, swap_text


def test_good_email_passes_every_check():
    report = run_checks(EmailText(subject=SUBJECT, body=BODY), case())
    assert report.passed, report.reasons
    assert [entry.name for entry in report.results] == list(CheckName)


def test_no_email_fails_schema_and_runs_nothing_else():
    report = run_checks(None, case())
    assert report.results[0].outcome is Outcome.FAIL
    assert {entry.outcome for entry in report.results[1:]} == {Outcome.NOT_RUN}
    assert not report.passed


@pytest.mark.parametrize(
    ("subject", "body", "why"),
    [
        ("", BODY, "empty"),
        ("one\ntwo", BODY, "one line"),
        ("x" * 200, BODY, "200 characters"),
        (SUBJECT, "   \n", "body is empty"),
        (SUBJECT, "word " * 5_000, "characters"),
        (SUBJECT, f"Subject: hello\n{BODY}", "subject line"),
        (SUBJECT, BODY.replace("energy", "en\u200bergy"), "U+200B"),
        (f"a\u202e{SUBJECT}", BODY, "U+202E"),
    ],
)
def test_schema_fails(subject, body, why):
    found = result(CheckName.SCHEMA, subject=subject, body=body)
    assert found.outcome is Outcome.FAIL
    assert why in found.reason


@pytest.mark.parametrize(("words", "passes"), [(39, False), (40, True), (150, True), (151, False)])
def test_length_counts_words(words, passes):
    assert result(CheckName.LENGTH, body="word " * words).passed is passes


def test_length_counts_two_unspaced_characters_as_a_word():
    assert result(CheckName.LENGTH, body="冷凍倉庫" * 20).passed
    assert not result(CheckName.LENGTH, body="冷凍倉庫" * 19).passed


@pytest.mark.parametrize(
    "greeting",
    [
        "Hi Maria,",
        "Dear Ms. López,",
        "Dear Ms Lopez,",
        "Hello María López,",
        "MARIA -",
        "Good morning Maria!",
        "Hi María, congratulations on the new hub in Rotterdam!",
        "Maria,",
    ],
)
def test_greeting_passes(greeting):
    assert result(CheckName.GREETING, body=swap_text("Hi María,", greeting)).passed


@pytest.mark.parametrize(
    ("greeting", "why"),
    [
        ("Hi there,", "does not name"),
        ("Hi Anna,", "does not name"),
        ("Hi Lopez,", "without a title"),
        ("Hi Maria and Peter,", "Peter"),
        ("Hi Maria Garcia,", "Garcia"),
        ("Dear Nordfrost team,", "does not name"),
        ("Hi Mario,", "does not name"),
    ],
)
def test_greeting_fails(greeting, why):
    found = result(CheckName.GREETING, body=swap_text("Hi María,", greeting))
    assert found.outcome is Outcome.FAIL
    assert why in found.reason


@pytest.mark.parametrize(
    ("first", "last", "greeting", "language"),
    [
        ("Thi Lan", "Nguyen", "Dear Nguyen Thi Lan,", "en"),
        ("Jürgen", "Müller", "Sehr geehrter Herr Mueller,", "de"),
        ("Jan", "Novák", "Dobrý den, pane Nováku,", "cs"),
        ("Łukasz", "Wójcik", "Dear Lukasz,", "en"),
        ("Søren", "Kjær", "Hej Soren,", "da"),
        ("", "Tanaka", "Dear Tanaka-san,", "en"),
        ("明", "李", "李明先生，您好！", "zh"),  # noqa: RUF001
        ("Siobhán", "O'Brien", "Dear Dr. O’Brien,", "en"),  # noqa: RUF001
        ("Anne-Marie", "Le Goff", "Bonjour Anne-Marie,", "fr"),
        ("", "", "Hello,", "en"),
        ("", "", "Dear Nordfrost team,", "en"),
    ],
)
def test_greetings_of_many_cultures(first, last, greeting, language):
    someone = PROSPECT.model_copy(update={"first_name": first, "last_name": last})
    its_case = case(prospect=someone, brief=BRIEF.model_copy(update={"language": language}))
    found = result(CheckName.GREETING, body=swap_text("Hi María,", greeting), case=its_case)
    assert found.passed, found.reason


def test_greeting_on_the_same_line_as_the_message():
    assert result(CheckName.GREETING, body=BODY.replace("Hi María,\n\n", "Hi María, ")).passed
    assert not result(CheckName.GREETING, body=BODY.replace("Hi María,\n\n", "")).passed


def test_citation_needs_specific_content():
    vague = swap_text(
        "I saw that Nordfrost opened a 7,200 m² cold store in Rotterdam in March.", "I saw your company is growing."
    )
    assert result(CheckName.CITATION, body=vague).outcome is Outcome.FAIL
    assert result(CheckName.CITATION, case=case(evidence=())).outcome is Outcome.NOT_RUN


def test_citation_of_one_number_alone_is_none():
    thin = swap_text("I saw that Nordfrost opened a 7,200 m² cold store in Rotterdam in March.", "Nice: 24.")
    assert result(CheckName.CITATION, body=thin).outcome is Outcome.FAIL


@pytest.mark.parametrize(
    ("written", "unsupported"),
    [
        ("7,200 m²", None),
        ("7200 square metres", None),
        ("7.2 thousand sqm", None),
        ("7,300 m²", "7,300"),
        ("72,000 m²", "72,000"),
        ("7,200 employees", "7,200"),
        ("7,200 %", "7,200"),
        ("$7,200", "$7,200"),
        ("seven thousand m²", "seven thousand"),
        ("24-dock", None),
        ("twenty-four dock", None),
        ("two dozen", None),
        ("three dozen", "three dozen"),
        ("twice as large a", "twice"),
        ("fourfold", "fourfold"),
        ("tenfold", "tenfold"),
    ],
)
def test_numbers_of_the_quote(written, unsupported):
    found = result(CheckName.UNSUPPORTED, body=swap_text("7,200 m²", written))
    assert found.passed is (unsupported is None), found.reason
    if unsupported:
        assert unsupported in found.reason


@pytest.mark.parametrize(
    ("language", "quote", "claim", "passes"),
    [
        ("en", "Wir haben eine Halle mit 7.200 m² gebaut.", "7,200 m²", True),
        ("en", "La surface est de 7 200 m².", "7,200 m²", True),
        ("de", "The store has 7,200 m².", "7.200 m²", True),
        ("en", "The store has 7.2 m².", "7,200 m²", False),
        ("de", "Umsatz von 1,5 Mio. Euro", "1,5 Millionen Euro", True),
        ("en", "Revenue of €1.5bn", "1.5 billion euros", True),
        ("en", "Revenue of €1.5bn", "1.5 million euros", False),
        ("en", "We run at -25 °C.", "-25 °C", True),
        ("en", "We run at -25 °C.", "25 °C", False),
        ("fr", "Nous avons douze camions.", "12 camions", True),
        ("en", "We moved 12,00,000 parcels.", "1,200,000 parcels", True),
        ("en", "The 3PL division grew.", "3PL", True),
        ("en", "Half of our trucks are electric.", "50 percent", True),
        ("en", "We hired 40 people.", "40%", False),
    ],
)
def test_numbers_across_locales_and_units(language, quote, claim, passes):
    its_case = case(evidence=(evidence(quote),), brief=BRIEF.model_copy(update={"language": language}))
    found = result(
        CheckName.UNSUPPORTED, subject="hello", body=f"Hi Maria,\n\nyes, {claim} is what i read.", case=its_case
    )
    assert found.passed is passes, found.reason


@pytest.mark.parametrize(
    ("claim", "passes"),
    [
        ("2,300+ restaurants", True),
        ("2,300 + restaurants", True),
        ("2,300+ small restaurants", True),
        ("over 2,300 restaurants", True),
        ("~2,300 restaurants", True),
        ("2,300+ rivals", False),
        ("2,300+ friendly rivals", False),
        ("~2,300 rivals", False),
        ("40k guests", True),
        ("40k rivals", False),
        ("12-15 cities", True),
        ("12-15 rivals", False),
        ("70+ suppliers", False),
        ("70 suppliers", True),
        ("2,400+ restaurants", False),
    ],
)
def test_a_round_number_counts_what_its_source_counts(claim, passes):
    quote = "We serve more than 2,300 restaurants and 40,000 guests in 12-15 cities."
    suppliers = BRIEF.model_copy(update={"claims": (*BRIEF.claims, "We buy from 70 suppliers.")})
    its_case = case(evidence=(evidence(quote),), brief=suppliers)
    body = f"Hi Maria,\n\nyes, {claim} is what i read."
    found = result(CheckName.UNSUPPORTED, subject="hello", body=body, case=its_case)
    assert found.passed is passes, found.reason


@pytest.mark.parametrize(
    ("text", "passes"),
    [
        ("2,300+rivals", False),
        ("2,300+ rivals", True),
        ("18%of it", False),
        ("18% of it", True),
        ("C++ code", True),
        ("eine 18%ige Lauge", True),
        ("+45 degrees", True),
        ("https://frostwatch.example/demo?a=2+ab", True),
    ],
)
def test_a_space_that_is_missing_after_a_number_is_odd_text(text, passes):
    found = result(CheckName.SCHEMA, body=swap_text("A store of that size", f"It is {text}. A store of that size"))
    assert found.passed is passes, found.reason


@pytest.mark.parametrize(
    ("claim", "passes"),
    [
        ("You have 24 loading docks", True),
        ("You have two dozen docks", True),
        ("Twenty-four docks is a lot", True),
        ("You have more than 24 loading docks", False),
        ("You have at least 24 loading docks", False),
        ("You have over 24 loading docks", False),
        ("You have no more than 24 loading docks", True),
        ("It takes two days, over 2 days to be exact", True),
        ("Your 7,200 ft² cold store is large", False),
        ("Your 7,200 km² cold store is large", False),
        ("You have dozens of loading docks", False),
        ("You have 12 loading docks", False),
        ("We are at 12 Harbour Road", True),
    ],
)
def test_more_than_a_number_another_unit_and_an_address_are_no_support(claim, passes):
    body = swap_text("A store of that size uses", f"{claim}. A store of that size uses")
    assert result(CheckName.UNSUPPORTED, body=body).passed is passes


@pytest.mark.parametrize(
    "sentence",
    [
        "As Helixor told us, it works.",
        "Helixor uses it already.",
        "It was in the NYT.",
        "We met in Gothenburg.",
        "Congratulations on the partnership with Helixor.",
        "Your CEO Peter was right.",
        "It was founded in 1999.",
        "Our eBay store helps.",
    ],
)
def test_invented_names_and_years_are_unsupported(sentence):
    found = result(CheckName.UNSUPPORTED, body=swap_text("A store of that size uses a lot of energy.", sentence))
    assert found.outcome is Outcome.FAIL
    assert "neither the brief nor a quote carries" in found.reason


@pytest.mark.parametrize(
    "sentence",
    [
        "I'm glad to see that.",
        "Nordfrost's new store will need it.",
        "Refrigeration is expensive.",
        "FrostWatch was founded in 2015.",
        "Would Tuesday suit you?",
        "Keeping it cold costs money.",
        "López is a name I know.",
    ],
)
def test_ordinary_capitals_are_supported(sentence):
    found = result(CheckName.UNSUPPORTED, body=swap_text("A store of that size uses a lot of energy.", sentence))
    assert found.passed, found.reason


def test_headline_capitals_are_no_names_but_strangers_are():
    assert result(CheckName.UNSUPPORTED, subject="Cutting Energy Costs in Your Rotterdam Store").passed
    assert not result(CheckName.UNSUPPORTED, subject="Cutting Energy Costs with Helixor Today").passed


def test_german_nouns_are_no_names():
    german = case(brief=BRIEF.model_copy(update={"language": "de"}))
    body = (
        "Guten Tag Frau López,\n\nich habe von Ihrem neuen Kühlhaus in Rotterdam gelesen. Die Energie kostet viel Geld."
    )
    assert result(CheckName.UNSUPPORTED, subject="Energie im Kühlhaus", body=body, case=german).passed


@pytest.mark.parametrize(
    "markup",
    [
        '<a href="/x">here</a>',
        "<iframe src=x>",
        "<form action=x>",
        "<img src=x onerror=alert(1)>",
        "<IMG",
        "<!-- x",
        "evil&#46;top",
        "evil&period;top",
        "&#x68;ttp",
    ],
)
def test_markup_is_no_text_of_an_email(markup):
    assert "markup" in result(CheckName.SCHEMA, body=f"{BODY}\n{markup}").reason
    assert not result(CheckName.SCHEMA, subject=f"{SUBJECT} {markup}").passed


@pytest.mark.parametrize(
    "text",
    [
        "It costs <5% of it, and x < y.",
        "Your R&D; your M&A; your AT&T; all of it.",
        "<https://frostwatch.example/demo>",
        "<anna@frostwatch.example>",
        "می‌خواهم",
        "क्‍ष",
        "👩‍💻",
    ],
)
def test_signs_and_joiners_that_a_text_needs_are_text(text):
    assert result(CheckName.SCHEMA, body=f"{BODY}\n{text}").passed


@pytest.mark.parametrize("text", ["ev‌il", "ev‍il", "👩‍", "‌Sale"])
def test_a_joiner_that_joins_nothing_is_hidden(text):
    assert "invisible" in result(CheckName.SCHEMA, body=f"{BODY}\n{text}").reason


@pytest.mark.parametrize(
    "blank",
    ["[Name]", "{company}", "{{ first_name }}", "<your title>", "XXX", "Your Name", "lorem ipsum", "%FIRSTNAME%", "[1]",
     "*|FNAME|*", "____", "${name}", "[insert date]", "{% if x %}", "first_name", "TODO:",
     "«First_Name»", "#N/A", "NaN", "undefined"],
)  # fmt: skip
def test_placeholders(blank):
    found = result(CheckName.PLACEHOLDERS, body=swap_text("A store of that size", f"A store {blank} of that size"))
    assert found.outcome is Outcome.FAIL
    assert not result(CheckName.PLACEHOLDERS, subject=f"For {blank}").passed


@pytest.mark.parametrize(
    "text", ["5 < 6 and 7 > 3", "100% sure", "the XXL docks", "your company name is known (see below)"]
)
def test_no_placeholders(text):
    found = result(CheckName.PLACEHOLDERS, body=swap_text("A store of that size", f"A store, {text}, of that size"))
    assert found.passed, found.reason


@pytest.mark.parametrize(
    "ask",
    [
        "Would you be open to a 15-minute call next week?",
        "Could we have a 15-minute call next week? Just reply with a time.",
        "If you like, reply and we set up a call of 15 minutes next week.",
        "How do you watch 24 docks today? I'd like to show you in a 15-minute call next week.",
        "I'd love to hear how you do it. Are you free for a call next week? It takes 15 minutes.",
    ],
)
def test_call_to_action_passes(ask):
    found = result(CheckName.CALL_TO_ACTION, body=swap_text("Would you be open to a 15-minute call next week?", ask))
    assert found.passed, found.reason


@pytest.mark.parametrize(
    ("ask", "why"),
    [
        ("I wish you a good week.", "no sentence asks"),
        ("Would you like to visit our booth?", "no sentence asks"),
        ("Would you be open to a 15-minute call next week? Please sign up for the newsletter.", "second thing"),
        (
            "Would you be open to a 15-minute call next week? Could you forward this to the right person?",
            "second thing",
        ),
        (
            "Are you free for a 15-minute call next week?\n\nIt is so.\n\nAre you free for a 15-minute call next week?",
            "second",
        ),
        ("Is it cold? Is it dark? Is it late? Would you be open to a 15-minute call next week?", "3 questions"),
    ],
)
def test_call_to_action_fails(ask, why):
    found = result(CheckName.CALL_TO_ACTION, body=swap_text("Would you be open to a 15-minute call next week?", ask))
    assert found.outcome is Outcome.FAIL
    assert why in found.reason


@pytest.mark.parametrize(
    ("ending", "passes"),
    [
        ("Best regards,\nAnna Berg\nFrostWatch", True),
        ("Anna", True),
        ("Cheers,\nAnna Berg, Account manager, FrostWatch\nanna@frostwatch.example\n12 Harbour Road, Leith", True),
        ("Best regards,\nAnna Berg\n\nP.S. The store in Rotterdam looks impressive on your page.", True),
        ("Best regards, Anna Berg", True),
        ("Best regards,\nMaría López", False),
        ("Best regards,\nFrostWatch", False),
        ("Best regards,\nAnna Berg\nMaría López", False),
        ("Anna Berg is my name and there is so much more that i could tell you about us", False),
    ],
)
def test_signature(ending, passes):
    found = result(CheckName.SIGNATURE, body=swap_text("Best regards,\nAnna Berg\nFrostWatch", ending))
    assert found.passed is passes, found.reason


@pytest.mark.parametrize(
    ("subject", "sentence"),
    [
        ("Energy!", ""),
        ("Re: our call", ""),
        ("ENERGY USE IN YOUR STORE", ""),
        (SUBJECT, "Act now."),
        (SUBJECT, "It is a limited-time offer."),
        (SUBJECT, "This is GREAT for you, REALLY."),
        (SUBJECT, "Wow! Great!"),
        (SUBJECT, "It saves $$$ for you."),
        (SUBJECT, "Savings are guaranteed."),
        (SUBJECT, "Nice 🎉🎉🚀"),
        (SUBJECT, "Really??"),
        (SUBJECT, "I am just checking in."),
        (SUBJECT, "As discussed, here it is."),
        (SUBJECT, "I tried to call you."),
        (SUBJECT, "I haven\u2019t heard back from you."),
    ],
)
def test_spam(subject, sentence):
    body = swap_text("A store of that size uses a lot of energy.", sentence)
    assert result(CheckName.SPAM, subject=subject, body=body).outcome is Outcome.FAIL


def test_spam_lets_the_briefs_own_words_and_the_companys_capitals_pass():
    brief = BRIEF.model_copy(update={"claims": (*BRIEF.claims, "There is no obligation.")})
    body = swap_text("A store of that size uses a lot of energy.", "There is no obligation, ACME FOODS.")
    someone = PROSPECT.model_copy(update={"company": "ACME FOODS"})
    assert result(CheckName.SPAM, body=body, case=case(brief=brief, prospect=someone)).passed
    assert not result(CheckName.SPAM, body=body).passed
    hyphenated = BRIEF.model_copy(update={"claims": (*BRIEF.claims, "Start with a risk-free pilot.")})
    quoted = swap_text("A store of that size uses a lot of energy.", "Start with a risk-free pilot.")
    assert result(CheckName.SPAM, body=quoted, case=case(brief=hyphenated)).passed
    assert not result(CheckName.SPAM, body=quoted).passed


def test_nothing_is_said_twice():
    said = "A store of that size uses a lot of energy"
    assert result(CheckName.REPETITION).passed
    found = result(
        CheckName.REPETITION, body=swap_text(f"{said}.", f"{said}. And a store of that size uses a lot more.")
    )
    assert found.reason == "the words 'a store of that size uses a' come twice"


def of_a_thread(said: str, *angles: str) -> dict[CheckName, CheckResult]:
    """What the checks say of a follow-up with this message, in the thread of the good email."""
    earlier = EarlierEmail(subject=SUBJECT, body=BODY, sent_on=date(2026, 5, 20))
    signal = BRIEF.signals[0].model_copy(update={"angles": angles})
    brief = BRIEF.for_follow_ups.model_copy(update={"signals": (signal,)})
    text = EmailText(
        subject=SUBJECT,
        body=f"Hi María,\n\n{said}\n\nWould you be open to a 15-minute call next week?\n\nAnna Berg\nFrostWatch",
    )
    report = run_checks(
        text, case(brief=brief, evidence=(evidence(after="The next one opens in Venlo."), earlier.quote))
    )
    return {one.name: one for one in report.results}


def test_a_follow_up_tells_no_earlier_email_again():
    again = "I saw that Nordfrost opened a 7,200 m² cold store in Rotterdam in March. Doors are what freezes first."
    found = of_a_thread(again)[CheckName.REPETITION]
    assert found.reason.startswith("an earlier email has said 'i saw that nordfrost opened a 7 200 m")
    short = of_a_thread("Rotterdam is 7,200 m², and doors are what freezes first when nobody watches.")
    assert short[CheckName.REPETITION].passed


def test_a_follow_up_that_adds_nothing_only_asks_again():
    found = of_a_thread("My email was about energy in your cold store in Rotterdam.")[CheckName.REPETITION]
    assert found.reason == "it adds nothing to the earlier emails, and only asks once more"


@pytest.mark.parametrize(
    ("said", "passes"),
    [
        ("Doors are what freezes first when nobody watches.", False),
        ("I wrote to you on 20 May. Doors are what freezes first when nobody watches.", False),
        ("Doors are what freezes first, in Rotterdam as in Venlo.", True),
        ("A new store is watched most closely in its first winter.", False),
    ],
    ids=["anybody", "a day is no news", "a word of the page", "the brief's thought on such news"],
)
def test_a_follow_up_goes_on_from_the_news(said, passes):
    found = of_a_thread(said, "A new store is watched most closely in its first winter.")
    assert (found[CheckName.CITATION].passed, found[CheckName.SWAP].passed) == (passes, passes)


@pytest.mark.parametrize(
    ("addition", "passes"),
    [
        ("Installation takes days. Installation takes days.", False),
        ("You opened it. Well done. You opened it!", False),
        ("冷凍倉庫の温度を監視します。冷凍倉庫の温度を監視します。", False),
        ("冷凍倉庫の温度。冷凍倉庫の費用。", True),
        ("See https://www.frost-watch.example/book/demo or https://www.frost-watch.example/book/demo.", True),
        ("Thank you. Thank you.", True),
    ],
)
def test_short_sentences_count_as_a_whole_and_links_do_not(addition, passes):
    assert result(CheckName.REPETITION, body=f"{BODY}\n{addition}").passed is passes


@pytest.mark.parametrize(
    ("link", "passes"),
    [
        ("https://frostwatch.example/demo", True),
        ("http://www.frostwatch.example/demo/", True),
        ("frostwatch.example", True),
        ("anna@frostwatch.example", True),
        ("https://frostwatch.example/other", False),
        ("https://frostwatch.example.evil.test/demo", False),
        ("evil.com", False),
        ("peter@frostwatch.example", False),
        ("ftp://frostwatch.example/demo", False),
        ("javascript:alert(1)", False),
        ("[here](https://evil.test/x)", False),
        ("https://nordfrost.example/news", False),
    ],
)
def test_links(link, passes):
    found = result(CheckName.LINKS, body=swap_text("A store of that size", f"See {link} for a store of that size"))
    assert found.passed is passes, found.reason


def test_evidence_ages():
    fresh = evidence(published=NOW - timedelta(days=539))
    stale = evidence(published=NOW - timedelta(days=541))
    future = evidence(published=NOW + timedelta(days=30))
    assert result(CheckName.EVIDENCE, case=case(evidence=(fresh,))).passed
    assert "541 days old" in result(CheckName.EVIDENCE, case=case(evidence=(stale,))).reason
    assert "future" in result(CheckName.EVIDENCE, case=case(evidence=(future,))).reason
    assert result(CheckName.EVIDENCE, case=case(evidence=())).outcome is Outcome.NOT_RUN


def test_stale_evidence_that_is_not_used_is_no_fault():
    other = evidence(
        "Quarterly revenue of Zandvoort rose by 31 million in winter.", published=NOW - timedelta(days=900)
    )
    assert result(CheckName.EVIDENCE, case=case(evidence=(evidence(), other))).passed


@pytest.mark.parametrize("reason", list(SetAsideReason))
def test_evidence_that_was_set_aside_is_not_used(reason):
    aside = SetAside(evidence=evidence(), reason=reason)
    its_case = case(evidence=(evidence("We planted 300 trees in Delft."),), set_aside=(aside,))
    assert "set aside" in result(CheckName.EVIDENCE, case=its_case).reason


@pytest.mark.parametrize(
    "quote",
    [
        "Polar Foods Ltd moved into its new head office in October 2026.",
        "12 October 2026: Polar Foods wins an award",
        "Polar opened a hall in Leeds in October 2026 with 24 docks.",
    ],
)
@pytest.mark.parametrize("reason", list(SetAsideReason))
def test_a_date_of_the_prospects_own_is_no_use_of_what_was_set_aside(quote, reason):
    own = evidence(QUOTE.replace("In March", "In October 2026"))
    body = swap_text("in March", "in October 2026")
    its_case = case(evidence=(own,), set_aside=(SetAside(evidence=evidence(quote), reason=reason),))
    assert result(CheckName.EVIDENCE, body=body, case=its_case).passed
    told = body.replace(
        "A store of that size uses", "Polar Foods moved into a head office and wins an award; that uses"
    )
    aside = evidence("Polar Foods moved into its head office in October 2026 and wins an award.")
    its_case = case(evidence=(own,), set_aside=(SetAside(evidence=aside, reason=reason),))
    assert "set aside" in result(CheckName.EVIDENCE, body=told, case=its_case).reason


@pytest.mark.parametrize(
    ("named", "passes"),
    [
        ("Nordfrost", True),
        ("Nordfrost Logistics", True),
        ("Nordfrost GmbH", True),
        ("Nordfrost Seafood", False),
        ("Nordfrost Telekom", False),
        ("Nordfrost Academy", True),
    ],
)
def test_the_company_is_called_by_its_own_name(named, passes):
    academy = evidence("The Nordfrost Academy teaches seafood handling.")
    body = swap_text("Nordfrost opened", f"{named} opened")
    found = result(CheckName.EVIDENCE, body=body, case=case(evidence=(evidence(), academy)))
    assert found.passed is passes, found.reason


def test_a_copy_of_good_news_on_a_portal_does_not_spoil_it():
    copy = evidence(url="https://portal.example/1")
    for reason, passes in ((SetAsideReason.OTHER_COMPANY, True), (SetAsideReason.STALE, False)):
        its_case = case(set_aside=(SetAside(evidence=copy, reason=reason),))
        assert result(CheckName.EVIDENCE, case=its_case).passed is passes


def test_swap_passes_for_a_personal_draft_and_fails_for_one_that_fits_anybody():
    assert result(CheckName.SWAP).passed
    generic = swap_text(
        "I saw that Nordfrost opened a 7,200 m² cold store in Rotterdam in March.", "I saw the news about your company."
    )
    assert result(CheckName.SWAP, body=generic).outcome is Outcome.FAIL


def test_swap_fails_when_another_companys_news_carries_the_draft():
    loose = evidence("We have opened our largest distribution hall for frozen bakery goods yet.")
    twin = evidence("They opened the largest distribution hall for frozen bakery goods.", url="https://twin.example/")
    body = swap_text(
        "I saw that Nordfrost opened a 7,200 m² cold store in Rotterdam in March.",
        "I saw that you opened your largest distribution hall for frozen bakery goods.",
    )
    assert result(CheckName.SWAP, subject="hello", body=body, case=case(evidence=(loose,))).passed
    found = result(CheckName.SWAP, subject="hello", body=body, case=case(evidence=(loose,), foils=(twin,)))
    assert found.outcome is Outcome.FAIL
    assert "another company" in found.reason
    assert result(CheckName.SWAP, case=case(evidence=())).outcome is Outcome.NOT_RUN


def test_foils_are_of_one_known_kind_of_news_each_and_none_carries_the_good_email():
    kinds = {foil.signal for foil in FOILS}
    assert len(kinds) == len(FOILS) >= 8 and kinds <= set(known_taxonomy().news)
    assert not result(CheckName.CITATION, case=case(evidence=FOILS)).passed
    assert QUOTE not in {foil.quote for foil in FOILS}


@pytest.mark.parametrize("file", ["length.py", "lists/honorifics.txt"])
def test_the_version_changes_with_the_code_and_with_every_word_list(file, tmp_path, monkeypatch):
    copy = shutil.copytree(Path(run.__file__).parent, tmp_path / "checks")
    monkeypatch.setattr(run, "__file__", str(copy / "run.py"))
    assert checks_version.__wrapped__() == checks_version()
    (copy / file).write_text("doc")
    assert checks_version.__wrapped__() != checks_version()
