"""Which domains belong together for mail: DMARC compares organizational domains (RFC 7489, section 3.2)."""

from __future__ import annotations


def organizational(domain: str) -> str:
    """The part of a domain that somebody registered, by the public suffix list that `tld` carries.

    Under a top level that the list does not know, the last two labels.
    """
    from tld import get_fld

    name = domain.rstrip(".").lower()
    found = get_fld(f"https://{name}", fail_silently=True, search_private=False)
    return found or ".".join(name.split(".")[-2:])


def aligned(one: str, other: str, *, strict: bool = False) -> bool:
    """Whether DMARC takes one for the other."""
    if strict:
        return one.rstrip(".").lower() == other.rstrip(".").lower()
    return organizational(one) == organizational(other)


def tags(record: str) -> dict[str, str]:
    """The `name=value` parts of a DKIM or DMARC record, names in lower case."""
    pairs = (part.partition("=") for part in record.split(";") if "=" in part)
    return {name.strip().lower(): value.strip() for name, _, value in pairs}
