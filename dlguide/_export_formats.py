"""The formats of `deployment.export`, and how Keras writes a file of each."""

import logging
import os
import pickle
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

import keras
import numpy as np

FORMATS = {
    "tf_saved_model": ("", ("tensorflow",)),
    "onnx": (".onnx", ("tensorflow", "onnx", "tf2onnx", "onnxruntime")),
    "litert": (".tflite", ("tensorflow", "ai_edge_litert")),
}
"""The suffix of a file, and the packages that write and run it."""


def as_input(arrays: list):
    """Return the argument with which a model of one or of several inputs is called."""
    return arrays if len(arrays) > 1 else arrays[0]


def write(model: keras.Model, file: Path, format: str, arrays: list[np.ndarray], bits: int = 32) -> None:
    """Write a file, unchecked; `arrays` are examples, from which 8 bits take their ranges."""
    if keras.backend.backend() != "tensorflow":
        _write_in_tensorflow(model, file, format, arrays, bits)
        return
    specs = []
    for i, (array, tensor) in enumerate(zip(arrays, model.inputs, strict=True)):
        # LiteRT's file has fixed sizes: recurrent and attention layers do not run with free ones.
        shape = (1, *array.shape[1:]) if format == "litert" else (None, *tensor.shape[1:])
        specs.append(keras.InputSpec(shape=shape, dtype=array.dtype.name, name=f"input_{i}"))
    options = _eight_bits(arrays) if bits == 8 else {}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # The outputs of the file decide.
            logging.getLogger("tf2onnx").setLevel(logging.CRITICAL)  # It reports `Erfc`.
            model.export(str(file), format=format, verbose=False, input_signature=[as_input(specs)], **options)
        if format == "onnx":
            _finish_onnx(file)
    except Exception as error:  # Keras, TensorFlow and both converters have many kinds.
        received = f"model={model.name!r} ({' '.join(str(error).split())[:300]})"
        raise ValueError(f"`model` must be one that Keras can export as {format!r}. Received: {received}") from error


def _eight_bits(arrays: list[np.ndarray]) -> dict:
    """Return the options of LiteRT's converter for weights and values of 8 bits; inputs and outputs stay floats."""
    import tensorflow as tf

    def one_by_one():
        for row in range(len(arrays[0])):
            yield {f"input_{i}": array[row : row + 1] for i, array in enumerate(arrays)}

    return {"optimizations": [tf.lite.Optimize.DEFAULT], "representative_dataset": one_by_one}


def _finish_onnx(file: Path) -> None:
    """Name outputs and axes, and define `Erfc`, which exact GELU needs and ONNX lacks."""
    import onnx
    from onnx.helper import make_function, make_node, make_opsetid

    content = onnx.load(file)
    graph = content.graph
    for i, output in enumerate(graph.output):
        graph.node.append(make_node("Identity", [output.name], [f"output_{i}"]))
        output.name = f"output_{i}"
    for tensor in (*graph.input, *graph.output):
        for axis, size in enumerate(tensor.type.tensor_type.shape.dim):
            if not size.HasField("dim_value"):
                size.dim_param = f"{tensor.name}_axis_{axis}" if axis else "batch"
    missing = [node for node in graph.node if node.op_type == "Erfc"]
    if missing:
        one = make_node("Constant", [], ["one"], value_float=1.0)
        nodes = [make_node("Erf", ["x"], ["erf"]), one, make_node("Sub", ["one", "erf"], ["y"])]
        content.functions.append(make_function("dlguide", "Erfc", ["x"], ["y"], nodes, content.opset_import))
        content.opset_import.append(make_opsetid("dlguide", 1))
        content.ir_version = max(content.ir_version, 8)  # The first one with functions.
        for node in missing:
            node.domain = "dlguide"
    onnx.save(content, file)


def _write_in_tensorflow(model, *rest) -> None:
    """Write the file in a new process: Keras has no LiteRT on JAX, and no free sizes on PyTorch."""
    with tempfile.TemporaryDirectory() as folder:
        model.save(f"{folder}/model.keras")
        Path(folder, "rest.pickle").write_bytes(pickle.dumps(rest))
        environment = {**os.environ, "KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3"}
        command = [sys.executable, "-m", "dlguide._export_formats", folder]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no message"])[-1]
        if not reason.startswith("`model`"):
            must_be = (
                "made of Keras's and dlguide's layers on this backend; export others with KERAS_BACKEND=tensorflow"
            )
            reason = f"`model` must be {must_be}. Received: model={model.name!r} ({reason[:300]})"
        raise ValueError(reason)


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    try:
        model = keras.saving.load_model(folder / "model.keras", compile=False)
        write(model, *pickle.loads((folder / "rest.pickle").read_bytes()))
    except Exception as error:
        sys.exit(" ".join(str(error).split()))
