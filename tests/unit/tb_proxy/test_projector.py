"""The projector shows what it can: a bad file or one that is still to come takes nothing from the other runs."""

from pathlib import Path
from types import SimpleNamespace

from tensorboard.data.provider import Run

from tb_proxy.board.projector import Projector

CONFIG = 'embeddings { tensor_name: "points" tensor_path: "tensors.tsv" }'


def put(folder: Path, config: bytes, tensors: str = "") -> None:
    folder.mkdir()
    (folder / "projector_config.pbtxt").write_bytes(config)
    if tensors:
        (folder / "tensors.tsv").write_text(tensors)


def shown(plugin: Projector) -> dict[str, list[int]]:
    plugin._determine_is_active()  # what the thread does that is_active() starts
    return {run: list(config.embeddings[0].tensor_shape) for run, config in plugin._configs.items()}


def test_what_cannot_be_read_takes_nothing_from_others_and_what_comes_late_is_shown(tmp_path: Path) -> None:
    put(tmp_path / "good", CONFIG.encode(), "1\t2\n3\t4\n5\t6\n")
    put(tmp_path / "bytes", b"\xff\xfe {{{")
    put(tmp_path / "words", b"embeddings { what is this")
    put(tmp_path / "ragged", CONFIG.encode(), "1\t2\n3\n")
    put(tmp_path / "outside", b'embeddings { tensor_name: "x" tensor_path: "/etc/passwd" }')
    put(tmp_path / "late", CONFIG.encode())
    names = sorted(path.name for path in tmp_path.iterdir())
    given = SimpleNamespace(list_runs=lambda *_, **__: [Run(name, name, 0.0) for name in names])
    plugin = Projector(SimpleNamespace(data_provider=given, logdir=str(tmp_path)))
    assert shown(plugin) == {"good": [3, 2], "outside": []}
    assert plugin.is_active()
    (tmp_path / "late" / "tensors.tsv").write_text("1\t2\n")
    assert shown(plugin) == {"good": [3, 2], "outside": [], "late": [1, 2]}
