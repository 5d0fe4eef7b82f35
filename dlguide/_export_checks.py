"""Checks of `deployment.export`: the examples, and the outputs of a file against those of `predict`."""

import keras
import numpy as np

from dlguide import _checks, _data_checks
from dlguide._export_formats import as_input
from dlguide._export_runtimes import median_seconds
from dlguide.errors import ArgumentError

TOLERANCES = {"tf_saved_model": 1e-5, "onnx": 1e-5, "litert": 1e-4}
"""The largest permitted difference from `predict`, as a share of the largest output if that is above 1."""
EIGHT_BITS = 0.2
"""The same for a file of 8 bits: it finds a wrong file, and says nothing of the accuracy."""


def arrays_of(model, examples) -> list[np.ndarray]:
    """Return the examples as an array for each input of the model, or raise."""
    if not isinstance(model, keras.Model):
        raise _checks.error("model", "a keras.Model", model)
    inputs = getattr(model, "inputs", None)
    if not inputs:
        raise ArgumentError(_random(model))
    for tensor in inputs:
        if tensor.dtype == "string":
            raise ArgumentError(
                "`model` must read numbers: a file cannot hold a layer that reads text. Export the model behind that "
                "layer, such as keras.Sequential(model.layers[1:]), and turn text into token ids before it. "
                f"Received: model={model.name!r} with the input {tensor.name!r} of strings"
            )
    is_list = isinstance(examples, tuple | list) and (len(inputs) > 1 or any(hasattr(e, "shape") for e in examples))
    arrays = [_data_checks.arrays("examples", array) for array in (examples if is_list else [examples])]
    shapes = [tuple(tensor.shape[1:]) for tensor in inputs]
    if len(arrays) != len(inputs) or not all(map(_fits, arrays, shapes)) or len({len(array) for array in arrays}) != 1:
        wanted = " and ".join(map(_checks.text_of_shape, shapes))
        received = " and ".join(str(np.shape(array)) for array in arrays) or "an empty list"
        raise ArgumentError(f"`examples` must be numbers of shape {wanted}. Received: examples of shape {received}")
    return [array.astype(tensor.dtype) for array, tensor in zip(arrays, inputs, strict=True)]


def _fits(array, shape: tuple) -> bool:
    is_numbers = isinstance(array, np.ndarray) and array.dtype.kind in "buif" and array.size > 0
    if not is_numbers or array.ndim != len(shape) + 1:
        return False
    return all(wanted in (None, size) for size, wanted in zip(array.shape[1:], shape, strict=True))


def _random(model) -> str:
    parts = [layer.name for layer in model.layers if isinstance(layer, keras.Model)]
    way = f"; export its parts: {', '.join(f'model.get_layer({name!r})' for name in parts)}" if parts else ""
    return f"`model` must be functional or sequential, without random draws{way}. Received: model={model.name!r}"


def time_of_call(model, arrays: list[np.ndarray]) -> float:
    """Return the seconds of one call with one example, or raise if the model's output changes between two calls."""
    one = as_input([array[:1] for array in arrays])
    first, second = (keras.tree.flatten(model.predict_on_batch(one)) for _ in range(2))
    if not all(np.array_equal(a, b) for a, b in zip(first, second, strict=True)):
        raise ArgumentError(_random(model))
    return median_seconds(lambda: model.predict_on_batch(one))


def batches(model, format: str, arrays: list[np.ndarray]) -> list[list[np.ndarray]]:
    """Return the batches to compare: one, all (at least five), and two with a step less if the length is free."""
    whole = [np.resize(array, (max(5, len(array)), *array.shape[1:])) for array in arrays]
    compared = [[array[:1] for array in whole], whole]
    free = [len(tensor.shape) > 1 and tensor.shape[1] is None for tensor in model.inputs]
    if format != "litert" and all(free) and all(array.shape[1] > 1 for array in arrays):
        compared.append([array[:2, :-1] for array in whole])
    return compared


def difference(model, format: str, arrays: list[np.ndarray], result: dict, bits: int = 32) -> float:
    """Return the largest difference of a file's outputs from `predict`, or raise if it is above the tolerance."""
    if "error" in result:
        message = " ".join(str(result["error"]).split())[:400]
        raise ArgumentError(
            f"`model` must be one whose {format!r} file runs in its own runtime. "
            f"Received: model={model.name!r} ({message})"
        )
    # Rounding to 8 bits has the size of the outputs, however small these are.
    largest, scale, tolerance = 0.0, *((0.0, EIGHT_BITS) if bits == 8 else (1.0, TOLERANCES[format]))
    for batch, outputs in zip(batches(model, format, arrays), result["outputs"], strict=True):
        expected = keras.tree.flatten(model.predict_on_batch(as_input(batch)))
        for wanted, given in zip(expected, outputs, strict=True):
            if given.shape != wanted.shape:
                raise ArgumentError(
                    f"`model` must give the same shape as its {format!r} file. Received: model={model.name!r}, "
                    f"{wanted.shape} and {given.shape}"
                )
            scale = max(scale, float(np.abs(wanted).max()))
            largest = float(np.maximum(largest, np.abs(given - wanted).max()))  # NaN stays NaN.
    if not largest <= tolerance * scale:
        raise ArgumentError(
            f"`model` must give the same numbers as its {format!r} file, to {tolerance:g}. "
            f"Received: model={model.name!r}, a difference of {largest:.3g}"
        )
    return largest
