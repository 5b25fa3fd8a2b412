"""Who joins the batch next."""

from __future__ import annotations

import threading

from miniatures.backends.waiting_line import WaitingLine


def taken(line: WaitingLine[str], *, heavy: bool) -> str | None:
    return line.take(heavy=heavy, wait=False)


def test_light_ones_come_first_and_in_their_order() -> None:
    line = WaitingLine[str]()
    for entry in ("long 1", "a", "long 2", "b"):
        line.put(entry, heavy=entry.startswith("long"))
    assert [taken(line, heavy=True) for _ in range(5)] == ["a", "b", "long 1", "long 2", None]


def test_a_heavy_one_waits_while_another_is_read() -> None:
    line = WaitingLine[str]()
    line.put("long", heavy=True)
    assert taken(line, heavy=False) is None
    line.put("short")
    assert taken(line, heavy=False) == "short"
    assert taken(line, heavy=True) == "long"


def test_who_waits_is_woken_by_what_comes_and_by_the_end() -> None:
    line, got = WaitingLine[str](), []
    thread = threading.Thread(target=lambda: got.extend(line.take(heavy=True, wait=True) for _ in range(2)))
    thread.start()
    line.put("first")
    while not got:
        thread.join(0.01)
    assert line.close() == []
    thread.join(5)
    assert got == ["first", None]


def test_a_closed_line_gives_back_who_waited_and_takes_nobody() -> None:
    line = WaitingLine[str]()
    assert line.put("long", heavy=True) and line.put("short")
    assert line.close() == ["short", "long"]
    assert not line.put("late")
