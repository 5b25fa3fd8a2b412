"""The losses of a training run: a JSONL file that survives a kill, and the picture of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pydantic import ValidationError

from miniatures.datamodel.frozen import Frozen


class CurvePoint(Frozen):
    """One logged loss, in nats a learned token."""

    step: int
    training: float | None = None
    validation: float | None = None
    rate: float | None = None


class CurveFile(Frozen):
    """The curve on disk. A resumed run repeats the steps after its checkpoint: the later line of a step counts."""

    path: Path

    def add(self, point: CurvePoint) -> None:
        with self.path.open("a", encoding="utf-8") as file:
            file.write(point.model_dump_json(exclude_none=True) + "\n")

    def cut(self, step: int) -> None:
        """Forget what an earlier run wrote after this step: the run that begins there writes it anew."""
        kept = [point for point in self.points() if point.step <= step]
        self.path.unlink(missing_ok=True)
        for point in kept:
            self.add(point)

    def points(self) -> list[CurvePoint]:
        """Every point in order of its step; a line that a kill cut off, or a loss that was no number, is left out."""
        if not self.path.exists():
            return []
        last: dict[tuple[int, bool], CurvePoint] = {}
        for line in self.path.read_text(encoding="utf-8").splitlines():
            try:
                point = CurvePoint.model_validate_json(line)
            except ValidationError:
                continue
            if point.training is not None or point.validation is not None:
                last[point.step, point.validation is not None] = point
        return [last[key] for key in sorted(last)]


def draw_curve(points: Sequence[CurvePoint], path: Path, title: str) -> None:
    """Training and validation loss over the steps, as a PNG of 900 x 480 pixels."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(9, 4.8), dpi=100)
    trained = [(point.step, point.training) for point in points if point.training is not None]
    validated = [(point.step, point.validation) for point in points if point.validation is not None]
    if trained:
        axes.plot(*zip(*trained, strict=True), color="#9ab0c4", linewidth=1, label="training")
    if validated:
        axes.plot(*zip(*validated, strict=True), color="#b4451f", marker="o", markersize=4, label="validation")
    axes.set_xlabel("step")
    axes.set_ylabel("loss, nats a learned token")
    axes.set_title(title, loc="left", fontsize=11)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    figure.tight_layout()
    figure.savefig(path)
    pyplot.close(figure)
