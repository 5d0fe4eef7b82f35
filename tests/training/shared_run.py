"""Runs that several processes share: shared_run.py ROUNDS, in JSON.

ROUNDS is a list of lists of processes that run at once. A process is given as its folder, its epochs and, by name, the
`environment` that it gets, `seconds_a_step` to wait, and `killed_at`: a file; it is killed when that is there.
Prints as JSON, for each process of each round, the exit status, the lines of its output and of its errors.
Each is forked after the import of Keras, which takes longer than the run, and before anything is computed.
"""

import json
import multiprocessing
import os
import sys
import tempfile
import time
import warnings
from pathlib import Path

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import keras

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))


def run(folder: str, epochs: int, environment: dict[str, str], seconds_a_step: float) -> None:
    """Train, and print the losses of each epoch and three predictions."""
    os.environ.update(environment)
    from dlguide import mlp, training

    if environment:
        keras.distribution.initialize()

    rng = np.random.default_rng(0)
    x = rng.normal(size=(410, 8)).astype("float32")
    y = (x[:, 0] > 0).astype("int32")
    weights = rng.random(410)
    keras.utils.set_random_seed(0)
    model = mlp((8,), 2, hidden_units=(16,), batch_norm=True)
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
    slow = keras.callbacks.LambdaCallback(on_train_batch_begin=lambda batch, logs: time.sleep(seconds_a_step))
    options = {"validation_data": (x[330:], y[330:], weights[330:]), "batch_size": 32, "verbose": 2}
    options |= {"epochs": epochs, "run_dir": folder, "checkpoint_seconds": 1, "callbacks": [slow]}
    history = training.fit(model, x[:330], y[:330], sample_weight=weights[:330], **options)
    print(json.dumps({"history": history.history, "predictions": model.predict(x[:3], verbose=0).tolist()}), flush=True)


def redirected(files: list[str], *given) -> None:
    for file, number in zip(files, (1, 2), strict=True):
        os.dup2(os.open(file, os.O_CREAT | os.O_WRONLY), number)
    run(*given)


def ends_of(processes: list) -> list[list]:
    """Run the processes at once; return the exit status, the output and the errors of each."""
    started = []
    with tempfile.TemporaryDirectory() as logs:
        for i, (folder, epochs, more) in enumerate(processes):
            files = [f"{logs}/{i}.{name}" for name in ("output", "errors")]
            given = files, folder, epochs, more.get("environment", {}), more.get("seconds_a_step", 0.0)
            process = multiprocessing.get_context("fork").Process(target=redirected, args=given)
            process.start()
            started.append((process, files, more.get("killed_at")))
        for process, _, killed_at in started:
            while killed_at and process.is_alive() and not Path(killed_at).exists():
                time.sleep(0.1)
            if killed_at:
                process.kill()
        for process, *_ in started:
            process.join(timeout=600)
            process.kill()  # Of those that hang; the others have ended.
            process.join()
        lines = [[Path(file).read_text().splitlines() for file in files] for _, files, _ in started]
    return [[process.exitcode, *both] for (process, *_), both in zip(started, lines, strict=True)]


if __name__ == "__main__":
    print(json.dumps([ends_of(processes) for processes in json.loads(sys.argv[1])]))
