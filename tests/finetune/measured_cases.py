"""A small real dataset of cold stores, and a chat server on loopback whose models know the right email, or do not."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from miniatures.agents.roles.researcher import ListVariables
from miniatures.datamodel.example import Example, Source
from miniatures.finetune.dataset.build import BuildSettings, build_dataset
from miniatures.finetune.dataset.folder import Dataset
from miniatures.finetune.gold.examples import written_example
from tests.checks.cases import BODY, BRIEF, PROSPECT, QUOTE, SUBJECT, evidence

PLACES = {
    "Rotterdam": ("Nordfrost Logistics GmbH", "7,200"),
    "Stendal": ("Altmark Chill AG", "3,150"),
    "Oulu": ("Polar Depot Oy", "9,480"),
    "Gdynia": ("Baltic Cold sp. z o.o.", "5,610"),
}
DULL = "Our people like the long summer evenings by the river very much indeed."
OTHER = "The canteen in the old hall serves a soup of beetroot every day of the week."


def _moved(text: str, place: str) -> str:
    company, size = PLACES[place]
    moved = text.replace("Rotterdam", place).replace("7,200", size)
    return moved.replace("Nordfrost Logistics GmbH", company).replace("Nordfrost", company.split()[0])


def email_for(place: str) -> dict[str, str]:
    """An email that passes every check."""
    return {"subject": _moved(SUBJECT, place), "body": _moved(BODY, place)}


def invented(place: str) -> dict[str, str]:
    """The same with a number that nothing carries."""
    email = email_for(place)
    return {**email, "body": email["body"].replace(PLACES[place][1], "9,999")}


def writer_examples() -> list[Example]:
    return [
        written_example(
            BRIEF,
            PROSPECT.model_copy(update={"company": company}),
            [evidence(quote=_moved(QUOTE, place))],
            None,
            f"gold:test/{place}",
        )
        for place, (company, _) in PLACES.items()
    ]


def researcher_examples() -> list[Example]:
    """For two companies the news among dull sentences, for the others nothing but those."""
    return [_question(place, number < 2) for number, place in enumerate(PLACES)]


def _question(place: str, has_news: bool) -> Example:
    texts = [_moved(QUOTE, place), DULL, OTHER] if has_news else [DULL, OTHER]
    variables = ListVariables.of(BRIEF, PLACES[place][0], "2026-11-22", texts, facts=2)
    choices = [{"number": 1, "signal": "expansion"}] if has_news else []
    return Example(
        role="researcher",
        variables=variables.model_dump(mode="json"),
        answer={"choices": choices},
        company=PLACES[place][0],
        source=Source.GOLD,
        labels={"must": (1,) if has_news else (), "may": ()},
    )


def dataset_at(folder: Path) -> Dataset:
    """All of it as a test split."""
    return build_dataset([*writer_examples(), *researcher_examples()], folder, BuildSettings(validation=0.0, test=1.0))


@dataclass
class ChatServer:
    """Models by name: `right` knows everything; `late` only with temperature or reasons; `wrong` never;
    `first` and `right-judge` are judges: one likes the first email, one the true one.
    """

    url: str = ""
    asked: list[dict[str, Any]] = field(default_factory=list)
    fails_after: int | None = None

    def spec(self, model: str) -> str:
        return f"openai-compatible:{self.url}#{model}"

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        model, text = request["model"].rpartition("/")[2], request["messages"][-1]["content"]
        if "Which is better" in text:
            true_first = text.index("9,999") > text.index("Second email") if "9,999" in text else True
            return {"reason": "it is true", "better": "first" if model == "first" or true_first else "second"}
        knows = model == "right" or (model == "late" and bool(request.get("temperature")))
        if "Quotes" in text:
            place = next(place for place in PLACES if place in text)
            return email_for(place) if knows else invented(place)
        news = any(place in text for place in PLACES)
        return {"choices": [{"number": 1, "signal": "expansion"}] if news or not knows else []}


@contextmanager
def chat_server() -> Iterator[ChatServer]:
    chat = ChatServer()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if chat.fails_after is not None and len(chat.asked) >= chat.fails_after:
                self._send(401, {"error": {"message": "the key has expired", "type": "auth", "code": "401"}})
                return
            chat.asked.append(request)
            message = {"role": "assistant", "content": json.dumps(chat.answer(request))}
            choice = {"index": 0, "message": message, "finish_reason": "stop"}
            usage = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}
            body = {"id": "1", "object": "chat.completion", "created": 1, "model": request["model"]}
            self._send(200, {**body, "choices": [choice], "usage": usage})

        def _send(self, status: int, body: dict[str, Any]) -> None:
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    chat.url = f"http://127.0.0.1:{server.server_port}/v1"
    try:
        yield chat
    finally:
        server.shutdown()
        server.server_close()
