"""Answer with a saved run: python -m recipes.predict runs/cnn_mnist/1 digit.png

Everything comes from the run folder: `model.keras`, and `input.json`, which the recipe wrote. What an input is depends
on the recipe: a picture file, a text (one argument), the beginning of a text to continue, or numbers in the data's
own units (`3.5,70,...`, or the name of a CSV file with a row for each step or each example).
"""

import itertools
import json
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import tyro

from recipes._lib import input_readers
from recipes._lib.images import reconstruction
from recipes._lib.runs import command_line

SURE = 0.5
"""Below this the likeliest class is more probably wrong than right, as the probabilities are calibrated."""


def main(
    run_folder: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="RUN_FOLDER")],
    inputs: Annotated[list[str], tyro.conf.Positional, tyro.conf.arg(metavar="INPUT...", help_behavior_hint="")],
    *,
    language: Literal["en", "zh"] = "en",
    num_tokens: int = 300,
    temperature: float = 0.8,
    top_k: int | None = None,
    seed: int = 0,
) -> dict:
    """Answer with a saved run: classes, numbers, a reconstruction, or the continuation of a text.

    Args:
        run_folder: Folder of a finished run, such as runs/cnn_mnist/1; it says which kind of input the run takes.
        inputs: One or more inputs: picture files (digits, clothes), texts (names, the beginning of a text, pairs
            and a question such as "a4 f7 c1 d1 f?"), or numbers with commas between them such as 8,307,130 or CSV
            files of numbers (tables, series).
        language: For names of places: the language of the countries, en or zh (Chinese).
        num_tokens: For the continuation of a text: number of tokens to write.
        temperature: For the continuation of a text: 0 takes the likeliest token, 1 draws as the model says.
        top_k: For the continuation of a text: draw from this many of the likeliest tokens; all where it is None.
        seed: For the continuation of a text: seed of the draws.
    """
    description = input_description(Path(run_folder))
    if not inputs:
        raise ValueError(f"`inputs` must be one or more. Received: inputs={inputs!r}")
    if language == "zh":
        description = in_chinese(description, run_folder)
    read, answers = KINDS[description["kind"]]
    examples = [read(text, description) for text in inputs]

    import keras

    import dlguide  # noqa: F401 - its layers are registered

    model = keras.saving.load_model(Path(run_folder) / "model.keras", compile=False)
    options = {"num_tokens": num_tokens, "temperature": temperature, "top_k": top_k, "seed": seed}
    for text, (x, notes) in zip(inputs, examples, strict=True):
        if description["kind"] == "prompt":
            print(text + continuation(model, x[0], description, **options) + notes[0])
            continue
        for i, (answer, note) in enumerate(zip(answers(model, x, description, run_folder), notes, strict=True)):
            row = f", row {i + 1}" if len(x) > 1 else ""
            print(f"{text}{row}: {answer}{note}")
    return {}


def input_description(folder: Path) -> dict:
    """Return what the recipe left about its input."""
    if (folder / "metrics.json").is_file() and not (folder / "input.json").is_file():
        raise ValueError(
            "`run_folder` must be of a recipe that answers to an input; use the model.keras of the others from Python. "
            f"Received: run_folder={str(folder)!r}"
        )
    missing = [name for name in ("model.keras", "input.json") if not (folder / name).is_file()]
    if missing:
        raise ValueError(
            f"`run_folder` must be the folder of a finished run, with {' and '.join(missing)} in it. "
            f"Received: run_folder={str(folder)!r}"
        )
    return json.loads((folder / "input.json").read_text(encoding="utf-8"))


def in_chinese(description: dict, run_folder: str) -> dict:
    """Return the description with Chinese names of the classes."""
    if "class_names_zh" not in description:
        raise ValueError(
            "`language` must be 'en' for a run whose classes have no Chinese names. "
            f"Received: language='zh', run_folder={run_folder!r}"
        )
    return {**description, "class_names": description["class_names_zh"]}


def continuation(model, prompt: np.ndarray, description: dict, **options) -> str:
    """Return the continuation of a text."""
    from dlguide import attention, data

    return data.decode(attention.generate(model, prompt, **options), description["vocabulary"])


# The others return an answer for each example of a batch.


def classes_or_numbers(model, x: np.ndarray, description: dict, folder: str) -> list[str]:
    """Return the likeliest classes of a classifier, the number of a regression."""
    output = model.predict(x, verbose=0)
    if description["class_names"]:
        return [likeliest(row, description) for row in output]
    values = output.ravel() * description["scale"] + description["mean"]
    return [f"{description['target_name']} {value:.4g}" for value in values]


def likeliest(logits: np.ndarray, description: dict, count: int = 3) -> str:
    """Return the likeliest classes with their probabilities; for a picture, say where the model is not sure."""
    logits = logits / description.get("temperature", 1.0)
    probabilities = np.exp(logits - logits.max())
    probabilities /= probabilities.sum()
    names = description["class_names"]
    classes = ", ".join(f"{names[i]} {probabilities[i]:.1%}" for i in np.argsort(-probabilities)[:count])
    return f"not sure: {classes}" if "temperature" in description and probabilities.max() < SURE else classes


def anomalies(model, x: np.ndarray, description: dict, folder: str) -> list[str]:
    """Return for each row whether it is an anomaly, by how far it is from what the model makes of it."""

    threshold = description["threshold"]
    return [
        f"{'anomaly' if score >= threshold else 'normal'}, score {score:.4g} (threshold {threshold:.4g})"
        for score in reconstruction.row_errors(model, x)
    ]


def reconstructions(model, x: np.ndarray, description: dict, folder: str) -> list[str]:
    """Save what the model was shown beside what it decoded, and return the error and the picture's path."""
    from dlguide import plots

    decoded = reconstruction.decoded(model, x)
    figure = plots.image_grid(np.stack([x, decoded], axis=1), column_names=("shown", "decoded"))
    path = new_file(Path(folder), "reconstruction", ".png")
    figure.savefig(path)
    return [f"squared error {((decoded - x) ** 2).mean():.4f}, picture {path}"]


def new_file(folder: Path, name: str, suffix: str) -> Path:
    """Create an empty file under the first number that is free."""
    for number in itertools.count(1):
        path = folder / f"{name}_{number}{suffix}"
        try:
            path.touch(exist_ok=False)
        except FileExistsError:
            continue
        return path


# How an input is read, and how it is answered.
KINDS = {
    "digit": (input_readers.digit, classes_or_numbers),
    "image": (input_readers.thing, classes_or_numbers),
    "text": (input_readers.text, classes_or_numbers),
    "recall": (input_readers.recall, classes_or_numbers),
    "numbers": (input_readers.numbers, classes_or_numbers),
    "sequence": (input_readers.sequence, classes_or_numbers),
    "anomaly": (input_readers.numbers, anomalies),
    "reconstruction": (input_readers.digit, reconstructions),
    "prompt": (input_readers.prompt, continuation),
}


if __name__ == "__main__":
    command_line.run_tool(main)
