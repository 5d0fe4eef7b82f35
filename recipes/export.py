"""Export a saved run for another runtime: python -m recipes.export runs/mlp_mnist/1 --format onnx

The file is compared with the model on the test set of the run before it is put in place. Three printed lines show how
to call it without Keras. A VAE, a GAN and a contrastive model are exported in parts: `--part decoder`.
"""

import json
from pathlib import Path
from typing import Literal

import keras
import numpy as np

from dlguide import data, deployment
from recipes._lib.agents import connect_four, environments, game_players
from recipes._lib.runs import arguments, command_line, recipe_list, run_folder

# The name of the file, and the lines that call it.
FORMATS = {
    "tf_saved_model": (
        "saved_{}",
        "import tensorflow as tf",
        "model = tf.saved_model.load({path!r})",
        "outputs = model.serve(x)",
    ),
    "onnx": (
        "{}.onnx",
        "import onnxruntime",
        "session = onnxruntime.InferenceSession({path!r})",
        'outputs = session.run(None, {{"input_0": x}})',
    ),
    "litert": (
        "{}.tflite",
        "from ai_edge_litert.interpreter import Interpreter",
        "interpreter = Interpreter({path!r})",
        "outputs = interpreter.get_signature_runner()(input_0=x)",
    ),
}


def main(
    folder: str,
    *,
    format: Literal["tf_saved_model", "onnx", "litert"] = "onnx",
    part: str | None = None,
    path: str | None = None,
) -> dict:
    """Export the model of a finished run, and compare both on the test set of the run.

    Args:
        folder: Folder of a finished run, such as runs/mlp_mnist/1.
        format: tf_saved_model for TensorFlow, onnx for ONNX Runtime, litert for phones and small devices.
        part: Part of the model to export, such as encoder, decoder or generator; the whole model without it.
        path: Where to put the file; in the run folder without it.
    """
    run_folder.require_files(Path(folder), "model.keras", "options.json")
    model = keras.saving.load_model(Path(folder) / "model.keras", compile=False)
    examples = _examples(Path(folder))
    if part is not None:
        parts = {layer.name: layer for layer in model.layers if isinstance(layer, keras.Model)}
        if part not in parts:
            must_be = f"one of the model's parts, {', '.join(parts)}" if parts else "left out: the model has no parts"
            raise arguments.error("part", must_be, part)
        model = parts[part]
        if model.inputs[0].shape[1:] != examples.shape[1:]:  # It reads codes.
            shape = (len(examples), *model.inputs[0].shape[1:])
            examples = np.random.default_rng(0).normal(size=shape).astype("float32")

    file_name, *lines = FORMATS[format]
    path = path or str(Path(folder) / file_name.format(part or "model"))
    exported = deployment.export(model, path, format=format, examples=examples)
    print(f"{exported.path}: {exported.size / 1e6:.2f} MB")
    print(f"largest difference from predict on {len(examples)} examples: {exported.largest_difference:.1e}")
    print(f"one call with one example: {1e3 * exported.seconds:.3f} ms, Keras {1e3 * exported.keras_seconds:.3f} ms")
    sizes = ", ".join(str(size or "any") for size in (1 if format == "litert" else "n", *model.inputs[0].shape[1:]))
    print(f"Without Keras, with x of shape ({sizes}), {examples.dtype}:")
    print(*(f"    {line.format(path=exported.path)}" for line in lines), sep="\n")
    return {}


def _examples(folder: Path, count: int = 20) -> np.ndarray:
    """Return the first examples of the run's test set, as its model reads them; observations or positions."""
    run = json.loads((folder / "options.json").read_text(encoding="utf-8"))
    options = run["options"]
    if options.get("env"):
        return environments.observations(options["env"], count, options["seed"])
    if options.get("games"):
        return connect_four.planes(game_players.random_positions(count, options["seed"]))
    if options.get("corpus"):
        splits = data.load_text(options["corpus"], limit=count)
    else:
        recipe = recipe_list.recipe(run["recipe"].removeprefix("recipes."))
        splits = data.load(recipe.data_set, limit=count, seed=options["seed"])
    x = splits.test.x
    file = folder / "input.json"
    names = json.loads(file.read_text(encoding="utf-8"))["feature_names"] if file.exists() and x.ndim == 2 else ()
    return x[:, [splits.info.feature_names.index(name) for name in names]] if names else x  # Some of the features.


if __name__ == "__main__":
    command_line.run_tool(main)
