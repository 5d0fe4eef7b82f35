"""How well `recipes.predict` reads photos of digits: made by rule from MNIST's test digits, by condition.

The reader was made on photos of validation digits with other seeds. `before`, in the JSON, is the reader of an earlier
commit on the same photos and models; it was measured once, and a new run keeps it.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from recipes._lib.photos import calibration, made_photos
from recipes._lib.runs import machine_facts, results

RECIPES = ("mlp_mnist", "cnn_mnist")
COUNT, SEED, HIGH = 20, 1, 0.9
PATH = results.RESULTS / "benchmark_photos.json"
TITLE = "| condition | photos | accuracy before | accuracy | mean confidence | answers above 90 % | right among these |"


def main() -> dict:
    """Train each recipe once with its own command, let it answer, and write the result."""
    content = {"command": "python -m recipes.benchmark photos", "photos_per_condition": COUNT, "seed": SEED}
    content["recipes"] = {}
    for name in RECIPES:
        with tempfile.TemporaryDirectory() as parent:
            folder = Path(parent) / "run"
            command = [sys.executable, "-m", f"recipes.{name}", "--seed", "0", "--run-dir", str(folder)]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            content["recipes"][name] = _measured(folder)
        print(name, json.dumps(content["recipes"][name], indent=1), flush=True)
    content["before"] = json.loads(PATH.read_text(encoding="utf-8"))["before"] if PATH.exists() else None
    content |= machine_facts.machine()
    PATH.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    return {}


def _measured(folder: Path) -> dict:
    """Return the scores of one run by condition."""
    import keras
    from scipy.special import softmax

    from dlguide import data

    description = json.loads((folder / "input.json").read_text(encoding="utf-8"))
    accuracy = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))["accuracy"]
    model = keras.saving.load_model(folder / "model.keras", compile=False)
    photos = list(made_photos.photos(*data.load("mnist").test, seed=SEED, count=COUNT))
    images = [calibration.image_of(photo, description["shape"], description["margin"]) for photo in photos]
    read = np.array([image is not None for image in images])
    logits = model.predict(np.stack([image for image in images if image is not None]), batch_size=256, verbose=0)
    probabilities = np.zeros((len(photos), logits.shape[1]))  # Of a photo that is refused: none, and wrong.
    probabilities[read] = softmax(logits / description["temperature"], axis=1)
    digits, conditions = (np.array([getattr(photo, key) for photo in photos]) for key in ("digit", "condition"))
    right, sure = read & (probabilities.argmax(axis=1) == digits), probabilities.max(axis=1) > HIGH

    def scores(names) -> dict[str, float]:
        rows = np.isin(conditions, list(names))
        return {
            "n": int(rows.sum()),
            "refused": int((rows & ~read).sum()),
            "accuracy": float(right[rows].mean()),
            "mean_confidence": float(probabilities.max(axis=1)[rows & read].mean()),
            "share_above_90": float(sure[rows].mean()),
            "right_above_90": float(right[rows & sure].mean()) if (rows & sure).any() else None,
        }

    groups = {"mild": made_photos.MILD, "hard": made_photos.HARD, "all": made_photos.MILD | made_photos.HARD}
    rows = {name: [name] for name in groups["all"]} | groups
    by_condition = {name: scores(names) for name, names in rows.items()}
    return {"mnist_accuracy": accuracy, "temperature": description["temperature"], "conditions": by_condition}


def published() -> str:
    """Return the part of recipes/README.md that the JSON gives."""
    if not PATH.exists():
        return "not measured yet"
    content = json.loads(PATH.read_text(encoding="utf-8"))
    before = content["before"]
    parts = []
    for name, measured in content["recipes"].items():
        rows = [TITLE, "|---|---|---|---|---|---|---|"]
        for condition, scores in measured["conditions"].items():
            cells = [
                f"**{condition}**" if condition in ("mild", "hard", "all") else condition,
                str(scores["n"]),
                f"{before['accuracy'][name][condition]:.1%}" if before else "-",
                *(f"{scores[key]:.1%}" for key in ("accuracy", "mean_confidence", "share_above_90")),
                "-" if scores["right_above_90"] is None else f"{scores['right_above_90']:.1%}",
            ]
            rows.append(f"| {' | '.join(cells)} |")
        parts += [
            f"`{name}`, {measured['mnist_accuracy']:.2%} on MNIST's test digits, temperature "
            f"{measured['temperature']:.2f}:",
            "\n".join(rows),
        ]
    note = f"`{content['command']}`, {content['date']}"
    if before:
        note += f"; accuracy before: the reader at commit {before['commit']}, on the same photos with the same models"
    return "\n\n".join([*parts, f"{note}."])
