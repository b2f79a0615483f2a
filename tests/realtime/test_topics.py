"""Addresses inside a church."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime.errors import BadTopic
from realtime.topics import Topic


def test_a_topic_reads_kind_and_key() -> None:
    """A name is parsed into kind and key, and formats back to the same name."""
    topic = Topic.parse("0198-ab", "chat:0198abcd")
    assert (topic.tenant, topic.kind, topic.key) == ("0198-ab", "chat", "0198abcd")
    assert topic.name == "chat:0198abcd"
    assert str(topic) == "0198-ab/chat:0198abcd"


@pytest.mark.parametrize(
    "name",
    [
        "",
        "chat",
        "chat:",
        ":x",
        "Chat:x",
        "chat:x y",
        "chat:x:y",
        "chat:x\n",
        "chat:" + "x" * 65,
        "c" * 17 + ":x",
        "chat:ä",
        "../x:y",
    ],
)
def test_other_names_are_refused(name: str) -> None:
    """A name of any other form is no topic."""
    with pytest.raises(BadTopic):
        Topic.parse("grace", name)


@pytest.mark.parametrize("tenant", ["", "a b", "a/b", "{a}", "x" * 65])
def test_a_topic_needs_a_church(tenant: str) -> None:
    """Without a plain church id there is no topic."""
    with pytest.raises(BadTopic):
        Topic.parse(tenant, "wall:public")


def test_churches_do_not_share_topics() -> None:
    """The same name in two churches is two topics."""
    assert Topic.parse("grace", "wall:public") != Topic.parse("hope", "wall:public")
    assert len({Topic.parse("grace", "wall:public"), Topic.parse("grace", "wall:public")}) == 1


@given(st.text(max_size=100))
def test_any_text_parses_or_is_refused(name: str) -> None:
    """Whatever parses comes back as the same name, and survives encoding."""
    try:
        topic = Topic.parse("grace", name)
    except BadTopic:
        return
    assert topic.name == name
    assert msgspec.json.decode(msgspec.json.encode(topic), type=Topic) == topic
