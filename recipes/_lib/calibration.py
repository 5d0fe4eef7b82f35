"""Calibration of an image classifier: the temperature that divides its logits, fitted on validation images.

Guo et al., "On calibration of modern neural networks" (2017).
A run is calibrated when its probabilities are wanted for the first time; `input.json` keeps the temperature then.
"""

import contextlib
import json
import sys
from pathlib import Path

import keras
import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

from dlguide import data
from recipes._lib.runs import recipe_list, results, run_folder


def temperature(logits: np.ndarray, y: np.ndarray) -> float:
    """Return the temperature with the smallest cross-entropy of `softmax(logits / temperature)`."""

    def cross_entropy(log_temperature):
        scaled = log_softmax(logits / np.exp(log_temperature), axis=1)
        return -scaled[np.arange(len(y)), y].mean()

    # Between 1/3 and 3: a few images that are all right would give a temperature of 0.
    return float(np.exp(minimize_scalar(cross_entropy, bounds=(-np.log(3), np.log(3)), method="bounded").x))


def calibrate(run_dir: Path, model: keras.Model | None = None) -> dict:
    """Return the temperature of a run of a classifier of images, as a part of the content of `input.json`, else {}."""
    description = json.loads((run_dir / "input.json").read_text(encoding="utf-8"))
    if description["kind"] not in ("digit", "image"):
        return {}
    if "temperature" not in description:
        run_folder.require_files(run_dir, "model.keras", "options.json")
        print("calibrating the probabilities of the run, once", file=sys.stderr, flush=True)
        model = model or keras.saving.load_model(run_dir / "model.keras", compile=False)
        valid = _validation_set(run_dir, description["class_names"])
        description["temperature"] = temperature(model.predict(valid.x[:2000], verbose=0), valid.y[:2000])
        with contextlib.suppress(OSError):  # Another user's folder: it is calibrated again the next time.
            results.write_json(run_dir / "input.json", description)
    return {"temperature": description["temperature"]}


def _validation_set(run_dir: Path, class_names: list[str]) -> data.Part:
    """Return the validation images of a run, of its classes."""
    run = json.loads((run_dir / "options.json").read_text(encoding="utf-8"))
    recipe, options = recipe_list.recipe(run["recipe"].removeprefix("recipes.")), run["options"]
    splits = data.load(recipe.data_set, limit=options["limit"], seed=options["seed"])
    labels = [splits.info.class_names.index(name) for name in class_names]
    rows = np.isin(splits.valid.y, labels)
    return data.Part(splits.valid.x[rows], np.searchsorted(labels, splits.valid.y[rows]))
