"""Whoever asks to be left alone is heard in nine languages; who speaks of something else is not taken for that."""

from __future__ import annotations

import pytest

from miniatures.delivery.inbound.opt_out import asks_to_stop, is_unsubscribe_subject


@pytest.mark.parametrize(
    "text",
    [
        "STOP", "Stop!", "unsubscribe", "Hi Rosa,\n\nplease remove me.\n", "Please take me off your mailing list.",
        "Not interested. Do not contact me again.", "Stop emailing me", "No more emails please, we are set.",
        "Kindly remove my email address from your database", "I would like to unsubscribe.", "Please don't email me.",
        "I don't want to receive any further messages from you.", "Opt me out.", "Please delete my data.",
        "Bitte nehmen Sie mich aus Ihrem Verteiler.", "Keine weiteren Mails bitte.", "abmelden",
        "Bitte kontaktieren Sie mich nicht mehr.", "Ich widerspreche der Nutzung meiner Daten zu Werbezwecken.",
        "Bitte sehen Sie künftig von weiteren Nachrichten ab.", "Streichen Sie mich bitte von der Liste",
        "Merci de ne plus me contacter.", "Désinscrivez-moi", "Je ne souhaite plus recevoir vos mails",
        "Veuillez retirer mon adresse de votre liste.", "Arrêtez de m'écrire",
        "Por favor, no me escriba más.", "Baja", "Quiero darme de baja", "Elimíneme de su lista, por favor",
        "No deseo recibir más correos.",
        "Cancellatemi dalla lista", "Non desidero ricevere altre email", "Non mi scriva più, grazie",
        "Graag afmelden", "Verwijder mij uit uw bestand", "Wij willen geen mails meer ontvangen",
        "Ta bort mig från listan", "Kontakta mig inte igen", "Sluta mejla mig", "avregistrera",
        "Proszę o usunięcie mojego adresu z bazy", "Proszę nie pisać do mnie więcej", "Wypisz mnie",
        "Não me contacte mais", "Remova-me da lista", "Não quero receber mais e-mails", "Deixem-nos em paz.",
        "Thanks!\nUNSUBSCRIBE ME please", "off the list, cheers", "Stop. We never asked for this.",
        "We sell no bread. Could you take the bakery off your mailing list?", "How do I unsubscribe? I see no link.",
        "Might we be removed? It is a school.", "Kindly opt both of us out.", "Please lose this number.",
        "Treat my old colleague and me as unsubscribed.", "I object to direct marketing.", "Don't send a third.",
        "Add it to your suppression list.", "This office doesn't want your newsletters.", "Leave us alone!",
        "The board asks that members are not contacted.", "No calls, no emails.", "I have reported this as spam.",
        "Any further contact will be treated as harassment.", "If I get one more of these, I call a lawyer.",
        "Please remove stores@quay.example, nobody reads it.", "Enough now. Please, no more.",
        "Abmelden bitte, danke!", "Können Sie uns da rausnehmen?", "Ich möchte aus Ihrem Verteiler raus.",
        "Lassen Sie das.", "Lasst uns bitte in Ruhe.", "Bitte künftig keine Anfragen mehr.",
        "Ich bitte um sofortige Löschung meiner Daten.", "Werbung ist hier nicht erwünscht.",
        "Ne m'écrivez plus.", "Désinscription, merci", "STOP aux mails !", "Laissez-nous tranquilles.",
        "Je demande l'effacement de mes données.", "Que mon nom ne figure plus dans vos envois.",
        "Bórreme.", "Me opongo al tratamiento de mis datos.", "No quiero saber nada más de ustedes.",
        "Borren este correo, por favor.", "Vi chiedo di togliermi dalla lista.", "Revoco il mio consenso.",
        "Non scrivete più a questo indirizzo.", "Haal ons adres uit jullie bestand.", "Laat ons met rust.",
        "Ik verzoek u mijn gegevens te wissen.", "Plocka bort oss, tack", "Skriv inte till oss igen.",
        "Proszę nas wypisać.", "Afmeld mig venligst.", "Slet min adresse.", "Skriv ikke til os igen.",
    ],
)  # fmt: skip
def test_a_request_to_stop_is_heard(text: str) -> None:
    assert asks_to_stop(text)


@pytest.mark.parametrize(
    "text",
    [
        "Yes please, send more!", "How do your customers unsubscribe?",
        "Please don't remove me from the list, I was away.",
        "We stopped using that tool last year.", "Can you stop by on Tuesday?", "Don't hesitate to contact me again.",
        "No, thanks.", "Not interested.", "We have no further contact person here.", "I will not contact them again.",
        "Could your tool remove duplicates from our list?", "Bitte melden Sie sich nächste Woche.",
        "Wir haben keine Fragen mehr.", "Nous n'avons plus de budget.", "No tenemos más preguntas.",
        "Stop 4, Hafen West",
        "If you no longer wish to hear from the Trust, remove this message from your system.",
        "If you wish to be removed from our own list, tell the office.", "Stop sending plans till June, we are shut.",
        "Ne m'envoyez pas de catalogue, venez plutôt !", "It took the old sign off in an hour. Never again, thanks.",
        "If this reached you by mistake please remove it from your system.", "Stop by and take a look.",
        "The mast was taken off the list of options.", "We keep a list, you are on it.",
        "Vielen Dank, bitte mehr davon.",
        "", "Danke, melden Sie sich im Mai wieder.", "Do not send me the contract before Friday.",
    ],
)  # fmt: skip
def test_other_words_are_no_request(text: str) -> None:
    assert not asks_to_stop(text)


@pytest.mark.parametrize(
    ("subject", "asks"),
    [
        ("unsubscribe", True),
        ("Unsubscribe 0190f3a2b4c5d6e7f8a9b0c1d2e3f4a5", True),
        ("STOP", True),
        ("Abmelden", True),
        ("Re: unsubscribe", False),
        ("How to unsubscribe", False),
        ("About company 1", False),
        ("", False),
    ],
)
def test_the_subject_of_a_mail_programs_request(subject: str, asks: bool) -> None:
    assert is_unsubscribe_subject(subject) is asks
