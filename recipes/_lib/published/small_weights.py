"""Weights in 16 or 8 bits, stored once: in the ONNX files, from which the Keras model takes them too."""

import itertools
import json
from pathlib import Path

import numpy as np

LARGE = 1024
"""Arrays of at least this size are stored in 16 bits."""
VERY_LARGE = 300_000
"""Matrices of at least this size are stored in 8 bits, with a scale for each row."""


def rounded(values: np.ndarray) -> np.ndarray:
    """Return an array of weights as its stored form gives it back."""
    if values.size < LARGE or values.dtype != np.float32:
        return values
    if values.size < VERY_LARGE:
        return values.astype("float16").astype("float32")
    steps, scales = _eight_bits(values)
    return steps * scales.astype("float32")


def _eight_bits(table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return a table of rows as 8-bit steps and the size of a step in each row, in 16 bits."""
    scales = (np.abs(table).max(axis=1, keepdims=True) / 127).astype("float16")
    scales[scales == 0] = 1
    return np.round(table / scales.astype("float32")).clip(-127, 127).astype("int8"), scales


def pack(path: Path) -> None:
    """Store the large arrays of an ONNX file in 16 or 8 bits; the runtime turns them back when it loads the file."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    model = onnx.load(path)
    stored, nodes = [], []

    def store(values: np.ndarray, name: str, back: str) -> None:
        stored.append(numpy_helper.from_array(values, name))
        nodes.append(helper.make_node("Cast", [name], [back], to=TensorProto.FLOAT))

    for array in model.graph.initializer:
        values, name = numpy_helper.to_array(array), array.name
        is_folded = not np.array_equal(values, rounded(values))  # With normalisation: no weights of the Keras model.
        if values.dtype != np.float32 or values.size < LARGE or is_folded:
            stored.append(array)
        elif values.size < VERY_LARGE:
            store(values.astype("float16"), f"{name}/16", name)
        else:
            steps, scales = _eight_bits(values)
            store(steps, f"{name}/8", f"{name}/8/32")
            store(scales, f"{name}/scales", f"{name}/scales/32")
            nodes.append(helper.make_node("Mul", [f"{name}/8/32", f"{name}/scales/32"], [name]))
    nodes += model.graph.node
    for field, items in ((model.graph.initializer, stored), (model.graph.node, nodes)):
        del field[:]
        field.extend(items)
    onnx.checker.check_model(model)
    onnx.save(model, path)


def arrays(path: Path) -> dict[str, np.ndarray]:
    """Return the weights in a packed ONNX file."""
    import onnx
    from onnx import numpy_helper

    stored = {array.name: numpy_helper.to_array(array) for array in onnx.load(path).graph.initializer}
    found = {}
    for name, values in stored.items():
        if name.endswith("/16"):
            found[name.removesuffix("/16")] = values.astype("float32")
        elif name.endswith("/8"):
            found[name.removesuffix("/8")] = values * stored[f"{name.removesuffix('/8')}/scales"].astype("float32")
        elif not name.endswith("/scales"):
            found[name] = values
    return found


def write_places(folder: Path, weights: list[np.ndarray]) -> None:
    """Write where in the ONNX files each weight of the Keras model stands; what is folded into others is kept apart."""
    stored = {path.name: arrays(path) for path in sorted(folder.glob("*.onnx"))}
    places, rest = [], {}
    for number, values in enumerate(weights):
        place = next(_places(values, stored), None)
        if place is None:
            rest[str(number)] = values.astype("float16") if values.size >= LARGE else values
        places.append(place)
    text = "[\n" + ",\n".join(json.dumps(place) for place in places) + "\n]\n"
    (folder / "weights.json").write_text(text, encoding="utf-8")
    np.savez_compressed(folder / "weights.npz", **rest)


def _places(values: np.ndarray, stored: dict[str, dict[str, np.ndarray]]):
    """Yield the file, the name and the order of axes, which may be another one in ONNX, by which weights are found."""
    for (file, named), axes in itertools.product(stored.items(), itertools.permutations(range(values.ndim))):
        for name, other in named.items():
            if other.dtype == values.dtype and other.size == values.size:
                turned = other.transpose(axes) if other.ndim == values.ndim else other
                if turned.shape == values.shape and np.array_equal(turned, values):
                    yield file, name, axes


def read(folder: Path) -> list[np.ndarray]:
    """Return the weights of the Keras model."""
    stored = {path.name: arrays(path) for path in sorted(folder.glob("*.onnx"))}
    places = json.loads((folder / "weights.json").read_text(encoding="utf-8"))
    with np.load(folder / "weights.npz") as rest:
        return [
            stored[place[0]][place[1]].transpose(place[2]) if place else rest[str(number)].astype("float32")
            for number, place in enumerate(places)
        ]
