"""A teacher on loopback that answers recorded questions: it stands in for a paid API where a large model has answered
the same prompts before.

    python -m benchmarks.replayed_teacher --answers FILE [--port 8911]

Then any campaign may name `openai-compatible:http://127.0.0.1:8911/v1#teacher`, and gets the recorded answer to each
question of the file. A question that is not there is refused, so that no campaign is measured on answers that nobody
gave. The file has a line for each answer, with the hash of its messages (`hash_of`).
"""

from __future__ import annotations

import argparse
import hashlib
import json
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

_HASH_DIGITS = 16
_CHARACTERS_PER_TOKEN = 4


def hash_of(messages: list[dict[str, str]]) -> str:
    """What a question is known by."""
    return hashlib.sha256(json.dumps(messages, ensure_ascii=False).encode()).hexdigest()[:_HASH_DIGITS]


def read_answers(file: Path) -> dict[str, str]:
    """The recorded answers, as the text that the teacher gave, by the hashes of their questions."""
    lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    return {line["question"]: json.dumps(line["answer"]) for line in lines}


def server(answers: dict[str, str], port: int) -> ThreadingHTTPServer:
    """A server of these answers, not yet running; port 0 takes a free one."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
            answer = answers.get(hash_of(asked["messages"]))
            if answer is None:
                self._reply(HTTPStatus.BAD_REQUEST, {"error": {"message": "nobody was asked this question"}})
            else:
                self._reply(HTTPStatus.OK, _completion(asked["messages"], answer))

        def log_message(self, format: str, *args: Any) -> None:
            """Says nothing of each request."""

        def _reply(self, status: HTTPStatus, content: dict[str, Any]) -> None:
            body = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    return ThreadingHTTPServer(("127.0.0.1", port), Handler)


def _completion(messages: list[dict[str, str]], answer: str) -> dict[str, Any]:
    """The answer as the protocol has it, with estimated tokens."""
    read, written = (
        sum(map(len, texts)) // _CHARACTERS_PER_TOKEN for texts in ([one["content"] for one in messages], [answer])
    )
    return {
        "id": "replayed",
        "object": "chat.completion",
        "created": 0,
        "model": "teacher",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": answer}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--answers", type=Path, required=True)
    parser.add_argument("--port", type=int, default=8911)
    options = parser.parse_args()
    answers = read_answers(options.answers)
    print(f"{len(answers)} answers at http://127.0.0.1:{options.port}/v1", flush=True)
    server(answers, options.port).serve_forever()


if __name__ == "__main__":
    main()
