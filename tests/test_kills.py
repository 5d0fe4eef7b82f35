"""Runs that are killed at random moments and started again end in the same bits."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.each_backend
MOMENTS = int(os.environ.get("DLGUIDE_KILLS", 2))  # 20 in the published check.
ONLY = os.environ.get("DLGUIDE_KILLS_MODEL")  # One model of `kill_run.py`, such as dqn, alone.
SEED = int(os.environ.get("DLGUIDE_KILLS_SEED", np.random.SeedSequence().entropy % 2**32))


def results(*rounds) -> list[list[list]]:
    """Exit status and hash of each run of each round; a run is given as its folder, moment of death and model."""
    command = [sys.executable, str(Path(__file__).parent / "kill_run.py"), json.dumps(rounds)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}  # Two at a time, so a thread each.
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def drawn(rng, in_checkpoint: int, in_epoch: int) -> list:
    first = int(rng.integers(4))
    moments = [["checkpoint", int(rng.integers(2, 9)), (first + i) % 4] for i in range(in_checkpoint)]
    # The last of the twelve epochs has two behind it: a busy machine may be late.
    return moments + [["epoch", int(rng.integers(1, 10)), float(rng.uniform(0, 1))] for _ in range(in_epoch)]


# These draw numbers in every step. Fewer kills are enough: the same code writes their checkpoints.
DRAWING = [pytest.param(model, marks=pytest.mark.thorough) for model in ("vae", "gan", "contrastive", "dqn")]


@pytest.mark.parametrize("model", [ONLY] if ONLY else ["mlp", *DRAWING])
def test_runs_killed_at_random_moments_end_in_the_same_bits(model, tmp_path):
    print(f"seed of the moments: {SEED}")
    rng = np.random.default_rng([SEED, *model.encode()])
    number = MOMENTS if model in ("mlp", ONLY) else max(1, MOMENTS * 3 // 8)
    moments = drawn(rng, number // 2, number - number // 2)
    # Some were runs of 3 epochs first, and are killed as they are extended to 12.
    extended = MOMENTS // 4 if model == "mlp" else 0
    later = [["epoch", int(rng.integers(4, 10)), float(rng.uniform(0, 1))] for _ in range(extended)]
    short = [[str(tmp_path / f"extended{i}"), None, model, 3] for i in range(extended)]
    runs = [[str(tmp_path / f"killed{i}"), moment, model] for i, moment in enumerate(moments)]
    runs += [[folder, moment, model] for (folder, *_), moment in zip(short, later, strict=True)]
    first = [[str(tmp_path / "whole"), None, model], *short]
    (whole, *shorter), killed = results(first, runs)
    # In a new interpreter, as a user starts it again: with other hashes and other addresses.
    [ends] = results([[folder, None, model] for folder, *_ in runs])
    for (_, moment, _), death, end in zip(runs, killed, ends, strict=True):
        print(model, *moment, "status", *death, end == whole)
    assert whole[0] == 0 and len(whole) == 2 and all(status == 0 for status, *_ in shorter)
    assert killed == [[-9]] * len(runs)
    assert ends == [whole] * len(runs)
