"""Run exported files in their own runtime, without Keras: `python _export_worker.py FORMAT FILE INPUTS OUTPUTS ...`.

INPUTS is an .npz file with arrays `0_0`, `0_1`, `1_0`: number of the batch, then number of the input; OUTPUTS gets
arrays named in the same way, and `seconds` of one call of batch 0; or `error`, what the runtime said.
"""

import statistics
import sys
import time

import numpy as np


def session(file_format: str, file: str):
    """Return a function from a list of arrays to a list of arrays."""
    if file_format == "onnx":
        import onnxruntime

        onnx = onnxruntime.InferenceSession(file)
        return lambda arrays: onnx.run(None, {f"input_{i}": array for i, array in enumerate(arrays)})
    if file_format == "litert":
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


def answers(file_format: str, file: str, inputs: str) -> dict:
    """Return the outputs for each batch, and the seconds of one call."""
    with np.load(inputs) as saved:
        batches = {}
        for name in saved.files:
            batch, place = map(int, name.split("_"))
            batches.setdefault(batch, {})[place] = saved[name]
    run = session(file_format, file)
    results = {}
    for batch, arrays in batches.items():
        outputs = run([arrays[place] for place in sorted(arrays)])
        results |= {f"{batch}_{place}": array for place, array in enumerate(outputs)}
    seconds = []
    for _ in range(20):
        start = time.perf_counter()
        run([batches[0][place] for place in sorted(batches[0])])
        seconds.append(time.perf_counter() - start)
    return {**results, "seconds": statistics.median(seconds)}


if __name__ == "__main__":
    for job in zip(*[iter(sys.argv[1:])] * 4, strict=True):
        try:
            content = answers(*job[:3])
        except Exception as error:  # Whatever it is, the other process tells the user.
            content = {"error": f"{type(error).__name__}: {error}"}
        np.savez(job[3], **content)
