"""Run exported files in their own runtime, in a new process without Keras.

That process runs this file as a program: `python _export_runtimes.py JOBS RESULTS`.
"""

import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np


def run(jobs: list[tuple[str, Path, list[list[np.ndarray]]]], folder) -> list[dict]:
    """Return for each file (format, file, batches of inputs) the `outputs` of each batch, or the runtime's `error`."""
    sent, received = Path(folder, "jobs.pickle"), Path(folder, "results.pickle")
    sent.write_bytes(pickle.dumps(jobs))
    received.unlink(missing_ok=True)
    command, environment = [sys.executable, "-P", __file__, sent, received], {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(command, env=environment, capture_output=True, check=False)
    if received.exists():
        return pickle.loads(received.read_bytes())
    return [{"error": f"the runtime's process ended with status {done.returncode}"} for _ in jobs]


def _session(format: str, file: str) -> Callable[[list], list]:
    """Return a function from a list of input arrays to a list of output arrays."""
    if format == "onnx":
        import onnxruntime

        onnx = onnxruntime.InferenceSession(file)
        return lambda arrays: onnx.run(None, {f"input_{i}": array for i, array in enumerate(arrays)})
    if format == "litert":
        from ai_edge_litert.interpreter import Interpreter

        interpreter = Interpreter(model_path=file)
        run = interpreter.get_signature_runner()

        def one_by_one(arrays):
            rows = []
            for row in range(len(arrays[0])):
                outputs = run(**{f"input_{i}": array[row : row + 1] for i, array in enumerate(arrays)})
                rows.append([outputs[name] for name in sorted(outputs, key=lambda name: int(name.split("_")[-1]))])
            return [np.concatenate(columns) for columns in zip(*rows, strict=True)]

        return one_by_one
    import tensorflow as tf

    model = tf.saved_model.load(file)

    def serve(arrays):
        outputs = model.serve(arrays if len(arrays) > 1 else arrays[0])
        return [tensor.numpy() for tensor in tf.nest.flatten(outputs)]

    return serve


def _result(format: str, file: Path, batches: list) -> dict:
    try:
        session = _session(format, str(file))
        return {"outputs": [session(arrays) for arrays in batches]}
    except Exception as error:  # Any kind: the other process reports it.
        return {"error": f"{type(error).__name__}: {error}"}


if __name__ == "__main__":
    results = [_result(*job) for job in pickle.loads(Path(sys.argv[1]).read_bytes())]
    Path(sys.argv[2]).write_bytes(pickle.dumps(results))
