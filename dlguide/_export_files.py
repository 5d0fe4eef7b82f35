"""The files behind `deployment.export`: written by Keras, mended where a runtime needs it, and run elsewhere."""

import json
import logging
import os
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

import keras
import numpy as np

# Suffix, packages, and the largest difference from `predict`, as a share of the largest output where that is above 1.
FORMATS = {
    "tf_saved_model": ("", ("tensorflow",), 1e-5),
    "onnx": (".onnx", ("onnx", "tf2onnx", "onnxruntime"), 1e-5),
    "litert": (".tflite", ("ai_edge_litert",), 1e-4),
}


def as_input(arrays: list):
    """Return what a model of one input, or of several, is called with."""
    return arrays if len(arrays) > 1 else arrays[0]


def write(jobs: list[tuple[keras.Model, Path, str, list[np.ndarray]]]) -> None:
    """Write files, unchecked: model, file, format and examples of each.

    On another backend than TensorFlow, one new process on TensorFlow writes them all.
    """
    if keras.backend.backend() != "tensorflow":
        _write_elsewhere(jobs)
        return
    for model, file, format, arrays in jobs:
        specs = []
        for i, (array, tensor) in enumerate(zip(arrays, model.inputs, strict=True)):
            # LiteRT's file has no free sizes: recurrent and attention layers do not run with them.
            shape = (1, *array.shape[1:]) if format == "litert" else (None, *tensor.shape[1:])
            specs.append(keras.InputSpec(shape=shape, dtype=array.dtype.name, name=f"input_{i}"))
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # What counts is what the file gives.
                logging.getLogger("tf2onnx").setLevel(logging.CRITICAL)  # It reports what `_finish_onnx` mends.
                model.export(str(file), format=format, verbose=False, input_signature=[as_input(specs)])
            if format == "onnx":
                _finish_onnx(file)
        except Exception as error:  # Keras, TensorFlow and both converters have many kinds.
            message = " ".join(str(error).split())[:300]
            raise ValueError(
                f"`model` must be one that Keras can export as {format!r}. Received: model={model.name!r} ({message})"
            ) from error


def _finish_onnx(file: Path) -> None:
    """Name the outputs, and replace `Erfc`, which ONNX Runtime lacks, by 1 - `Erf`."""
    import onnx

    content = onnx.load(file)
    graph = content.graph
    names = {output.name: f"output_{i}" for i, output in enumerate(graph.output)}
    for output in graph.output:
        output.name = names[output.name]
    nodes = []
    for node in graph.node:
        node.input[:] = [names.get(name, name) for name in node.input]
        node.output[:] = [names.get(name, name) for name in node.output]
        nodes.append(node)
        if node.op_type == "Erfc":  # Of the exact GELU; erfc(x) = 1 - erf(x).
            [whole] = node.output
            node.op_type, node.output[0] = "Erf", f"{whole}_erf"
            nodes.append(onnx.helper.make_node("Sub", ["erfc_one", node.output[0]], [whole]))
    if any(node.op_type == "Erf" for node in nodes):
        graph.initializer.append(onnx.numpy_helper.from_array(np.float32(1), "erfc_one"))
    kept = [onnx.NodeProto.FromString(node.SerializeToString()) for node in nodes]
    del graph.node[:]
    graph.node.extend(kept)
    onnx.save(content, file)


_WRITE = """
import json, pathlib, sys
import keras, numpy as np
from dlguide import _export_files
folder = pathlib.Path(sys.argv[1])
try:
    jobs = []
    for number, (file, file_format) in enumerate(json.loads((folder / "jobs.json").read_text())):
        with np.load(folder / f"{number}.npz") as saved:
            arrays = [saved[name] for name in saved.files]
        model = keras.saving.load_model(folder / f"{number}.keras", compile=False)
        jobs.append((model, pathlib.Path(file), file_format, arrays))
    _export_files.write(jobs)
except Exception as error:
    sys.exit(" ".join(str(error).split()))
"""


def _write_elsewhere(jobs) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for number, (model, _, _, arrays) in enumerate(jobs):
            model.save(Path(folder, f"{number}.keras"))
            np.savez(Path(folder, f"{number}.npz"), *arrays)
        Path(folder, "jobs.json").write_text(json.dumps([(str(file), format) for _, file, format, _ in jobs]))
        environment = {**os.environ, "KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3"}
        command = [sys.executable, "-c", _WRITE, folder]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise ValueError(reason if reason.startswith("`model`") else _not_elsewhere(jobs[0][0], reason))


def _not_elsewhere(model, reason: str) -> str:
    return (
        "`model` must be made of Keras's and dlguide's layers on this backend; with others, load it with "
        f"KERAS_BACKEND=tensorflow and export it there. Received: model={model.name!r} ({reason[:300]})"
    )


def run(jobs: list[tuple[str, Path, list[list[np.ndarray]]]], folder) -> list[dict]:
    """Run files in their own runtime, in one new process; return its outputs for each batch, or what it said."""
    command, results = [sys.executable, "-P", str(Path(__file__).with_name("_export_worker.py"))], []
    for i, (format, file, batches) in enumerate(jobs):
        inputs, outputs = Path(folder, f"inputs_{i}.npz"), Path(folder, f"outputs_{i}.npz")
        np.savez(
            inputs, **{f"{b}_{place}": array for b, arrays in enumerate(batches) for place, array in enumerate(arrays)}
        )
        command += [format, str(file), str(inputs), str(outputs)]
        results.append(outputs)
    done = subprocess.run(command, env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}, capture_output=True, check=False)
    ended = {"error": f"the runtime's process ended with status {done.returncode}"}
    return [dict(np.load(file)) if file.exists() else ended for file in results]
