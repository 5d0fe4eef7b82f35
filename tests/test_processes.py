"""Several processes on the JAX backend train like one; when one is killed, the others end and can be resumed."""

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import keras
import numpy as np
import pytest

pytestmark = pytest.mark.skipif(keras.backend.backend() != "jax", reason="JAX is the backend that has them")
RUN = Path(__file__).parent / "shared_run.py"


def start(folder, epochs, process=None, port=0, seconds_a_step=0.0):
    environment = dict(os.environ)
    if process is not None:
        environment |= {
            "KERAS_DISTRIBUTION_JOB_ADDRESSES": f"127.0.0.1:{port}",
            "KERAS_DISTRIBUTION_NUM_PROCESSES": "2",
            "KERAS_DISTRIBUTION_PROCESS_ID": str(process),
        }
    command = [sys.executable, str(RUN), str(folder), str(epochs), str(seconds_a_step)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def pair(folder, epochs, **options):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    return [start(folder, epochs, process, port, **options) for process in (0, 1)]


def result(process):
    output, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    return json.loads(output.splitlines()[-1])


def compare(one, other):
    assert one["history"].keys() == other["history"].keys()
    for name, values in one["history"].items():
        np.testing.assert_allclose(values, other["history"][name], atol=1e-4)
    np.testing.assert_allclose(one["predictions"], other["predictions"], atol=1e-4)


def check_end(folder, expected):
    """Compare what two processes make of the run with that of one, and once more, when it is finished."""
    for process in pair(folder / "two", expected["epochs"]):
        compare(result(process), expected)
    names = [sorted(path.name for path in (folder / name).glob("[!.]*")) for name in ("one", "two")]
    assert names[0] == names[1]
    again = pair(folder / "two", expected["epochs"])  # Both get the end of it.
    compare(result(again[0]), expected)
    result(again[1])


def alone(folder, epochs):
    return {**result(start(folder / "one", epochs)), "epochs": epochs}


@pytest.mark.skipif("CI" in os.environ, reason="the test of a lost process does so too")
def test_two_processes_train_like_one(tmp_path):
    check_end(tmp_path, alone(tmp_path, 3))


def test_what_process_0_refuses_ends_both(tmp_path):
    (tmp_path / "history.csv").write_text("mine")
    for process in pair(tmp_path, 3):
        _, errors = process.communicate(timeout=120)
        assert process.returncode != 0
        assert "`run_dir`" in errors


@pytest.mark.skipif("CI" not in os.environ, reason="waits for a minute and a half")
def test_a_lost_process_ends_the_other_and_both_are_resumed(tmp_path):
    expected = alone(tmp_path, 6)
    left, lost = pair(tmp_path / "two", 6, seconds_a_step=0.3)
    deadline = time.monotonic() + 120
    while not (tmp_path / "two" / "checkpoint.npz").exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    lost.kill()
    _, errors = left.communicate(timeout=120)
    assert left.returncode != 0
    assert "another process of the run has gone" in errors
    lost.communicate()
    check_end(tmp_path, expected)
