"""Answer with a saved run: python -m recipes predict runs/cnn_mnist/1 digit.png

Everything comes from the run folder: `model.keras`, and `input.json`, which the recipe wrote. The recipe decides what
an input is: a picture file, a text (one argument), the beginning of a text to continue, or numbers in the data's own
units (`3.5,70,...`, or the name of a CSV file with a row for each step or each example).
"""

import inspect
import itertools
import json
from pathlib import Path

import keras
import numpy as np
from scipy.special import softmax

from dlguide import generation, plots
from recipes._lib import calibration
from recipes._lib.agents import game_players
from recipes._lib.commands import input_readers
from recipes._lib.images import reconstruction
from recipes._lib.runs import arguments, run_folder
from recipes._lib.texts import pronunciations, token_ids

SURE = 0.5
"""Below this calibrated probability, the most probable class is more often wrong than right."""


def main(
    run_dir: str,
    inputs: tuple[str, ...],
    *,
    num_tokens: int = 300,
    temperature: float = 0.8,
    top_k: int | None = None,
    seed: int = 0,
) -> None:
    """Answer with a saved run: classes, numbers, a reconstruction, a pronunciation, or the continuation of a text.

    Args:
        run_dir: Folder of a finished run, such as runs/cnn_mnist/1; it says which kind of input the run takes.
        inputs: One or more inputs: picture files (digits, clothes), texts (words, the beginning of a text, pairs
            and a question such as "a4 f7 c1 d1 f?"), the columns of a game so far such as 4453, or numbers with
            commas between them such as 8,307,130 or CSV files of numbers (tables, series).
        num_tokens: For the continuation of a text: number of tokens to write.
        temperature: For the continuation of a text: 0 takes the likeliest token, 1 draws by the probabilities.
        top_k: For the continuation of a text: draw from this many of the likeliest tokens; None draws from all.
        seed: For the continuation of a text: seed of the draws.
    """
    if not (Path(run_dir) / "input.json").is_file() and (Path(run_dir) / "metrics.json").is_file():
        must_be = "the folder of a run that answers to an input; use the model.keras of the others from Python"
        raise arguments.error("run_dir", must_be, run_dir)
    run_folder.require_files(Path(run_dir), "model.keras", "input.json")
    description = json.loads((Path(run_dir) / "input.json").read_text(encoding="utf-8"))
    if not inputs:
        raise arguments.error("inputs", "one or more", inputs)
    read, answers = KINDS[description["kind"]]
    examples = [read(text, description) for text in inputs]
    model = keras.saving.load_model(Path(run_dir) / "model.keras", compile=False)
    description |= calibration.calibrate(Path(run_dir), model)
    options = {"num_tokens": num_tokens, "temperature": temperature, "top_k": top_k, "seed": seed}
    for name, value in options.items():
        if description["kind"] != "prompt" and value != inspect.signature(main).parameters[name].default:
            raise arguments.error(name, "left out: this run does not continue a text", value)
    for text, (x, notes) in zip(inputs, examples, strict=True):
        if description["kind"] == "prompt":
            tokens = generation.generate(model, x[0], **options)
            print(text + token_ids.decode(tokens, description["vocabulary"]) + notes[0])
            continue
        for i, (answer, note) in enumerate(zip(answers(model, x, description, run_dir), notes, strict=True)):
            row = f", row {i + 1}" if len(x) > 1 else ""
            print(f"{text}{row}: {answer}{note}")


def classes_or_numbers(model, x: np.ndarray, description: dict, run_dir: str) -> list[str]:
    """Return the likeliest classes of a classifier, or the numbers of a regression."""
    output = model.predict(x, verbose=0)
    if description["class_names"]:
        return [_likeliest(row, description) for row in output]
    values = output.ravel() * description["scale"] + description["mean"]
    return [f"{description['target_name']} {value:.4g}" for value in values]


def _likeliest(logits: np.ndarray, description: dict) -> str:
    """Return the three likeliest classes with their probabilities; for a picture, say if the model is not sure."""
    probabilities = softmax(logits / description.get("temperature", 1.0))
    names = description["class_names"]
    classes = ", ".join(f"{names[i]} {probabilities[i]:.1%}" for i in np.argsort(-probabilities)[:3])
    return f"not sure: {classes}" if "temperature" in description and probabilities.max() < SURE else classes


def anomalies(model, x: np.ndarray, description: dict, run_dir: str) -> list[str]:
    """Return for each row whether it is an anomaly: whether its reconstruction has a large error."""
    threshold = description["threshold"]
    return [
        f"{'anomaly' if score >= threshold else 'normal'}, score {score:.4g} (threshold {threshold:.4g})"
        for score in reconstruction.row_errors(model, x)
    ]


def reconstructions(model, x: np.ndarray, description: dict, run_dir: str) -> list[str]:
    """Save a picture of the input beside its reconstruction, and return the error and the picture's path."""
    decoded = reconstruction.decoded(model, x)
    figure = plots.image_grid(np.stack([x, decoded], axis=1), column_names=("shown", "decoded"))
    # Not beside the pictures of the run, which `tools.publish` shows to others.
    predictions = Path(run_dir, "predictions")
    predictions.mkdir(exist_ok=True)
    paths = (predictions / f"reconstruction_{n}.png" for n in itertools.count(1))
    path = next(path for path in paths if not path.exists())
    figure.savefig(path)
    return [f"squared error {((decoded - x) ** 2).mean():.4f}, picture {path}"]


def written_sounds(model, x: np.ndarray, description: dict, run_dir: str) -> list[str]:
    """Return the sounds of words."""
    written = pronunciations.transcribe(model, x)
    return [" ".join(pronunciations.names(sounds, description["target_vocabulary"])) for sounds in written]


def best_move(model, position, description: dict, run_dir: str) -> list[str]:
    """Return the best move in a position of a game, and the expected points of each move."""
    value = game_players.network_value(model)
    points = 50 + 50 * game_players.move_values(position, game_players.PLAYER_DEPTH, value)[0]
    moves = ", ".join(f"{column + 1}: {points[column]:.0f} %" for column in np.flatnonzero(np.isfinite(points)))
    return [f"column {points.argmax() + 1} (expected points {moves})"]


# How an input is read, and the function that returns an answer for each example of a batch.
KINDS = {
    "digit": (input_readers.picture, classes_or_numbers),
    "image": (input_readers.picture, classes_or_numbers),
    "word": (input_readers.word, written_sounds),
    "recall": (input_readers.recall, classes_or_numbers),
    "numbers": (input_readers.numbers, classes_or_numbers),
    "sequence": (input_readers.sequence, classes_or_numbers),
    "anomaly": (input_readers.numbers, anomalies),
    "reconstruction": (input_readers.picture, reconstructions),
    "moves": (input_readers.moves, best_move),
    "prompt": (input_readers.text, None),  # It is continued.
}
