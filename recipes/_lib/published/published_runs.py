"""What lies in `recipes/published/`: runs, and models by ONNX Runtime or as `keras.Model`."""

import hashlib
import importlib
import importlib.util
import json
from pathlib import Path

import numpy as np

from recipes._lib.runs import arguments, recipe_list

FOLDER = recipe_list.FOLDER / "published"
BATCH = 500


def names() -> list[str]:
    """Return the recipes with a published run."""
    return sorted(file.parent.name for file in FOLDER.glob("*/run.json"))


def models() -> list[str]:
    """Return the recipes with a published model."""
    return [name for name in names() if (FOLDER / name / "model.json").exists()]


def run(name: str) -> dict:
    """Return what `run.json` states of a published run."""
    return json.loads((FOLDER / name / "run.json").read_text(encoding="utf-8"))


def files(folder: Path) -> dict[str, dict]:
    """Return the hash and the size in bytes of each file of a folder."""
    found = {}
    for path in sorted(folder.iterdir()):
        content = path.read_bytes()
        found[path.name] = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
    return found


class Session:
    """A part of a published model, computed by ONNX Runtime: called with a batch, it returns the list of outputs.

    The batch of a model with several inputs is a list of arrays.
    """

    def __init__(self, name: str, part: str, folder: Path | None = None):
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3  # Not its hints on the graph.
        file = (folder or FOLDER / name) / f"{part}.onnx"
        self.session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
        self.dtype = {"tensor(float)": "float32", "tensor(int32)": "int32"}[self.session.get_inputs()[0].type]

    def __call__(self, x) -> list[np.ndarray]:
        arrays = {f"input_{i}": array for i, array in enumerate(x if isinstance(x, list) else [x])}
        found = []
        for i in range(0, len(arrays["input_0"]), BATCH):
            batch = {name: array[i : i + BATCH].astype(self.dtype) for name, array in arrays.items()}
            found.append(self.session.run(None, batch))
        return [np.concatenate(outputs) for outputs in zip(*found, strict=True)]


def model(name: str):
    """Return a published model as an uncompiled `keras.Model`."""
    if name not in models():
        must_be, note = (
            f"a recipe with a published model: {', '.join(models())}",
            arguments.did_you_mean(name, models()),
        )
        raise arguments.error("name", must_be, name, note)
    if importlib.util.find_spec("onnx") is None:  # The weights stand in the ONNX files, once for both.
        raise arguments.error("name", 'read with the extra "export": pip install -e ".[export]"', name)
    import keras

    from recipes._lib.published import small_weights

    importlib.import_module("dlguide")  # Keras finds its classes then.
    content = json.loads((FOLDER / name / "model.json").read_text(encoding="utf-8"))
    found = keras.saving.deserialize_keras_object(content)
    found.set_weights(small_weights.read(FOLDER / name))
    return found
