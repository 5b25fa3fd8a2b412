"""How fast does a miniature train? Against TRL's SFTTrainer on the same weights, tokens, batches, dropout and steps.

    ours          `miniatures finetune`, whole, at the beginning and once more at the end
    (a) default   TRL as it comes: weights in float32, bf16 arithmetic, gradient checkpointing
    (b) tuned     TRL tuned by hand: weights in bf16, no gradient checkpointing; and `packed`, without padding too
    without ...   ours with one of its parts left out, to show what each brings
    full          ours, every weight trained

Each side runs in a process of its own, so that peaks of memory do not mix; they run in turn. Batches are `grouped`, as
our planner makes them (examples with one system message, as a campaign has them), and once more `any`: drawn without
regard to what they share. Both sides get the same batches. The first step of each warms up and is not counted.

Checked first: every side trained on as many tokens and learned as many as the job names. Afterwards one judge, plain
transformers and peft, reads the same held-out examples with each adapter; dropout draws differ, the losses must not.

TRL is no dependency. Give it an interpreter of its own that sees our libraries and has TRL besides:

    python -m venv ELSEWHERE
    .venv/bin/python -c "import sysconfig; print(sysconfig.get_path('purelib'))" > shared.pth
    mv shared.pth ELSEWHERE/lib/python3.11/site-packages/
    ELSEWHERE/bin/pip install trl==1.16.0
    python benchmarks/training.py --peer-python ELSEWHERE/bin/python

Where there is a GPU the same is run on a random model in the shape of Qwen3-4B as well.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from training_job import RESULT, Job, read_job

HERE = Path(__file__).parent
OFFLINE = {"HF_HUB_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1", "TOKENIZERS_PARALLELISM": "false"}
PEERS = {"default": "(a) TRL as it comes", "tuned": "(b) TRL tuned", "packed": "(b) TRL tuned, packed"}
OURS = {
    "whole": "ours",
    "no-sharing": "ours without shared prefixes",
    "no-fused-lora": "ours without the fused LoRA layer",
    "no-plain-attention": "ours with torch's attention",
    "full": "ours, full fine-tuning",
}
GOALS = "goals: >= 2.5 times (a), >= 1.5 times (b), <= 0.6 of its peak memory, loss within 1 %"


@dataclass
class Bench:
    """The machine that runs sides, and what they came to."""

    folder: Path
    peer_python: str | None
    cuda: bool
    results: dict[str, dict[str, Any]] = field(default_factory=dict)

    def call(self, python: str, script: str, *words: str) -> str:
        """Run one script in a process of its own; returns the last line of what it said."""
        environment = {**os.environ, **OFFLINE} | ({} if self.cuda else {"CUDA_VISIBLE_DEVICES": ""})
        command = [python, str(HERE / script), *words]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
        if done.returncode:
            raise SystemExit(f"{' '.join(command)} failed:\n{done.stderr[-3000:]}")
        return (done.stdout.splitlines() or [""])[-1]

    def prepare(self, base: str, steps: int) -> Job:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.call(sys.executable, "training_ours.py", "prepare", str(self.folder), base, str(steps))
        return read_job(self.folder)

    def side(self, job: Job, plan: str, way: str, again: str = "") -> None:
        """Train one side, check what it trained on, and tell its figures."""
        peer = way in PEERS
        if peer and self.peer_python is None:
            return
        name = f"{plan}-{way}{again}"
        out = self.folder / name
        python = self.peer_python if peer and self.peer_python else sys.executable
        script = ["training_peer.py"] if peer else ["training_ours.py", "train"]
        self.call(python, *script, str(self.folder), plan, way, str(out))
        figures = json.loads((out / RESULT).read_text(encoding="utf-8"))
        seen, wanted = (figures["tokens"], figures["labels"]), (sum(job.tokens(plan)), job.labels(plan))
        if seen != wanted:
            raise SystemExit(f"{name} trained on {seen[0]} tokens and learned {seen[1]}; the job says {wanted}")
        figures["tokens_per_second"] = sum(job.tokens(plan)[1:]) / sum(figures["seconds"])
        self.results[name] = figures
        self.keep()
        print(f"{name}: {figures['tokens_per_second']:.0f} tokens/s", file=sys.stderr, flush=True)

    def judge(self) -> None:
        """Add each adapter's held-out loss to its figures."""
        names = [name for name in self.results if not name.endswith("full")]
        outs = [str(self.folder / name) for name in names]
        losses = json.loads(self.call(sys.executable, "training_ours.py", "judge", str(self.folder), *outs))
        for name in names:
            self.results[name]["held_out"] = losses[name]
        self.results["base"] = {"held_out": losses["base"]}
        self.keep()

    def keep(self) -> None:
        """Write down what is known so far."""
        (self.folder / "results.json").write_text(json.dumps(self.results, indent=1), encoding="utf-8")


def run(bench: Bench, base: str, steps: int, parts: bool) -> None:
    """All sides on one base, and their tables."""
    job = bench.prepare(base, steps)
    bench.side(job, "grouped", "whole")
    for way in PEERS:
        bench.side(job, "grouped", way)
    for way in [way for way in OURS if way != "whole"] if parts else []:
        bench.side(job, "grouped", way)
    for way in ("default", "tuned", "whole"):
        bench.side(job, "any", way)
    bench.side(job, "grouped", "whole", again="-again")
    bench.judge()
    for plan in ("grouped", "any"):
        print(table(bench.results, job, plan))
    print(limit(bench.results["grouped-whole"]))
    for name in ("grouped-whole", "grouped-full"):
        if name in bench.results:
            print(f"{name}: {bench.results[name]['trainable']:,} trainable parameters")


def table(results: dict[str, dict[str, Any]], job: Job, plan: str) -> str:
    """Rows of Markdown; ours is the mean of its runs where it ran twice."""
    runs = [name for name in (f"{plan}-whole", f"{plan}-whole-again") if name in results]
    rate = statistics.mean(results[name]["tokens_per_second"] for name in runs)
    peak = max(results[name]["peak"] for name in runs)
    sizes = [len(batch) for batch in job.batches[plan]]
    lines = [
        f"\n{plan}: {len(sizes)} steps of {statistics.mean(sizes):.1f} examples, {sum(job.tokens(plan)):,} tokens, "
        f"{job.labels(plan):,} of them learned; held-out loss of the bare base {results['base']['held_out']:.4f}\n",
        "| | tokens/s | s a step | peak MB | held-out loss | ours is faster | our memory to its |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, figures in results.items():
        if name.startswith(f"{plan}-"):
            lines.append(row(name, figures, rate, peak))
    losses = [
        figures["held_out"] for name, figures in results.items() if name.startswith(plan) and "held_out" in figures
    ]
    apart = (max(losses) - min(losses)) / min(losses)
    return "\n".join([*lines, "", f"held-out losses lie within {apart:.2%} of each other; {GOALS}"])


def row(name: str, figures: dict[str, Any], rate: float, peak: int) -> str:
    label = {**PEERS, **OURS}[name.split("-", 1)[1].removesuffix("-again")]
    loss = f"{figures['held_out']:.4f}" if "held_out" in figures else ""
    return (
        f"| {label} | {figures['tokens_per_second']:.0f} | {statistics.mean(figures['seconds']):.2f} "
        f"| {figures['peak'] / 1e6:,.0f} | {loss} | {rate / figures['tokens_per_second']:.2f} "
        f"| {peak / figures['peak']:.2f} |"
    )


def limit(figures: dict[str, Any]) -> str:
    """How much of what this machine could do was done."""
    reached = figures["operations"] / sum(figures["seconds"])
    return (
        f"\nlimit: a bf16 product of the model's shape runs at {figures['rate'] / 1e9:.0f} GFLOP/s here "
        f"(2048 x 2048 matrices: {figures['square_rate'] / 1e9:.0f}); our steps reach {reached / 1e9:.0f}, "
        f"{reached / figures['rate']:.0%} of it, counted as in preflight (attention left out); at the full rate it "
        f"would be {figures['tokens_per_second'] * figures['rate'] / reached:.0f} tokens/s"
    )


def gpu_name() -> str | None:
    """The first CUDA device, asked for in another process, so that this one holds no memory on it."""
    question = "import torch; print(torch.cuda.get_device_name() if torch.cuda.is_available() else '')"
    done = subprocess.run([sys.executable, "-c", question], capture_output=True, text=True, check=True)
    return done.stdout.strip() or None


def main() -> None:
    parser = argparse.ArgumentParser(description="Training speed against TRL's SFTTrainer.")
    parser.add_argument("--peer-python", help="an interpreter that has TRL; see the head of this file")
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument("--base", default="smollm2-135m-instruct", help="a named weight, a GGUF or a folder")
    parser.add_argument("--no-parts", dest="parts", action="store_false", help="leave out ours without its parts")
    parser.add_argument("--out", type=Path, help="keep the job and the adapters here")
    arguments = parser.parse_args()
    if arguments.steps < 2:
        parser.error("--steps: the first step warms up, so that at least 2 are needed")
    if arguments.peer_python is None:
        print("no --peer-python: TRL's sides are left out")
    with tempfile.TemporaryDirectory() as spare:
        folder = arguments.out or Path(spare)
        run(Bench(folder / "cpu", arguments.peer_python, cuda=False), arguments.base, arguments.steps, arguments.parts)
        gpu = gpu_name()
        if gpu is None:
            print("\nno GPU: the comparison on a 4B-shaped model was not run")
            return
        print(f"\n{gpu}, a random model in the shape of Qwen3-4B:")
        run(Bench(folder / "gpu", arguments.peer_python, cuda=True), "qwen3-4b", arguments.steps, parts=False)


if __name__ == "__main__":
    main()
