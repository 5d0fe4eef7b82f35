"""Export of a model for another runtime: a file stays only if it gives the outputs of `predict`."""

import importlib.util
import tempfile
from pathlib import Path
from typing import NamedTuple

import keras

from dlguide import _checks, _export_checks, _export_formats, _export_runtimes
from dlguide.errors import ArgumentError

__all__ = ["Export", "export"]


class Export(NamedTuple):
    """The file that `export` wrote, compared with Keras."""

    path: str
    largest_difference: float
    """From `predict`, over all examples."""
    size: int
    """Of the file, or of all files of the folder, in bytes."""
    seconds: float
    """Of one call with one example in the format's own runtime, the median of 20."""
    keras_seconds: float
    """The same with `predict_on_batch`."""


def export(model: keras.Model, path, *, format: str, examples, bits: int = 32) -> Export:
    """Export a model by Keras's own `export`, and compare the file with the model before it is put in place.

    A new process loads the file with the format's own runtime, without Keras, and computes one example, all
    of them in a batch (of 5 at least), and two that are one time step shorter if the sequence length is variable.

    | `format` | `path` | what the file takes | runtime |
    |---|---|---|---|
    | `"tf_saved_model"` | a folder | any number of examples, any length | TensorFlow, TensorFlow Serving |
    | `"onnx"` | ends in `.onnx` | the same | ONNX Runtime |
    | `"litert"` | ends in `.tflite` | one example at a time, of the length of `examples` | LiteRT (TensorFlow Lite) |

    With `bits=8`, a LiteRT file has whole numbers of 8 bits as weights and between its layers: it is about a quarter of
    the size, and made for processors that compute such numbers fast. It differs from `predict` by up to some per cent
    of the largest output: measure its accuracy. Its inputs and outputs stay floats.

    Inputs are named `input_0`, `input_1`, ..., outputs `output_0`, `output_1`, ..., in Keras's order. On JAX and
    PyTorch, a process on the TensorFlow backend writes the file, so that it is the same on each backend.

    A `vae`, a `gan`, a `diffusion` and a `contrastive` model draw random numbers. Export their parts:
    `model.get_layer("decoder")`, `get_layer("generator")`, `get_layer("denoiser")`, `get_layer("encoder")`.

    Args:
        model: A functional or sequential model without random draws.
        path: Path of the new file or folder, which must not exist yet.
        format: `"tf_saved_model"`, `"onnx"` or `"litert"`.
        examples: Inputs to compare with, an array of one or more examples, or a list of arrays for a model of several
            inputs. Real ones are best: other numbers may hide a difference. With `bits=8`, they also fix the range of
            the numbers of each layer: a few hundred training examples, so that the ranges are those of the data.
        bits: 32, or 8 with `"litert"`.

    Returns:
        An `Export`: `path`, `largest_difference`, `size` in bytes, `seconds` and `keras_seconds` of one call.

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
    format = _checks.choice("format", format, tuple(_export_formats.FORMATS))
    suffix, packages = _export_formats.FORMATS[format]
    missing = [package for package in packages if importlib.util.find_spec(package) is None]
    if missing:
        raise ArgumentError(
            f'`format` must be one whose packages are installed: pip install "dlguide[export]". '
            f"Received: format={format!r}, without {', '.join(missing)}"
        )
    if bits not in (32, 8):
        raise _checks.error("bits", "32 or 8", bits)
    if bits == 8 and format != "litert":
        raise ArgumentError(f"`bits` must be 32 for format={format!r}; 8 needs 'litert'. Received: bits={bits!r}")
    path = Path(path)
    if path.suffix != suffix and suffix:
        raise _checks.error("path", f"a file that ends in {suffix} for format={format!r}", str(path))
    if path.exists():
        raise _checks.error("path", "a path that does not exist yet", str(path))
    arrays = _export_checks.arrays_of(model, examples)
    if isinstance(getattr(model, "input", None), dict):  # The arrays have the order of `inputs`, which is another one.
        model = keras.Model(model.inputs, model.outputs, name=model.name)
    keras_seconds = _export_checks.time_of_call(model, arrays)

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        scratch = tempfile.TemporaryDirectory(dir=path.parent, prefix=".export-")
    except OSError as error:
        raise ArgumentError(
            f"`path` must be in a folder that can be written. Received: path={str(path)!r} ({error.strerror})"
        ) from None
    with scratch as folder:
        file = Path(folder, f"model{suffix}")
        _export_formats.write(model, file, format, arrays, bits)
        [result] = _export_runtimes.run([(format, file, _export_checks.batches(model, format, arrays))], folder)
        largest = _export_checks.difference(model, format, arrays, result, bits)
        size = sum(part.stat().st_size for part in [file, *file.rglob("*")] if part.is_file())
        file.rename(path)
    return Export(str(path), largest, size, result["seconds"], keras_seconds)
