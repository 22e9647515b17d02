"""Keys: what may name a leaf, and what the sentence says when it may not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.errors import BadKey
from services.core.keys import MAX_KEY_BYTES, check_folder, check_key, key_problem, split_key


@pytest.mark.parametrize("key", ["a", "loss/val", "..a/b..", "a b/ü/損失", "a" * MAX_KEY_BYTES, ".hidden", "x/.y"])
def test_good_keys_pass_unchanged(key: str) -> None:
    assert check_key(key) == key


@pytest.mark.parametrize(
    ("key", "word"),
    [
        ("", "empty"),
        ("/a", "slash"),
        ("a/", "slash"),
        ("a//b", "segments"),
        (".", "segments"),
        ("a/../b", "segments"),
        ("a/.", "segments"),
        ("a\nb", "control"),
        ("a\x00", "control"),
        ("a\x7f", "control"),
        ("a\x85b", "control"),
        ("é" * MAX_KEY_BYTES, "bytes"),
        ("\ud800", "UTF-8"),
    ],
)
def test_bad_keys_are_refused_with_a_sentence(key: str, word: str) -> None:
    problem = key_problem(key)
    assert problem is not None
    assert word in problem
    with pytest.raises(BadKey):
        check_key(key)


def test_the_empty_folder_is_the_track_itself() -> None:
    assert check_folder("") == ""
    with pytest.raises(BadKey):
        check_folder("a//b")


def test_split_key() -> None:
    assert split_key("a/b/c") == ("a/b", "c")
    assert split_key("a") == ("", "a")


@given(st.text())
def test_no_key_that_passes_can_leave_its_folder(key: str) -> None:
    if key_problem(key) is None:
        assert not {"", ".", ".."} & set(key.split("/"))
        assert len(key.encode()) <= MAX_KEY_BYTES
