"""Quotes of companies that do not exist, one for each usual kind of news: the swap test's stand-ins."""

from __future__ import annotations

from miniatures.checks.word_list import listed_table
from miniatures.datamodel.evidence import Quote

FOILS: tuple[Quote, ...] = tuple(Quote(quote=quote, signal=signal) for signal, quote in listed_table("foils").items())
