"""The levels of a tree: folders from keys, counts, and a key that is leaf and folder at once."""

from hypothesis import given
from hypothesis import strategies as st

from services.core.values import LeafKind
from services.tracks.leaf_index import LeafIndex, Place


def _index(*keys: str) -> LeafIndex:
    return LeafIndex([(key, number, int(LeafKind.SERIES)) for number, key in enumerate(sorted(keys))])


def test_folders_come_from_slashes() -> None:
    index = _index("a/b/c", "a/d", "e")
    assert index.level("") == [Place("a", "a", None, 2), Place("e", "e", 2, 0)]
    assert index.level("a") == [Place("b", "a/b", None, 1), Place("d", "a/d", 1, 0)]
    assert index.level("a/b") == [Place("c", "a/b/c", 0, 0)]
    assert index.level("nothing") == []


def test_a_key_can_be_leaf_and_folder_with_others_between() -> None:
    # "-" comes before "/", so the leaf and its folder are no neighbours.
    index = _index("a", "a-x", "a/b")
    assert index.level("") == [Place("a", "a", 0, 1), Place("a-x", "a-x", 1, 0)]
    assert index.level("a") == [Place("b", "a/b", 2, 0)]


_SEGMENTS = st.sampled_from(["a", "b", "a-", "0", "\u00fc"])
_KEYS = st.sets(st.lists(_SEGMENTS, min_size=1, max_size=4).map("/".join), min_size=1)


@given(_KEYS, st.sampled_from(["", "a", "a/b", "\u00fc"]))
def test_a_level_is_what_a_slow_loop_finds(keys: set[str], path: str) -> None:
    index = _index(*keys)
    prefix = path + "/" if path else ""
    names = {key[len(prefix) :].split("/")[0] for key in keys if key.startswith(prefix)}
    assert [place.name for place in index.level(path)] == sorted(names)
    for place in index.level(path):
        assert place.n_below == sum(key.startswith(place.key + "/") for key in keys)
        assert (place.at is not None) == (place.key in keys)
