"""A role that this package does not know, as somebody would add it: this file is all there is of it."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel

from miniatures.agents.roles.role import Role, Variables


class Urgency(BaseModel):
    """How soon somebody should answer."""

    urgency: Literal["today", "later"]


class ReplyVariables(Variables):
    """The reply that came in."""

    company: str
    reply: str

    @property
    def told_company(self) -> str:
        return self.company


class Triage(Role[ReplyVariables, Urgency]):
    """Says how urgent a reply is."""

    name = "triage"
    variables = ReplyVariables
    answer = Urgency
    template = """
{% block system %}
How soon must this be answered? Answer as JSON: {"urgency": "today"} or {"urgency": "later"}
{% endblock %}
{% block user %}
Reply from {{ company }}: {{ reply }}
{% endblock %}
"""

    def faults(self, variables: ReplyVariables, answer: Urgency) -> tuple[str, ...]:
        late = answer.urgency == "later" and "today" in variables.reply
        return ("the reply asks for an answer today",) if late else ()


TRIAGE = Triage()
