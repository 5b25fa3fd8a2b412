"""A cost in words, the same in the terminal and on every page."""

from __future__ import annotations


def dollars(cost: float | None) -> str:
    """A cost in USD; an unknown one is said to be unknown, and a tiny one is not shown as nothing."""
    if cost is None:
        return "unknown"
    if cost >= 1 or cost == 0:
        return f"${cost:,.2f}"
    return f"${cost:.4f}" if cost >= 0.001 else f"${cost:.7f}"


def cost_words(cost: float | None) -> str:
    """`cost $0.02`, `cost unknown`, or that nobody sends a bill."""
    if cost == 0:
        return "no API cost (this machine's own is not counted)"
    return f"cost {dollars(cost)}"
