"""Several processes on the JAX backend train like one; when one is killed, the others end and can be resumed."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import keras
import numpy as np
import pytest

from dlguide import mlp, training

pytestmark = [
    pytest.mark.each_backend,
    pytest.mark.skipif(keras.backend.backend() != "jax", reason="JAX is the backend that has them"),
]


def train(folder: str, epochs: int, seconds_a_step: float) -> None:
    """Train in a process of its own, and print the losses of each epoch and three predictions."""
    if "KERAS_DISTRIBUTION_JOB_ADDRESSES" in os.environ:
        keras.distribution.initialize()
        keras.distribution.set_distribution(keras.distribution.DataParallel(auto_shard_dataset=False))
    rng = np.random.default_rng(0)
    x, weights = rng.normal(size=(410, 8)).astype("float32"), rng.random(410)
    y = (x[:, 0] > 0).astype("int32")
    keras.utils.set_random_seed(0)
    model = mlp((8,), 2, hidden_units=(16,), batch_norm=True)
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
    slow = keras.callbacks.LambdaCallback(on_train_batch_begin=lambda batch, logs: time.sleep(seconds_a_step))
    log = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: print("logged", epoch))
    options = {"validation_data": (x[330:], y[330:], weights[330:]), "batch_size": 32, "verbose": 2}
    options |= {"epochs": epochs, "run_dir": folder, "callbacks": [slow, log]}
    history = training.fit(model, x[:330], y[:330], sample_weight=weights[:330], **options)
    print(json.dumps({"history": history.history, "predictions": model.predict(x[:3], verbose=0).tolist()}))


def ends_of(folder: Path, epochs: int, number=2, seconds_a_step=0.0, is_killed=False) -> list[tuple]:
    """Return the exit status, the output and the errors of each process; the last may be killed at a checkpoint."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        shared = {"JOB_ADDRESSES": f"127.0.0.1:{free.getsockname()[1]}", "NUM_PROCESSES": "2"} if number > 1 else {}
    command = [sys.executable, __file__, json.dumps([str(folder), epochs, seconds_a_step])]
    processes = []
    for rank in range(number):
        own = {f"KERAS_DISTRIBUTION_{name}": value for name, value in (shared | {"PROCESS_ID": str(rank)}).items()}
        environment = {**os.environ, **own, "PYTHONPATH": str(Path(__file__).parents[3])}
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        processes.append(subprocess.Popen(command, env=environment, **pipes))
    deadline = time.monotonic() + 300
    while is_killed and processes[-1].poll() is None and time.monotonic() < deadline:
        if (folder / "checkpoint.previous.npz").exists():
            processes[-1].kill()
        time.sleep(0.1)
    try:  # JAX itself gives up after 300 seconds.
        texts = [process.communicate(timeout=200) for process in processes]
    finally:
        for process in processes:
            process.kill()  # Of those that hang; the others have ended.
    return [(process.returncode, *both) for process, both in zip(processes, texts, strict=True)]


def check_ends(tmp_path, epochs):
    """Compare what two processes make of the run with that of one, and once more, when it is finished."""
    ends = ends_of(tmp_path / "one", epochs, 1)
    for _ in range(2):
        ends += ends_of(tmp_path / "two", epochs)
    for status, _, errors in ends:
        assert status == 0, errors
    logs = [[line.split()[1] for line in output.splitlines() if line.startswith("logged")] for _, output, _ in ends]
    steps = [*map(str, range(epochs))]
    left = steps[len(steps) - len(logs[1]) :]  # A resumed run logs the epochs that are left, in each process.
    assert logs == [steps, left, left, [], []] and left
    wanted, *found = (json.loads(output.splitlines()[-1]) for _, output, _ in ends)
    for one in found:
        assert one["history"].keys() == wanted["history"].keys()
        for name, values in {**one["history"], "predictions": one["predictions"]}.items():
            expected = wanted["predictions"] if name == "predictions" else wanted["history"][name]
            np.testing.assert_allclose(values, expected, atol=1e-4)
    names = [sorted(path.name for path in (tmp_path / name).glob("[!.]*")) for name in ("one", "two")]
    assert names[0] == names[1]


def test_two_processes_train_like_one(tmp_path):
    check_ends(tmp_path, 3)


def test_what_process_0_refuses_ends_both(tmp_path):
    (tmp_path / "history.csv").write_text("mine")
    (status, _, errors), (other, *_) = ends_of(tmp_path, 3)
    assert status != 0 and other != 0 and "`run_dir`" in errors


@pytest.mark.thorough(seconds=60)  # JAX waits for its heartbeat.
def test_a_lost_process_ends_the_other_and_both_are_resumed(tmp_path):
    left, lost = ends_of(tmp_path / "two", 6, seconds_a_step=0.3, is_killed=True)
    assert left[0] not in (0, -signal.SIGKILL) and lost[0] == -signal.SIGKILL
    check_ends(tmp_path, 6)


if __name__ == "__main__":
    train(*json.loads(sys.argv[1]))
