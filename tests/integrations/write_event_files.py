"""Write what PyTorch's own SummaryWriter makes of every kind of data: `python write_event_files.py FOLDER`.

Run by the interpreter in .venvs/integrations, for the test beside it; and by hand for tests/integration/event_files,
which tests without PyTorch use.
"""

import sys

import numpy as np
import torch
from torch.utils.tensorboard import SummaryWriter

STEPS = 3


def main(folder: str) -> None:
    """Write one run."""
    torch.manual_seed(0)
    random = np.random.default_rng(0)
    labels = np.array([0, 1] * 50)
    with SummaryWriter(folder) as writer:
        for step in range(STEPS):
            writer.add_scalar("torch/loss", 1 / (step + 1), step)
            writer.add_scalars("torch/both", {"a": step, "b": -step}, step)
            writer.add_image("torch/image", torch.rand(3, 16, 24), step)
            writer.add_images("torch/images", torch.rand(2, 3, 8, 8), step)
            writer.add_audio("torch/audio", torch.sin(torch.arange(800) / 5).unsqueeze(0), step, sample_rate=8000)
            writer.add_histogram("torch/weights", torch.randn(500), step)
            writer.add_text("torch/text", f"**step** {step} <script>alert(1)</script>", step)
            writer.add_pr_curve("torch/curve", labels, random.random(100), step)
        vertices = torch.tensor([[[0.0, 0, 0], [1, 0, 0], [0, 1, 0]]])
        writer.add_mesh("torch/mesh", vertices, faces=torch.tensor([[[0, 1, 2]]]))
        writer.add_graph(torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.ReLU()), torch.ones(1, 4))
        writer.add_embedding(
            torch.randn(20, 5), metadata=[f"m{i}" for i in range(20)], label_img=torch.rand(20, 3, 8, 8), tag="points"
        )
        writer.add_hparams({"lr": 0.1, "opt": "adam"}, {"hparam/accuracy": 0.9}, run_name="hparams")
        writer.add_custom_scalars({"charts": {"loss": ["Multiline", ["torch/loss"]]}})


if __name__ == "__main__":
    main(sys.argv[1])
