"""The tree: folders from keys, counts, and a key that is leaf and folder at once."""

from services.core.values import LeafKind
from services.folders.tree import LeafView, build_tree

_LEAF = LeafView(LeafKind.CONFIG)


def test_folders_come_from_slashes() -> None:
    tree = build_tree(dict.fromkeys(["a/b/c", "a/d", "e"], _LEAF))
    assert list(tree) == ["a", "e"]
    assert (tree["a"].n_leaves, tree["a"].leaf, tree["a"].key) == (2, None, "a")
    assert tree["a"].children["b"].children["c"].key == "a/b/c"
    assert tree["e"].leaf is _LEAF


def test_a_key_can_be_leaf_and_folder() -> None:
    for keys in (["a", "a/b"], ["a/b", "a"]):
        tree = build_tree(dict.fromkeys(keys, _LEAF))
        assert list(tree) == ["a"]
        assert tree["a"].leaf is _LEAF
        assert list(tree["a"].children) == ["b"]


def test_below_a_path_only_what_lies_there() -> None:
    tree = build_tree(dict.fromkeys(["a/b", "a/b/c", "a/b/d/e"], _LEAF), "a/b")
    assert {name: entry.key for name, entry in tree.items()} == {"c": "a/b/c", "d": "a/b/d"}
