"""Streaming: however the bytes are cut, the pieces add up to the text, and no stop string ever starts to show."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from miniatures.backends.completion import Sampling, TextStream

texts = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("ab🌟日"), max_size=60)


@given(texts, st.lists(st.integers(1, 5), min_size=1), st.lists(st.text("ab🌟", min_size=1, max_size=4), max_size=2))
def test_pieces_add_up_to_the_truncated_text(text: str, cuts: list[int], stop: list[str]) -> None:
    final, _ = Sampling(stop=tuple(stop)).truncate(text)
    stream, data, sent = TextStream(stop), text.encode(), ""
    turn = 0
    while data:
        size = cuts[turn % len(cuts)]
        sent += stream.push(data[:size])
        data, turn = data[size:], turn + 1
        assert final.startswith(sent)
    assert sent + stream.finish(final) == final


def test_text_shows_as_soon_as_it_is_certain() -> None:
    stream = TextStream(["stop"])
    assert [stream.push(piece) for piece in (b"a", "🌟".encode()[:2], "🌟".encode()[2:], b" s", b"t", b"ar")] == [
        "a",
        "",
        "🌟",
        " ",
        "",
        "star",
    ]


def test_truncation_takes_the_first_stop_string() -> None:
    assert Sampling(stop=("c", "b")).truncate("abcd") == ("a", True)
    assert Sampling(stop=("x",)).truncate("abcd") == ("abcd", False)
