"""How well `recipes predict` reads photos of digits: made by rule from MNIST's test digits, by condition.

The reader was made on photos of validation digits with other seeds. `before`, in the JSON, is an older reader on the
same photos and models; it was measured once, and a new run keeps it.
"""

import json
import tempfile
from pathlib import Path

import keras
import numpy as np
from scipy.special import softmax

from dlguide import data
from recipes._lib.photos import calibration, made_photos
from tools.benchmarks import processes, tables

GROUPS = {"mild": made_photos.MILD, "hard": made_photos.HARD, "all": made_photos.MILD | made_photos.HARD}


def main(*, count: int = 20, limit: int | None = None) -> None:
    """Train each recipe by its own command, and measure it on photos.

    Args:
        count: Photos of each condition.
        limit: Examples to train on for one epoch, for a quick look.
    """
    options = {} if limit is None else {"limit": limit, "epochs": 1}
    photos, found = list(made_photos.photos(*data.load("mnist").test, seed=1, count=count)), {}
    for name in ("mlp_mnist", "cnn_mnist"):
        with tempfile.TemporaryDirectory() as parent:
            metrics = processes.run_recipe(name, Path(parent, "run"), seed=0, **options)
            found[name] = {"mnist_accuracy": metrics["accuracy"], **_scores(Path(parent, "run"), photos)}
        print(name, found[name], flush=True)
    content = {"photos_per_condition": count, "seed": 1, "recipes": found, "before": tables.read("photos")["before"]}
    tables.save("photos", content)


def _scores(run_dir: Path, photos: list[made_photos.Photo]) -> dict:
    """Return the temperature of one run and its scores by condition."""
    description = json.loads((run_dir / "input.json").read_text(encoding="utf-8"))
    model = keras.saving.load_model(run_dir / "model.keras", compile=False)
    temperature = calibration.calibrate(run_dir, model)["temperature"]
    images = [calibration.image_of(photo, description["shape"], description["margin"]) for photo in photos]
    is_read = np.array([image is not None for image in images])
    logits = model.predict(np.stack([image for image in images if image is not None]), batch_size=256, verbose=0)
    probabilities = np.zeros((len(photos), logits.shape[1]))  # A refused photo has none and counts as wrong.
    probabilities[is_read] = softmax(logits / temperature, axis=1)
    is_right = is_read & (probabilities.argmax(axis=1) == [photo.digit for photo in photos])
    confidence = probabilities.max(axis=1)

    conditions = {}
    for name, members in ({name: [name] for name in GROUPS["all"]} | GROUPS).items():
        rows = np.array([photo.condition in members for photo in photos])
        is_sure = rows & (confidence > 0.9)
        conditions[name] = {
            "n": int(rows.sum()),
            "refused": int((rows & ~is_read).sum()),
            "accuracy": float(is_right[rows].mean()),
            "mean_confidence": float(confidence[rows & is_read].mean()),
            "share_above_90": float(is_sure[rows].mean()),
            "right_above_90": float(is_right[is_sure].sum() / max(is_sure.sum(), 1)),
        }
    return {"temperature": temperature, "conditions": conditions}
