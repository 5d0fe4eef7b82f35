"""Export a saved run for another runtime: python -m recipes export runs/mlp_mnist/1 --format onnx

The file is compared with the model on 20 test examples, a decoder on random codes, before it is put in place. Three
printed lines show how to call it without Keras. A VAE, a GAN, a diffusion and a contrastive model are exported in
parts: `--part decoder`; so is an encoder-decoder, to write step by step.
"""

import json
from pathlib import Path
from typing import Literal

import keras
import numpy as np

from dlguide import deployment
from recipes._lib.published import model_files
from recipes._lib.runs import arguments, recipe_list, run_folder

# The name of the file, and the lines that call it.
FORMATS = {
    "tf_saved_model": (
        "saved_{}",
        "import tensorflow as tf",
        "model = tf.saved_model.load({path!r})",
        "outputs = model.serve({inputs})",
    ),
    "onnx": (
        "{}.onnx",
        "import onnxruntime",
        "session = onnxruntime.InferenceSession({path!r})",
        "outputs = session.run(None, {{{named}}})",
    ),
    "litert": (
        "{}.tflite",
        "from ai_edge_litert.interpreter import Interpreter",
        "interpreter = Interpreter({path!r})",
        "outputs = interpreter.get_signature_runner()({keywords})",
    ),
}


def main(
    run_dir: str,
    *,
    format: Literal["tf_saved_model", "onnx", "litert"] = "onnx",
    part: str | None = None,
    path: str | None = None,
) -> None:
    """Export the model of a finished run, and compare both on the test set of the run.

    Args:
        run_dir: Folder of a finished run, such as runs/mlp_mnist/1.
        format: tf_saved_model for TensorFlow, onnx for ONNX Runtime, litert for phones and small devices.
        part: Part of the model to export, such as encoder, decoder or generator; the whole model without it.
        path: Where to put the file; in the run folder without it.
    """
    run_folder.require_files(Path(run_dir), "model.keras", "options.json")
    model = keras.saving.load_model(Path(run_dir) / "model.keras", compile=False)
    examples = _examples(Path(run_dir))
    if part is not None:
        parts = {layer.name: layer for layer in model.layers if isinstance(layer, keras.Model)}
        if part not in parts:
            must_be = f"one of the model's parts, {', '.join(parts)}" if parts else "left out: the model has no parts"
            raise arguments.error("part", must_be, part)
        examples = _part_examples(model, part, examples, format)
        model = parts[part]

    file_name, *lines = FORMATS[format]
    path = path or str(Path(run_dir) / file_name.format(part or "model"))
    exported = deployment.export(model, path, format=format, examples=examples)
    print(f"{exported.path}: {exported.size / 1e6:.2f} MB")
    arrays = examples if isinstance(examples, list) else [examples]
    print(f"largest difference from predict on {len(arrays[0])} examples: {exported.largest_difference:.1e}")
    given = [f"x_{i}" for i in range(len(arrays))] if len(arrays) > 1 else ["x"]
    described = []
    for name, array, tensor in zip(given, arrays, model.inputs, strict=True):
        shape = array.shape[1:] if format == "litert" else tensor.shape[1:]
        sizes = ", ".join(str(size or "any") for size in (1 if format == "litert" else "n", *shape))
        described.append(f"{name} of shape ({sizes}), {array.dtype}")
    print(f"Without Keras, with {'; '.join(described)}:")
    words = {
        "path": exported.path,
        "inputs": f"[{', '.join(given)}]" if len(given) > 1 else given[0],
        "named": ", ".join(f'"input_{i}": {name}' for i, name in enumerate(given)),
        "keywords": ", ".join(f"input_{i}={name}" for i, name in enumerate(given)),
    }
    print(*(f"    {line.format(**words)}" for line in lines), sep="\n")


def _examples(folder: Path, count: int = 20) -> np.ndarray | list[np.ndarray]:
    """Return the first examples of the run's test set, as its model reads them."""
    run = json.loads((folder / "options.json").read_text(encoding="utf-8"))
    options, file = run["options"], folder / "input.json"
    row = recipe_list.row_of(run["recipe"].removeprefix("recipes."), options)
    names = json.loads(file.read_text(encoding="utf-8")).get("feature_names") if file.exists() else None
    return model_files.examples(row, count, options["seed"], corpus=options.get("corpus"), feature_names=names)


def _part_examples(model: keras.Model, part: str, examples, format: str) -> np.ndarray | list[np.ndarray]:
    """Return inputs of a part, from those of the model; where the part reads codes, random ones."""
    if isinstance(examples, list):
        source, target = examples
        encoder = model.get_layer("encoder")
        if format == "litert":  # A length is fixed there, and the decoder writes one token at a time.
            target = target[:, :1]
        return source if part == "encoder" else [target, source, *encoder.predict(source, verbose=0)]
    shape = model.get_layer(part).inputs[0].shape[1:]
    if shape == examples.shape[1:]:
        return examples
    return np.random.default_rng(0).normal(size=(len(examples), *shape)).astype("float32")
