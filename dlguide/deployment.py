"""Export of a model for another runtime, checked: the file is put in place once it gives what `predict` gives."""

import importlib.util
import statistics
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np

from dlguide import _checks, _export_files
from dlguide._export_files import as_input

__all__ = ["Export", "export"]

# Suffix, packages, and the largest difference from `predict`, as a share of the largest output where that is above 1.
FORMATS = {
    "tf_saved_model": ("", ("tensorflow",), 1e-5),
    "onnx": (".onnx", ("onnx", "tf2onnx", "onnxruntime"), 1e-5),
    "litert": (".tflite", ("ai_edge_litert",), 1e-4),
}


class Export(NamedTuple):
    """What `export` wrote, and how it compares with Keras."""

    path: str
    largest_difference: float
    """From `predict`, over all examples."""
    size: int
    """Of the file, or of all files of the folder, in bytes."""
    seconds: float
    """Of one call with one example in the format's own runtime, the median of 20."""
    keras_seconds: float
    """The same with `predict_on_batch`."""


def export(model: keras.Model, path, *, format: str, examples) -> Export:
    """Export a model by Keras's own `export`, and compare the file with the model before it is put in place.

    A new process loads the file with the format's own runtime, without Keras, and computes the examples one by
    one and in a batch of 5, and with one step less where the length of a sequence is free.

    | `format` | `path` | what the file takes | runtime |
    |---|---|---|---|
    | `"tf_saved_model"` | a folder | any number of examples, any length | TensorFlow, TensorFlow Serving |
    | `"onnx"` | ends in `.onnx` | the same | ONNX Runtime |
    | `"litert"` | ends in `.tflite` | one example at a time, of the length of `examples` | LiteRT (TensorFlow Lite) |

    Inputs are named `input_0`, `input_1`, ..., outputs `output_0`, `output_1`, ..., in Keras's order. On JAX and
    PyTorch, a process on the TensorFlow backend writes the file, so that it is the same on each backend.

    Of a `vae`, a `gan` or a `contrastive` model, export the parts: `model.get_layer("decoder")`,
    `get_layer("generator")`, `get_layer("encoder")`; the whole model draws random numbers.

    Args:
        model: A functional or sequential model without random draws.
        path: Where to put the file or folder, a path that does not exist yet.
        format: `"tf_saved_model"`, `"onnx"` or `"litert"`.
        examples: Inputs to compare with, an array of one or more examples, or a list of arrays for a model of several
            inputs. Real ones are best: numbers far from them may hide a difference.

    Returns:
        An `Export`: `path`, `largest_difference`, `size` in bytes, `seconds` and `keras_seconds` of one call.

    Raises:
        ValueError: If an argument is wrong, the format's packages are missing, the path cannot be written, or the
            file cannot be made, does not load or differs from `predict`. There is no file then.

    Example:
        >>> from dlguide import mlp
        >>> folder = tempfile.mkdtemp()
        >>> exported = export(mlp((3,), 2), f"{folder}/mlp.onnx", format="onnx", examples=np.eye(3))
        >>> exported.largest_difference < 1e-5, [file.name for file in Path(folder).iterdir()]
        (True, ['mlp.onnx'])
    """
    format = _checks.choice("format", format, tuple(FORMATS))
    suffix, packages, tolerance = FORMATS[format]
    missing = [package for package in packages if importlib.util.find_spec(package) is None]
    if missing:
        raise ValueError(
            f'`format` must be one whose packages are installed: pip install -e ".[export]". '
            f"Received: format={format!r}, without {', '.join(missing)}"
        )
    path = Path(path)
    if path.suffix != suffix and suffix:
        raise _checks.error("path", f"a file that ends in {suffix} for format={format!r}", str(path))
    if path.exists():
        raise _checks.error("path", "a path that does not exist yet", str(path))
    arrays = _inputs(model, examples)
    keras_seconds = _check_model(model, arrays)

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        scratch = tempfile.TemporaryDirectory(dir=path.parent, prefix=".export-")
    except OSError as error:
        raise ValueError(
            f"`path` must be in a folder that can be written. Received: path={str(path)!r} ({error.strerror})"
        ) from None
    with scratch as folder:
        file = Path(folder, f"model{suffix}")
        _export_files.write([(model, file, format, arrays)])
        [result] = _export_files.run([(format, file, _batches(model, format, arrays))], folder)
        difference = _difference(model, format, arrays, result, tolerance)
        size = sum(part.stat().st_size for part in [file, *file.rglob("*")] if part.is_file())
        file.rename(path)
    return Export(str(path), difference, size, float(result["seconds"]), keras_seconds)


def _inputs(model, examples) -> list[np.ndarray]:
    """Return the examples as an array for each input of the model, or raise."""
    if not isinstance(model, keras.Model):
        raise _checks.error("model", "a keras.Model", model)
    inputs = getattr(model, "inputs", None)
    if not inputs:
        raise ValueError(_random(model))
    is_list = isinstance(examples, tuple | list) and (len(inputs) > 1 or hasattr(examples[0], "shape"))
    arrays = [np.asarray(array) for array in (examples if is_list else [examples])]
    wanted = [("n", *("any" if size is None else size for size in tensor.shape[1:])) for tensor in inputs]
    fits = len(arrays) == len(inputs) and len({len(array) if array.ndim else 0 for array in arrays}) == 1
    for array, shape in zip(arrays, wanted, strict=False):
        sizes = zip(array.shape, shape, strict=False)
        fits = fits and array.ndim == len(shape) and array.dtype.kind in "buif" and len(array) > 0
        fits = fits and all(size in (theirs, 0) or theirs in ("n", "any") for size, theirs in sizes)
    if not fits:
        shapes = [" and ".join(f"({', '.join(map(str, each))})" for each in wanted)]
        received = " and ".join(str(array.shape) for array in arrays)
        raise ValueError(f"`examples` must be numbers of shape {shapes[0]}. Received: examples of shape {received}")
    return [array.astype(tensor.dtype) for array, tensor in zip(arrays, inputs, strict=True)]


def _random(model) -> str:
    parts = [layer.name for layer in model.layers if isinstance(layer, keras.Model)]
    way = f"; export its parts: {', '.join(f'model.get_layer({name!r})' for name in parts)}" if parts else ""
    return f"`model` must be functional or sequential, without random draws{way}. Received: model={model.name!r}"


def _check_model(model, arrays: list[np.ndarray]) -> float:
    """Refuse a model that gives another output each time; return the seconds of one call with one example."""
    one = as_input([array[:1] for array in arrays])
    first, second = (keras.tree.flatten(model.predict_on_batch(one)) for _ in range(2))
    if not all(np.array_equal(a, b) for a, b in zip(first, second, strict=True)):
        raise ValueError(_random(model))
    seconds = []
    for _ in range(20):
        start = time.perf_counter()
        model.predict_on_batch(one)
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def _batches(model, format: str, arrays: list[np.ndarray]) -> list[list[np.ndarray]]:
    """Return what is compared: one example, five, and one with a step less where the length is free."""
    five = [np.resize(array, (5, *array.shape[1:])) for array in arrays]
    batches = [[array[:1] for array in five], five]
    free = [len(tensor.shape) > 1 and tensor.shape[1] is None for tensor in model.inputs]
    if format != "litert" and all(free) and all(array.shape[1] > 1 for array in arrays):
        batches.append([array[:2, :-1] for array in five])
    return batches


def _difference(model, format: str, arrays: list[np.ndarray], result: dict, tolerance: float) -> float:
    """Return the largest difference from `predict`, or raise where it is too large or there is no answer."""
    if "error" in result:
        message = " ".join(str(result["error"]).split())[:400]
        raise ValueError(
            f"`model` must be one whose {format!r} file runs in its own runtime. "
            f"Received: model={model.name!r} ({message})"
        )
    largest, scale = 0.0, 1.0
    for b, batch in enumerate(_batches(model, format, arrays)):
        for place, expected in enumerate(keras.tree.flatten(model.predict_on_batch(as_input(batch)))):
            given = result[f"{b}_{place}"]
            if given.shape != expected.shape:
                raise ValueError(
                    f"`model` must give the same shape as its {format!r} file. Received: model={model.name!r}, "
                    f"{expected.shape} and {given.shape}"
                )
            scale = max(scale, float(np.abs(expected).max()))
            largest = float(np.maximum(largest, np.abs(given - expected).max()))  # NaN stays NaN.
    if not largest <= tolerance * scale:
        raise ValueError(
            f"`model` must give the same numbers as its {format!r} file, to {tolerance:g}. "
            f"Received: model={model.name!r}, a difference of {largest:.3g}"
        )
    return largest
