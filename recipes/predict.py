"""Answer with a saved run: python -m recipes.predict runs/cnn_mnist/1 digit.png

Everything comes from the run folder: `model.keras`, and `input.json`, which the recipe wrote. What an input is depends
on the recipe: a picture file, a text (one argument), the beginning of a text to go on with, or numbers (`3.5,70,...`,
or the name of a CSV file with a row for each step).
"""

import json
import os
from pathlib import Path
from typing import Annotated

import numpy as np
import tyro

from recipes import _cli


def main(
    run_folder: Annotated[str, tyro.conf.Positional],
    inputs: Annotated[list[str], tyro.conf.Positional],
    *,
    num_tokens: int = 300,
    temperature: float = 0.8,
    top_k: int | None = None,
    seed: int = 0,
) -> dict:
    """Answer with a saved run.

    Args:
        run_folder: Folder of a finished run.
        inputs: What to answer to.
        num_tokens: Of a continued text: number of tokens to write.
        temperature: Of a continued text: 0 for the likeliest one, 1 as the model says.
        top_k: Of a continued text: draw from the likeliest tokens alone.
        seed: Of a continued text: seed of the draws.
    """
    told = _told(Path(run_folder))
    if not inputs:
        raise ValueError(f"`inputs` must be one or more. Received: inputs={inputs!r}")
    if told["kind"] == "prompt":
        examples = [_prompt(text, told) for text in inputs]
    else:
        examples = [READERS[told["kind"]](text, told) for text in inputs]

    import keras

    import dlguide  # noqa: F401 - its layers are registered

    model = keras.saving.load_model(Path(run_folder) / "model.keras", compile=False)
    for text, example in zip(inputs, examples, strict=True):
        if told["kind"] == "prompt":
            from dlguide import attention, data

            options = {"temperature": temperature, "top_k": top_k, "seed": seed}
            answer = text + data.decode(attention.generate(model, example, num_tokens, **options), told["vocabulary"])
        elif told["class_names"]:
            answer = f"{text}: {_classes(model.predict(example[None], verbose=0)[0], told['class_names'])}"
        else:
            value = float(model.predict(example[None], verbose=0).item()) * told["scale"] + told["mean"]
            answer = f"{text}: {told['target_name']} {value:.4g}"
        print(answer)
    return {}


def _told(folder: Path) -> dict:
    """Read what the recipe left about its input."""
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


def _classes(logits: np.ndarray, names: list[str], count: int = 3) -> str:
    probabilities = np.exp(logits - logits.max())
    probabilities /= probabilities.sum()
    return ", ".join(f"{names[i]} {probabilities[i]:.1%}" for i in np.argsort(-probabilities)[:count])


def _text(text: str, told: dict) -> np.ndarray:
    from dlguide import data

    if not text:
        raise ValueError(f"`inputs` must be texts of at least one character. Received: {text!r}")
    return data.encode([text], told["vocabulary"], told["shape"][0])[0]


def _prompt(text: str, told: dict) -> np.ndarray:
    return _text(text, {**told, "shape": [len(text)]})


def _numbers(text: str, told: dict) -> np.ndarray:
    shape = told["shape"]
    try:
        rows = Path(text).read_text(encoding="utf-8-sig").splitlines() if os.path.isfile(text) else [text]
        values = np.array([[float(cell) for cell in row.split(",")] for row in rows if row.strip()], "float32")
    except ValueError:
        raise ValueError(
            f"`inputs` must be numbers such as 1.5,2 or CSV files with rows of numbers. Received: {text!r}"
        ) from None
    if len(shape) == 1 or shape[1] == 1:
        values = values.reshape(-1, *shape[1:])
    if values.shape[1:] != tuple(shape[1:]) or len(values) > shape[0] or (told["exact"] and len(values) != shape[0]):
        size = " x ".join(map(str, shape))
        raise ValueError(
            f"`inputs` must be {size} numbers{'' if told['exact'] else ' at the most'}. Received: {text!r}"
        )
    values = (values - told["mean"]) / told["scale"] if told["is_series"] else values
    return np.pad(values, [(0, shape[0] - len(values)), *[(0, 0)] * (len(shape) - 1)])


def _picture(path: str, told: dict) -> np.ndarray:
    """Read a picture of any size, dark on light or light on dark, as the images that the model was trained on.

    Those are light on black, and fill the picture up to a margin. The ground is taken to be a plane through
    the picture's edge, so that light from one side does no harm.
    """
    from PIL import Image, ImageOps

    try:
        with Image.open(path) as image:
            image = ImageOps.exif_transpose(image).convert("RGBA")
            grey = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("L")
    except OSError:
        raise ValueError(f"`inputs` must be picture files. Received: {path!r}") from None
    grey.thumbnail((512, 512))
    pixels = np.asarray(grey, "float32") / 255
    row, column = np.indices(pixels.shape) / max(pixels.shape)
    edge = np.ones(pixels.shape, bool)
    edge[1:-1, 1:-1] = False
    terms = np.stack([np.ones_like(row), row, column], axis=-1)
    ink = pixels - terms @ np.linalg.lstsq(terms[edge], pixels[edge], rcond=None)[0]
    ink *= np.sign((ink**3).sum())  # What stands out from the ground is what was drawn.
    strongest = np.quantile(ink, 0.995)
    ink = np.clip((ink / max(strongest, 1e-6) - 0.15) / 0.75, 0, 1)
    rows, columns = np.flatnonzero(ink.max(axis=1) > 0.1), np.flatnonzero(ink.max(axis=0) > 0.1)
    if strongest < 0.05 or not len(rows):
        raise ValueError(f"`inputs` must be pictures with something on them. Received: {path!r}")

    ink = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    height, width, channels = told["shape"]
    fit = min((height - 2 * told["margin"]) / ink.shape[0], (width - 2 * told["margin"]) / ink.shape[1])
    size = [max(1, round(fit * n)) for n in ink.shape]
    small = np.asarray(Image.fromarray(ink).resize(size[::-1], Image.Resampling.BOX if fit < 1 else None))
    # The centre of mass goes to the middle where there is room, as in MNIST: pixel 14 of 28.
    centre = [(small.sum(axis=1 - axis) * np.arange(n)).sum() / small.sum() for axis, n in enumerate(size)]
    top, left = (
        int(np.clip(round(whole / 2 - middle), 0, whole - n))
        for whole, middle, n in zip((height, width), centre, size, strict=True)
    )
    result = np.zeros((height, width, channels), "float32")
    result[top : top + size[0], left : left + size[1]] = small[..., None]
    return result


READERS = {"image": _picture, "text": _text, "prompt": _prompt, "numbers": _numbers}


if __name__ == "__main__":
    _cli.run_tool(main)
