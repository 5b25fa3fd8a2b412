"""Start to first token on the embedded model, and where the time goes.

Run:  python benchmarks/engine_start.py [--cold]

Each start is a fresh process; the weights are in the file cache. `--cold` first removes what earlier starts have kept,
so that the first line shows a start that has to read the GGUF. The target is under 6 s.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys

from miniatures.weights.home import weights_home

STARTS = 3
START = """
import json, time
begun = time.perf_counter()
marks = {}
def mark(name):
    global begun
    now = time.perf_counter()
    marks[name], begun = now - begun, now
from miniatures.backends.spec import open_backend
mark("import the backend")
backend = open_backend("local:smollm2-135m-instruct")
mark("find and check the weights")
import openvino_genai
mark("import the engine")
stream = backend.stream("Hello", max_tokens=2)
next(stream)
marks["load the model and decode one token"] = time.perf_counter() - begun
list(stream)
print(json.dumps(marks))
"""


def start() -> dict[str, float]:
    """Seconds of each step of one start."""
    done = subprocess.run([sys.executable, "-c", START], capture_output=True, text=True, check=True)
    return dict(json.loads(done.stdout))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cold", action="store_true", help="forget the converted model first")
    if parser.parse_args().cold:
        shutil.rmtree(weights_home() / "openvino", ignore_errors=True)
    for number in range(1, STARTS + 1):
        steps = start()
        print(f"start {number}: {sum(steps.values()):.2f} s to the first token (target: under 6 s)")
        for name, seconds in steps.items():
            print(f"  {seconds:5.2f} s  {name}")


if __name__ == "__main__":
    main()
