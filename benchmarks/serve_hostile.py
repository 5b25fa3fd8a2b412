"""`miniatures serve` under 1,000 hostile requests beside one well-behaved client: do that client's answers all come?

    python -m benchmarks.serve_hostile [--requests 1000] [--seed 7]

A real server process with the shipped miniature on loopback. The well-behaved client asks one question after the
other with structured output: first alone, then for as long as the hostile requests last. Said are how many of its
answers came and were valid, how long they took, and how each family of hostile requests was answered.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from statistics import median, quantiles
from typing import Any

import httpx

MODEL = "outreach"
SPEC = f"{MODEL}=miniature:outreach@live"
ALONE = 20
AT_ONCE = 16
PATIENCE_S = 60.0
SCHEMA = {
    "type": "object",
    "properties": {"kind": {"enum": ["opening", "funding", "hiring", "none"]}, "sure": {"type": "boolean"}},
    "required": ["kind", "sure"],
}
CITIES = ("Rotterdam", "Gdansk", "Porto", "Malmo", "Trieste")

Draw = random.Random
Body = tuple[bytes, dict[str, str]]


def body(**changes: Any) -> bytes:
    asked = {"model": MODEL, "messages": [{"role": "user", "content": "hi"}], "max_tokens": 4}
    return json.dumps(asked | changes).encode()


def schema(value: Any, **others: Any) -> bytes:
    stated = {"type": "object", "properties": {"a": value}, "required": ["a"], **others}
    return body(response_format={"type": "json_schema", "json_schema": {"name": "a", "schema": stated}})


def unions(depth: int, width: int) -> Any:
    return {"type": ["array"] * width, "items": unions(depth - 1, width)} if depth else {"type": "string"}


def choices(depth: int) -> Any:
    return {"anyOf": [{"type": "array", "items": choices(depth - 1)}] * 2} if depth else {"type": "string"}


def pattern(draw: Draw) -> str:
    shapes = (
        "([",
        "(?=a)b\\1",
        "^((a{1,1000}){1,1000}){1,%d}$",
        "^(?:.{0,300}x){0,%d}$",
        "^[a-z]{1,%d}$",
        "*",
        "(" * 200,
    )
    shape = draw.choice(shapes)
    return shape % draw.randint(100, 900) if "%d" in shape else shape


SELF = {"$defs": {"a": {"$ref": "#/$defs/a"}}}
FAMILIES: dict[str, Callable[[Draw], bytes]] = {
    "nested unions": lambda draw: schema(unions(draw.randint(10, 40), draw.randint(2, 9))),
    "nested choices": lambda draw: schema(choices(draw.randint(8, 13))),
    "bad and dear patterns": lambda draw: schema({"type": "string", "pattern": pattern(draw)}),
    "counted lists": lambda draw: schema(
        {
            "type": "object",
            "properties": {f"p{n}": {"type": "array", "maxItems": 999} for n in range(draw.randint(2, 200))},
        }
    ),
    "long enums": lambda draw: schema({"enum": [f"w{n}" for n in range(draw.randint(1_000, 60_000))]}),
    "endless references": lambda draw: schema({"$ref": "#/$defs/a"}, **SELF),
    "malformed schemas": lambda draw: schema(
        draw.choice([{"enum": []}, {"type": 5}, {"items": 1, "type": "array"}, 7, None])
    ),
    "stop strings": lambda draw: body(stop=[str(n) for n in range(draw.choice([5, 100_000]))]),
    "huge numbers": lambda draw: body(
        **{draw.choice(["seed", "max_tokens", "temperature"]): 10 ** draw.randint(20, 4000)}
    ),
    "no numbers": lambda draw: body(temperature=float(draw.choice(["nan", "inf"]))),
    "deep JSON": lambda draw: b"[" * draw.randint(500, 100_000),
    "bytes that are no text": lambda draw: b'{"model": "' + draw.randbytes(40) + b'"}',
    "half characters": lambda draw: body().replace(b'"hi"', b'"\\ud800"'),
    "many messages": lambda draw: body(messages=[{"role": "user", "content": "hi"}] * 10_000),
    "a long message": lambda draw: body(
        messages=[{"role": "user", "content": draw.choice("a <|") * draw.randint(100_000, 900_000)}]
    ),
    "too large": lambda draw: body(user="x" * 2_000_000),
    "unknown parameters": lambda draw: body(**{"".join(draw.choices("abcdef", k=9)): 1, "n": 5}),
    "other models": lambda draw: body(model="../" * draw.randint(1, 999)),
}
HEADERS: tuple[dict[str, str], ...] = (
    {"Host": "evil.example"},
    {"Origin": "http://evil.example"},
    {"Origin": "null"},
    {"Content-Type": "text/plain"},
)
PLAIN = {"Content-Type": "application/json"}


async def attack(url: str, count: int, seed: int) -> Counter[tuple[str, str]]:
    """Send so many hostile requests, some at once, and count how each family was answered."""
    draw, answers, waiting = random.Random(seed), Counter[tuple[str, str]](), iter(range(count))
    async with httpx.AsyncClient(timeout=PATIENCE_S, limits=httpx.Limits(max_connections=AT_ONCE)) as http:

        async def work() -> None:
            for number in waiting:
                family, answer = await one(http, url, number, draw)
                answers[family, answer] += 1

        await asyncio.gather(*(work() for _ in range(AT_ONCE)))
    return answers


async def one(http: httpx.AsyncClient, url: str, number: int, draw: Draw) -> tuple[str, str]:
    others = ("foreign heads", "chunks without end", "half a request", "leaves at once")
    family = [*FAMILIES, *others][number % (len(FAMILIES) + len(others))]
    address = f"{url}/v1/chat/completions"
    try:
        match family:
            case "foreign heads":
                reply = await http.post(address, content=body(), headers=PLAIN | draw.choice(HEADERS))
            case "chunks without end":
                reply = await http.post(address, content=endless(), headers=PLAIN)
            case "half a request":
                return family, await half(url, draw)
            case "leaves at once":
                asked = body(max_tokens=400, stream=draw.random() < 0.5)
                reply = await http.post(address, content=asked, headers=PLAIN, timeout=draw.uniform(0.05, 0.5))
            case _:
                reply = await http.post(address, content=FAMILIES[family](draw), headers=PLAIN)
    except httpx.HTTPError as error:
        return family, type(error).__name__
    return family, f"{reply.status_code}{'' if is_json(reply) else ' no JSON'}"


async def endless() -> Any:
    for _ in range(40):
        yield b" " * 65_536


async def half(url: str, draw: Draw) -> str:
    """Send the beginning of a request and leave after a while."""
    host, _, port = url.removeprefix("http://").partition(":")
    _, writer = await asyncio.open_connection(host, int(port))
    writer.write(
        b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 90\r\n\r\n{"[: draw.randint(1, 90)]
    )
    await asyncio.sleep(draw.uniform(0, 1))
    writer.close()
    return "left"


def is_json(reply: httpx.Response) -> bool:
    try:
        reply.json()
    except ValueError:
        return False
    return True


async def well_behaved(url: str, more: Callable[[int], bool]) -> tuple[list[float], list[str]]:
    """Ask one question after the other while there is to be more: seconds of each answer, and what was wrong."""
    seconds, faults, asked = [], [], 0
    async with httpx.AsyncClient(timeout=PATIENCE_S * 5) as http:
        while more(asked):
            question = f"A company opened store {asked} in {CITIES[asked % len(CITIES)]}. What kind of news is it?"
            form = {"type": "json_schema", "json_schema": {"name": "kind", "schema": SCHEMA}}
            asked_for = {"model": MODEL, "messages": [{"role": "user", "content": question}], "response_format": form}
            started = time.perf_counter()
            try:
                reply = await http.post(f"{url}/v1/chat/completions", json=asked_for)
                answer = json.loads(reply.json()["choices"][0]["message"]["content"])
                if answer["kind"] not in SCHEMA["properties"]["kind"]["enum"] or not isinstance(answer["sure"], bool):
                    faults.append(f"{asked}: {answer}")
            except Exception as error:
                faults.append(f"{asked}: {type(error).__name__} {error}")
            seconds.append(time.perf_counter() - started)
            asked += 1
    return seconds, faults


def start() -> tuple[str, subprocess.Popen[bytes]]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    code = f"from miniatures.app.serve import serve; serve(['{SPEC}'], port={port})"
    process = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    while process.poll() is None:
        try:
            if httpx.get(f"{url}/health").is_success:
                return url, process
        except httpx.TransportError:
            time.sleep(0.1)
    raise RuntimeError("the server did not start")


async def measure(url: str, requests: int, seed: int) -> dict[str, Any]:
    await well_behaved(url, lambda asked: asked < 2)  # loads the model
    alone, alone_faults = await well_behaved(url, lambda asked: asked < ALONE)
    started = time.perf_counter()
    attacking = asyncio.create_task(attack(url, requests, seed))
    beside, faults = await well_behaved(url, lambda _: not attacking.done())
    answers = await attacking
    took = time.perf_counter() - started
    after, after_faults = await well_behaved(url, lambda asked: asked < ALONE)
    return {
        "hostile": requests,
        "seed": seed,
        "seconds": round(took, 1),
        "alone": figures(alone, alone_faults),
        "beside": figures(beside, faults),
        "after": figures(after, after_faults),
        "hostile answers": {f"{family}: {answer}": count for (family, answer), count in sorted(answers.items())},
    }


def figures(seconds: list[float], faults: list[str]) -> dict[str, Any]:
    return {
        "asked": len(seconds),
        "valid": len(seconds) - len(faults),
        "median_s": round(median(seconds), 3),
        "p95_s": round(quantiles(seconds, n=20)[-1], 3) if len(seconds) > 1 else None,
        "longest_s": round(max(seconds), 3),
        "faults": faults[:5],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=7)
    asked = parser.parse_args()
    url, process = start()
    try:
        print(json.dumps(asyncio.run(measure(url, asked.requests, asked.seed)), indent=1))
    finally:
        process.kill()
        process.wait()


if __name__ == "__main__":
    main()
