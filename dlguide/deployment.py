"""Export of a model for another runtime: a file stays only if it gives the outputs of `predict`."""

import importlib.util
import os
import tempfile
from pathlib import Path
from typing import Literal, NamedTuple

import keras
import numpy as np

from dlguide import _checks, _data_checks, _export_formats, _export_runtimes
from dlguide._export_formats import as_input

__all__ = ["Export", "export"]

TOLERANCES = {"tf_saved_model": 1e-5, "onnx": 1e-5, "litert": 1e-4}
"""The largest permitted difference from `predict`, as a share of the largest output if that is above 1."""
EIGHT_BITS = 0.2
"""The same for a file of 8 bits: it finds a wrong file, and says nothing of the accuracy."""


class Export(NamedTuple):
    """The file that `export` wrote, its largest difference from `predict`, and its size in bytes."""

    path: str
    largest_difference: float
    size: int


def export(
    model: keras.Model,
    path: str | os.PathLike,
    *,
    format: Literal["tf_saved_model", "onnx", "litert"],
    examples: np.ndarray | list[np.ndarray],
    bits: Literal[32, 8] = 32,
) -> Export:
    """Export a model by Keras's own `export`, and compare the file with the model before it is put in place.

    A new process loads the file with the format's own runtime, without Keras, and computes one example, a batch of all
    of them, and a shorter batch if the sequence length is variable.

    | `format` | `path` | what the file takes | runtime |
    |---|---|---|---|
    | `"tf_saved_model"` | a folder | any number of examples, any length | TensorFlow, TensorFlow Serving |
    | `"onnx"` | ends in `.onnx` | the same | ONNX Runtime |
    | `"litert"` | ends in `.tflite` | one example at a time, of the length of `examples` | LiteRT (TensorFlow Lite) |

    Inputs are named `input_0`, `input_1`, ..., outputs `output_0`, `output_1`, ..., in Keras's order. On JAX and
    PyTorch, a process on the TensorFlow backend writes the file, so that it is the same on each backend.

    A `vae`, a `gan`, a `diffusion` and a `contrastive` model draw random numbers. Export their parts:
    `model.get_layer("decoder")`, `get_layer("generator")`, `get_layer("denoiser")`, `get_layer("encoder")`.

    Args:
        model: A functional or sequential model without random draws.
        path: Path of the new file or folder, which must not exist yet.
        format: One of the three.
        examples: Inputs to compare with, an array of one or more examples, or a list of arrays for a model of several
            inputs. Real ones are best: other numbers may hide a difference. With `bits=8`, they also fix the range of
            the numbers of each layer: give a few hundred training examples.
        bits: 32, or 8 with `"litert"`: whole numbers as weights and between layers, in a quarter of the size. Such a
            file differs by up to some per cent of the largest output: measure its accuracy.

    Returns:
        An `Export`.

    Raises:
        ValueError: If an argument is wrong, the format's packages are missing, the path cannot be written, or the
            file cannot be made, does not load or differs from `predict`. There is no file then.

    Example:
        >>> import numpy as np
        >>> from dlguide import mlp
        >>> folder = tempfile.mkdtemp()
        >>> exported = export(mlp((3,), 2), f"{folder}/mlp.onnx", format="onnx", examples=np.eye(3))
        >>> exported.largest_difference < 1e-5, [file.name for file in Path(folder).iterdir()]
        (True, ['mlp.onnx'])
    """
    path = Path(path)
    suffix = _checked_suffix(format, bits, path)
    arrays = _examples_as_arrays(model, examples)
    if isinstance(getattr(model, "input", None), dict):  # The arrays have the order of `inputs`, which is another one.
        model = keras.Model(model.inputs, model.outputs, name=model.name)
    one = as_input([array[:1] for array in arrays])
    first, second = (keras.tree.flatten(model.predict_on_batch(one)) for _ in range(2))
    if not all(map(np.array_equal, first, second)):
        raise ValueError(_random(model))

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        scratch = tempfile.TemporaryDirectory(dir=path.parent, prefix=".export-")
    except OSError as error:
        received = f"path={str(path)!r} ({error.strerror})"
        raise ValueError(f"`path` must be in a folder that can be written. Received: {received}") from None
    with scratch as folder:
        file = Path(folder, f"model{suffix}")
        _export_formats.write(model, file, format, arrays, bits)
        [result] = _export_runtimes.run([(format, file, _batches(model, format, arrays))], folder)
        largest = _largest_difference(model, format, arrays, result, bits)
        size = sum(part.stat().st_size for part in [file, *file.rglob("*")] if part.is_file())
        file.rename(path)
    return Export(str(path), largest, size)


def _checked_suffix(format, bits, path: Path) -> str:
    """Return the suffix of the format's file, or raise for a wrong format, number of bits or path."""
    suffix, packages = _export_formats.FORMATS[_checks.choice("format", format, tuple(_export_formats.FORMATS))]
    missing = [package for package in packages if importlib.util.find_spec(package) is None]
    if missing:
        must = '`format` must be one whose packages are installed: pip install "dlguide[export]"'
        raise ValueError(f"{must}. Received: format={format!r}, without {', '.join(missing)}")
    if bits not in (32, 8)[: 1 + (format == "litert")]:
        raise _checks.error("bits", "32, or 8 with format='litert'", bits)
    if path.suffix != suffix and suffix:
        raise _checks.error("path", f"a file that ends in {suffix} for format={format!r}", str(path))
    if path.exists():
        raise _checks.error("path", "a path that does not exist yet", str(path))
    return suffix


def _examples_as_arrays(model, examples) -> list[np.ndarray]:
    """Return the examples as an array for each input of the model, or raise."""
    if not isinstance(model, keras.Model):
        raise _checks.error("model", "a keras.Model", model)
    inputs = getattr(model, "inputs", None)
    if not inputs:
        raise ValueError(_random(model))
    if any(tensor.dtype == "string" for tensor in inputs):
        must_be = "a model that reads numbers: export the one behind the layer that reads text"
        raise _checks.error("model", must_be, model.name)
    is_list = isinstance(examples, tuple | list) and (len(inputs) > 1 or any(hasattr(e, "shape") for e in examples))
    arrays = [_data_checks.arrays("examples", array) for array in (examples if is_list else [examples])]
    shapes = [tuple(tensor.shape[1:]) for tensor in inputs]
    if len(arrays) != len(inputs) or not all(map(_fits, arrays, shapes)) or len({len(array) for array in arrays}) != 1:
        wanted = " and ".join(map(_checks.text_of_shape, shapes))
        received = " and ".join(str(np.shape(array)) for array in arrays) or "an empty list"
        raise ValueError(f"`examples` must be numbers of shape {wanted}. Received: examples of shape {received}")
    return [array.astype(tensor.dtype) for array, tensor in zip(arrays, inputs, strict=True)]


def _fits(array, shape: tuple) -> bool:
    is_numbers = isinstance(array, np.ndarray) and array.dtype.kind in "buif" and array.size > 0
    return is_numbers and _checks.fits(array.shape[1:], shape)


def _random(model) -> str:
    parts = [layer.name for layer in model.layers if isinstance(layer, keras.Model)]
    way = f"; export its parts: {', '.join(f'model.get_layer({name!r})' for name in parts)}" if parts else ""
    return f"`model` must be functional or sequential, without random draws{way}. Received: model={model.name!r}"


def _batches(model, format: str, arrays: list[np.ndarray]) -> list[list[np.ndarray]]:
    """Return the batches to compare: one, all (at least five), and two with a step less if the length is free."""
    whole = [np.resize(array, (max(5, len(array)), *array.shape[1:])) for array in arrays]
    compared = [[array[:1] for array in whole], whole]
    free = [len(tensor.shape) > 1 and tensor.shape[1] is None for tensor in model.inputs]
    if format != "litert" and all(free) and all(array.shape[1] > 1 for array in arrays):
        compared.append([array[:2, :-1] for array in whole])
    return compared


def _largest_difference(model, format: str, arrays: list[np.ndarray], result: dict, bits: int = 32) -> float:
    """Return the largest difference of a file's outputs from `predict`, or raise if it is above the tolerance."""
    received = f"Received: model={model.name!r}"
    if "error" in result:
        reason = " ".join(str(result["error"]).split())[:400]
        raise ValueError(f"`model` must be one whose {format!r} file runs in its own runtime. {received} ({reason})")
    # Rounding to 8 bits has the size of the outputs, however small these are.
    largest, scale, tolerance = 0.0, *((0.0, EIGHT_BITS) if bits == 8 else (1.0, TOLERANCES[format]))
    for batch, outputs in zip(_batches(model, format, arrays), result["outputs"], strict=True):
        expected = keras.tree.flatten(model.predict_on_batch(as_input(batch)))
        for wanted, given in zip(expected, outputs, strict=True):
            if given.shape != wanted.shape:
                shapes = f"{wanted.shape} and {given.shape}"
                raise ValueError(f"`model` must give the same shape as its {format!r} file. {received}, {shapes}")
            scale = max(scale, float(np.abs(wanted).max()))
            largest = float(np.maximum(largest, np.abs(given - wanted).max()))  # NaN stays NaN.
    if not largest <= tolerance * scale:
        must = f"`model` must give the same numbers as its {format!r} file, to {tolerance:g}"
        raise ValueError(f"{must}. {received}, a difference of {largest:.3g}")
    return largest
