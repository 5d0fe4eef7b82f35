"""What lies in `recipes/published/`: runs, and models as `keras.Model`."""

import hashlib
import importlib.util
import json
from pathlib import Path

import numpy as np

from recipes._lib.runs import arguments, recipe_list

FOLDER = recipe_list.FOLDER / "published"


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
    contents = {path.name: path.read_bytes() for path in sorted(folder.iterdir())}
    return {name: {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)} for name, data in contents.items()}


def model(name: str):
    """Return a published model as an uncompiled `keras.Model`."""
    if name not in models():
        must_be = f"a recipe with a published model: {', '.join(models())}"
        raise arguments.error("name", must_be, name, arguments.did_you_mean(name, models()))
    if importlib.util.find_spec("onnx") is None:  # The weights stand in the ONNX files, once for both.
        raise arguments.error("name", 'read with the extra "export": pip install -e ".[export]"', name)
    import keras

    importlib.import_module("dlguide")  # Keras finds its classes then.
    content = json.loads((FOLDER / name / "model.json").read_text(encoding="utf-8"))
    found = keras.saving.deserialize_keras_object(content)
    found.set_weights(_weights(FOLDER / name))
    return found


def _weights(folder: Path) -> list[np.ndarray]:
    """Return the weights of the Keras model: `weights.json` says which stand in an ONNX file, the others in an array.

    Each of the former has a file, a name and an order of axes, which may be another one in ONNX.
    """
    places = json.loads((folder / "weights.json").read_text(encoding="utf-8"))
    stored = {file: _constants(folder / file) for file in {place[0] for place in places if place}}
    with np.load(folder / "weights.npz") as rest:
        return [
            stored[place[0]][place[1]].transpose(place[2]) if place else rest[str(number)].astype("float32")
            for number, place in enumerate(places)
        ]


def _constants(path: Path) -> dict[str, np.ndarray]:
    """Return what an ONNX file computes of its stored arrays alone: its weights, turned back from 16 or 8 bits."""
    import onnx
    from onnx.reference import ReferenceEvaluator

    model = onnx.load(path)
    names, nodes = [array.name for array in model.graph.initializer], []
    for node in model.graph.node:
        if node.input and {*node.input} <= {*names}:
            nodes.append(node)
            names += node.output
    outputs = [onnx.helper.make_tensor_value_info(name, onnx.TensorProto.UNDEFINED, None) for name in names]
    graph = onnx.helper.make_graph(nodes, "constants", [], outputs, model.graph.initializer)
    return dict(zip(names, ReferenceEvaluator(onnx.helper.make_model(graph)).run(None, {}), strict=True))
