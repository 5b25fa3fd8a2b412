"""What each check compares, in words for who reads a report: what passed says that much and no more."""

from __future__ import annotations

from miniatures.datamodel.check import CheckName

COMPARES = {
    CheckName.SCHEMA: "there is a subject of one line and a body, of sane size",
    CheckName.LENGTH: "as many words as the brief asks for",
    CheckName.GREETING: "the greeting names the prospect and nobody else",
    CheckName.CITATION: "it uses words that only a quote brings",
    CheckName.UNSUPPORTED: "each number, name and link is found in the brief, a quote or the row",
    CheckName.PLACEHOLDERS: "no blank is left to fill in",
    CheckName.CALL_TO_ACTION: "it asks for one thing, in the brief's words",
    CheckName.SIGNATURE: "the sender signs at the end",
    CheckName.REPETITION: "no sentence is said twice",
    CheckName.SPAM: "no word that spam filters look for",
    CheckName.LINKS: "links are those of the brief",
    CheckName.LANGUAGE: "each sentence is in the brief's language",
    CheckName.GROUNDS: "each definite statement shares words with the brief or a quote",
    CheckName.EVIDENCE: "no quote that it uses is too old or set aside",
    CheckName.SWAP: "with another company's quotes it would not pass",
    CheckName.SURENESS: "the reason to write is as sure as the stated risk asks for",
    CheckName.VETTED: "the verifier doubts no statement of it",
}
