"""Every link is one of the brief's: a fetched page or a model may not put its own in."""

from __future__ import annotations

from miniatures.checks.case import CheckCase
from miniatures.checks.draft_text import DraftText
from miniatures.checks.support import distinct
from miniatures.checks.verdict import Verdict, failed, listed, passed
from miniatures.checks.web import find_links, host_of, links_of, normal_link
from miniatures.datamodel.brief import Brief


def check_links(draft: DraftText, case: CheckCase) -> Verdict:
    """Links, bare domains and addresses are the brief's links, their hosts, or the sender's own.

    A company whose name is a domain (Example.com) may be called by it.
    """
    allowed = allowed_links(case.brief) | named_as_domain(case.prospect.company)
    found = [link for text in (draft.subject, draft.body) for link in links_of(text, case.plain_words)]
    foreign = distinct(link for link in found if link not in allowed)
    return failed(f"the text links to {listed(foreign)}, which the brief does not") if foreign else passed()


def named_as_domain(company: str) -> frozenset[str]:
    """The bare domain that a company's name begins with, if it does."""
    first = company.split(maxsplit=1)[0] if company.strip() else ""
    return frozenset(normal_link(one.text) for one in find_links(first, ()) if one.is_bare and one.text == first)


def allowed_links(brief: Brief) -> frozenset[str]:
    """Every normalized link that an email of the brief may carry."""
    links = {normal_link(link) for link in brief.links}
    hosts = {host_of(link) for link in brief.links}
    told = (brief.call_to_action, brief.sender.postal_address, brief.sender.company)
    named = {link for text in told for link in links_of(text)}
    return frozenset(links | hosts | named | {normal_link(brief.sender.email), host_of(brief.sender.email)})
