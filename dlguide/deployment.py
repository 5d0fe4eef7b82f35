"""Export of a model for another runtime, checked: the file is put in place once it gives what `predict` gives."""

import importlib.util
import tempfile
from pathlib import Path
from typing import NamedTuple

import keras

from dlguide import _checks, _export_checks, _export_files
from dlguide._export_files import FORMATS

__all__ = ["Export", "export"]


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
        >>> import numpy as np
        >>> from dlguide import mlp
        >>> folder = tempfile.mkdtemp()
        >>> exported = export(mlp((3,), 2), f"{folder}/mlp.onnx", format="onnx", examples=np.eye(3))
        >>> exported.largest_difference < 1e-5, [file.name for file in Path(folder).iterdir()]
        (True, ['mlp.onnx'])
    """
    format = _checks.choice("format", format, tuple(FORMATS))
    suffix, packages, _ = FORMATS[format]
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
    arrays = _export_checks.arrays_of(model, examples)
    keras_seconds = _export_checks.time_of_call(model, arrays)

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
        [result] = _export_files.run([(format, file, _export_checks.batches(model, format, arrays))], folder)
        largest = _export_checks.difference(model, format, arrays, result)
        size = sum(part.stat().st_size for part in [file, *file.rglob("*")] if part.is_file())
        file.rename(path)
    return Export(str(path), largest, size, float(result["seconds"]), keras_seconds)
