"""What one sentence of a company's page can be: a kind of news that emails are written about, or none, and then why."""

from __future__ import annotations

from enum import StrEnum


class NewsKind(StrEnum):
    """Kinds of news, by which sentences are matched with a brief's signals."""

    EXPANSION = "expansion"
    HIRING = "hiring"
    FUNDING = "funding"
    PRODUCT = "product"
    CONTRACT = "contract"
    ACQUISITION = "acquisition"
    LEADERSHIP = "leadership"
    CERTIFICATION = "certification"
    INCIDENT = "incident"
    COST = "cost"
    TECHNOLOGY = "technology"
    SUSTAINABILITY = "sustainability"
    REGULATION = "regulation"
    AWARD = "award"
    EVENT = "event"
    TARGET = "target"


class NoNews(StrEnum):
    """Why a sentence is not worth an email."""

    BOILERPLATE = "boilerplate"
    STALE = "stale"
    OTHER_COMPANY = "other_company"
    SENSITIVE = "sensitive"
    OPINION = "opinion"
    VAGUE = "vague"
    NAVIGATION = "navigation"
    INSTRUCTION = "instruction"
