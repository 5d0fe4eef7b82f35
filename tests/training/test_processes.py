"""Several processes on the JAX backend train like one; when one is killed, the others end and can be resumed."""

import json
import signal
import socket
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

pytestmark = pytest.mark.skipif(keras.backend.backend() != "jax", reason="JAX is the backend that has them")


def ends_of(*rounds) -> list[list[list]]:
    """Exit status, output and errors of each process of each round, see `shared_run.py`."""
    command = [sys.executable, str(Path(__file__).parent / "shared_run.py"), json.dumps(rounds)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def alone(folder, epochs) -> list:
    return [[str(folder / "one"), epochs, {}]]


def pair(folder, epochs, **more) -> list:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    shared = {
        "KERAS_DISTRIBUTION_JOB_ADDRESSES": f"127.0.0.1:{port}",
        "KERAS_DISTRIBUTION_NUM_PROCESSES": "2",
    }
    numbers = [{"environment": {**shared, "KERAS_DISTRIBUTION_PROCESS_ID": str(process)}} for process in range(2)]
    return [[str(folder / "two"), epochs, {**number, **more}] for number in numbers]


def result(end):
    status, output, errors = end
    assert status == 0, "\n".join(errors)
    return json.loads(output[-1])


def check_end(folder, expected, first, again):
    """Compare what two processes make of the run with that of one, and once more, when it is finished."""
    for one in (*first, *again):
        found, wanted = result(one), result(expected)
        assert found["history"].keys() == wanted["history"].keys()
        for name, values in found["history"].items():
            np.testing.assert_allclose(values, wanted["history"][name], atol=1e-4)
        np.testing.assert_allclose(found["predictions"], wanted["predictions"], atol=1e-4)
    names = [sorted(path.name for path in (folder / name).glob("[!.]*")) for name in ("one", "two")]
    assert names[0] == names[1]


def test_two_processes_train_like_one(tmp_path):
    [expected], *both = ends_of(alone(tmp_path, 3), pair(tmp_path, 3), pair(tmp_path, 3))
    check_end(tmp_path, expected, *both)


def test_what_process_0_refuses_ends_both(tmp_path):
    (tmp_path / "two").mkdir()
    (tmp_path / "two" / "history.csv").write_text("mine")
    [ends] = ends_of(pair(tmp_path, 3))
    for status, _, errors in ends:
        assert status != 0
        assert any("`run_dir`" in line for line in errors)


@pytest.mark.thorough
def test_a_lost_process_ends_the_other_and_both_are_resumed(tmp_path):
    interrupted = pair(tmp_path, 6, seconds_a_step=0.3)
    interrupted[1][-1]["killed_at"] = str(tmp_path / "two" / "checkpoint.npz")
    [expected], [left, lost], *both = ends_of(alone(tmp_path, 6), interrupted, pair(tmp_path, 6), pair(tmp_path, 6))
    assert left[0] not in (0, -signal.SIGKILL) and lost[0] == -signal.SIGKILL
    assert any("another process of the run has gone" in line for line in left[2])
    check_end(tmp_path, expected, *both)
