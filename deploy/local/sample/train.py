"""Train a small real model, handwritten digits, and log all of it to Track.

Run by `make run` once, in the background; by hand: `. .run/env && python deploy/local/sample/train.py`.
Everything that speaks to Track is in this file and uses the public client only.
"""

import argparse
import io
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw
from sklearn.datasets import load_digits
from sklearn.metrics import classification_report, confusion_matrix, log_loss
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

import mlsteam
from mlsteam import stparams

# A person should be able to watch the curves grow; the training itself would be over in two seconds.
EPOCH_PAUSE_S = 0.75


def read_arguments() -> argparse.Namespace:
    """Take hyperparameters from mlsteam.yml, and from the command line where they are given there."""
    parser = argparse.ArgumentParser(description="Train a small network on handwritten digits.")
    parser.add_argument("--hidden", type=int, default=stparams.get_value("hidden", 64))
    parser.add_argument("--batch", type=int, default=stparams.get_value("batch", 64))
    parser.add_argument("--learning-rate", type=float, default=stparams.get_value("learning_rate", 0.002))
    parser.add_argument("--epochs", type=int, default=stparams.get_value("epochs", 40))
    parser.add_argument("--epoch-pause-s", type=float, default=EPOCH_PAUSE_S)
    parser.add_argument("--out", type=Path, help="A folder that gets summary and weights, too")
    return parser.parse_args()


def train_epoch(model: MLPClassifier, x: Any, y: Any, *, batch: int, track: mlsteam.Track, step: int) -> int:
    """Go through the training data once in random order; log the loss of every batch. Return the next step."""
    order = np.random.default_rng(step).permutation(len(x))
    for start in range(0, len(order), batch):
        rows = order[start : start + batch]
        model.partial_fit(x[rows], y[rows], classes=np.arange(10))
        track["loss/batch"].log(model.loss_, step=step)
        step += 1
    return step


def confusion_image(matrix: Any, cell: int = 28) -> bytes:
    """Draw a confusion matrix: rows are what was written, columns what was read; darker is more."""
    size = len(matrix)
    image = Image.new("RGB", ((size + 1) * cell, (size + 1) * cell), "white")
    draw = ImageDraw.Draw(image)
    strongest = matrix.max()
    for row in range(size):
        draw.text((cell * 0.35, (row + 1.25) * cell), str(row), fill="black")
        draw.text(((row + 1.35) * cell, cell * 0.25), str(row), fill="black")
        for column in range(size):
            count = int(matrix[row, column])
            shade = 255 - int(200 * count / strongest)
            left, top = (column + 1) * cell, (row + 1) * cell
            draw.rectangle((left, top, left + cell - 1, top + cell - 1), fill=(shade, shade, 255), outline="#d0d4e0")
            if count:
                draw.text((left + 5, top + 7), str(count), fill="white" if shade < 140 else "black")
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def log_results(track: mlsteam.Track, model: MLPClassifier, x: Any, y: Any, out: Path | None) -> None:
    """Log what is left of a training: report, picture, predictions, the model itself."""
    predicted = model.predict(x)
    report = classification_report(y, predicted, digits=3)
    print(report)
    accuracy = float((predicted == y).mean())
    track["results/report.md"].upload(
        f"# Digits\n\nAccuracy on {len(y)} held-out digits: **{accuracy:.3f}**\n\n```\n{report}\n```\n".encode(),
        content_type="text/markdown",
    )
    track["results/confusion.png"].upload(confusion_image(confusion_matrix(y, predicted)), content_type="image/png")
    rows = [f"{written},{read}" for written, read in zip(y, predicted, strict=True)]
    track["results/predictions.csv"].upload("\n".join(["written,read", *rows]).encode(), content_type="text/csv")
    summary = {"accuracy": accuracy, "wrong": int((predicted != y).sum()), "held_out": len(y)}
    track["results/summary.json"].upload(json.dumps(summary, indent=2).encode(), content_type="application/json")
    weights = io.BytesIO()
    names = [f"layer_{i}" for i in range(len(model.coefs_))]
    np.savez_compressed(weights, **dict(zip(names, model.coefs_, strict=True)))
    track["model/weights.npz"].upload(weights.getvalue(), content_type="application/octet-stream")
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        (out / "summary.json").write_text(json.dumps(summary, indent=2) + "\n")
        (out / "weights.npz").write_bytes(weights.getvalue())


def main() -> None:
    """Train and log."""
    arguments = read_arguments()
    with mlsteam.init(tags=["sample"], capture_console=True) as track:
        for name in ("hidden", "batch", "learning_rate", "epochs"):
            track[f"parameters/{name}"] = getattr(arguments, name)
        track["model/name"] = "mlp"
        track["model/layers"] = 2
        track["data/name"] = "digits"
        x, y = load_digits(return_X_y=True)
        x_train, x_val, y_train, y_val = train_test_split(x / 16, y, test_size=0.3, random_state=0, stratify=y)
        track["data/train_rows"], track["data/val_rows"] = len(x_train), len(x_val)
        model = MLPClassifier(
            hidden_layer_sizes=(arguments.hidden,), learning_rate_init=arguments.learning_rate, random_state=0
        )
        step = 0
        for epoch in range(arguments.epochs):
            step = train_epoch(model, x_train, y_train, batch=arguments.batch, track=track, step=step)
            losses = {}
            for part, rows, labels in (("train", x_train, y_train), ("val", x_val, y_val)):
                losses[part] = log_loss(labels, model.predict_proba(rows), labels=np.arange(10))
                track[f"loss/{part}"].log(losses[part], step=epoch)
                track[f"acc/{part}"].log(model.score(rows, labels), step=epoch)
            print(f"epoch {epoch:3d}  loss {losses['train']:.4f}  val {losses['val']:.4f}")
            time.sleep(arguments.epoch_pause_s)
        log_results(track, model, x_val, y_val, arguments.out)


if __name__ == "__main__":
    main()
