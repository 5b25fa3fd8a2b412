"""What nearly every class here is: a value that is checked when it is made and never changed afterwards."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Frozen(BaseModel):
    """A value. A name that it does not know is passed over, so that what a newer version wrote can be read."""

    model_config = ConfigDict(frozen=True)


class Strict(Frozen):
    """A value that a person writes, or that must say exactly what it says: a name that it does not know is an error."""

    model_config = ConfigDict(extra="forbid")
