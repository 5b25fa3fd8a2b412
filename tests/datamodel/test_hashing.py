"""Content hashes name content, not the order in which it was written down."""

from hypothesis import given
from hypothesis import strategies as st

from miniatures.datamodel.hashing import content_hash
from miniatures.datamodel.prompt import ChatMessage

_LEAVES = st.none() | st.booleans() | st.integers() | st.text()
_JSON = st.recursive(
    _LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4), max_leaves=8
)


@given(st.dictionaries(st.text(), _JSON))
def test_key_order_does_not_matter(content: dict[str, object]) -> None:
    assert content_hash(content) == content_hash(dict(reversed(content.items())))


@given(_JSON, _JSON)
def test_different_content_has_different_hashes(first: object, second: object) -> None:
    if first != second:
        assert content_hash([first]) != content_hash([second])


def test_models_hash_as_their_content() -> None:
    message = ChatMessage(role="user", content="hello")
    assert content_hash(message) == content_hash({"role": "user", "content": "hello"})
