"""What a verifier says of one statement of an email."""

from __future__ import annotations

from miniatures.datamodel.frozen import Frozen


class VettedStatement(Frozen):
    """One statement, how sure the verifier is that its page supports it, and in which way likeliest not."""

    part: str
    text: str
    kind: str
    sure: float
