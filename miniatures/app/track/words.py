"""What the opt-out page says, in the languages in which our own words stand below emails as well."""

from __future__ import annotations

from typing import NamedTuple


class Words(NamedTuple):
    """One language's. No sentence holds a name, so none has to be inflected around it."""

    language: str
    ask: str
    sender: str
    recipient: str
    button: str
    done: str
    done_more: str
    failed: str
    failed_more: str


_LANGUAGES = {
    "en": Words(
        "en",
        "No more emails?",
        "From",
        "To",
        "Send me no more emails",
        "You will get no more emails.",
        "That is settled, and there is nothing else to do. An email that is on its way just now may still arrive.",
        "That could not be saved.",
        "You are not opted out yet. Please try again in a few minutes, or reply to the email with STOP.",
    ),
    "de": Words(
        "de",
        "Keine E-Mails mehr?",
        "Von",
        "An",
        "Keine E-Mails mehr senden",
        "Sie erhalten keine E-Mails mehr.",
        "Damit ist alles erledigt. Eine E-Mail, die gerade unterwegs ist, kann noch eintreffen.",
        "Das konnte nicht gespeichert werden.",
        "Sie sind noch nicht abgemeldet. Bitte versuchen Sie es in einigen Minuten noch einmal, oder antworten Sie auf "
        "die E-Mail mit STOP.",
    ),
    "fr": Words(
        "fr",
        "Ne plus recevoir d’e-mails ?",  # noqa: RUF001
        "De",
        "À",
        "Ne plus m’envoyer d’e-mails",  # noqa: RUF001
        "Vous ne recevrez plus d’e-mails.",  # noqa: RUF001
        "C’est enregistré, vous n’avez rien d’autre à faire. Un e-mail déjà en route peut encore arriver.",  # noqa: RUF001
        "L’enregistrement a échoué.",  # noqa: RUF001
        "Vous n’êtes pas encore désinscrit. Veuillez réessayer dans quelques minutes, ou répondre STOP à l’e-mail.",  # noqa: RUF001
    ),
    "es": Words(
        "es",
        "¿No recibir más correos?",
        "De",
        "Para",
        "No enviarme más correos",
        "No recibirá más correos.",
        "Queda registrado y no tiene que hacer nada más. Un correo que ya esté en camino aún puede llegar.",
        "No se ha podido guardar.",
        "Su baja todavía no está registrada. Inténtelo de nuevo en unos minutos o responda al correo con STOP.",
    ),
    "it": Words(
        "it",
        "Non ricevere più e-mail?",
        "Da",
        "A",
        "Non inviarmi più e-mail",
        "Non riceverà più e-mail.",
        "È registrato e non deve fare altro. Un’e-mail già in viaggio può ancora arrivare.",  # noqa: RUF001
        "Non è stato possibile salvare.",
        "La cancellazione non è ancora registrata. Riprovi tra qualche minuto, oppure risponda STOP all’e-mail.",  # noqa: RUF001
    ),
    "nl": Words(
        "nl",
        "Geen e-mails meer?",
        "Van",
        "Aan",
        "Stuur mij geen e-mails meer",
        "U ontvangt geen e-mails meer.",
        "Dat is geregeld en u hoeft verder niets te doen. Een e-mail die al onderweg is, kan nog aankomen.",
        "Dat kon niet worden opgeslagen.",
        "U bent nog niet afgemeld. Probeer het over een paar minuten opnieuw, of antwoord op de e-mail met STOP.",
    ),
}


def words_in(language: str) -> Words:
    """Of the language that a tag such as `de-AT` names; English where we have no words in it."""
    return _LANGUAGES.get(language[:2].lower(), _LANGUAGES["en"])


def masked(address: str) -> str:
    """An address so that whoever has it knows it again, and nobody else learns it: a***@example.com."""
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}***@{domain}"
