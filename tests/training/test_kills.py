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


# The others draw numbers in every step. Fewer kills are enough: the same code writes their checkpoints.
# Those of one test share their interpreters, whose imports take longer than the runs.
TOGETHER = [("mlp",), ("vae", "contrastive", "dqn"), ("gan",)]


@pytest.mark.parametrize(
    "models",
    [(ONLY,)] if ONLY else [pytest.param(m, marks=[pytest.mark.thorough] * (m != ("mlp",))) for m in TOGETHER],
    ids="-".join,
)
def test_runs_killed_at_random_moments_end_in_the_same_bits(models, tmp_path):
    print(f"seed of the moments: {SEED}")
    whole, short, runs = {}, [], []
    for model in models:
        rng = np.random.default_rng([SEED, *model.encode()])
        number = MOMENTS if model in ("mlp", ONLY) else max(1, MOMENTS * 3 // 8)
        moments = drawn(rng, number // 2, number - number // 2)
        whole[model] = [str(tmp_path / f"{model}-whole"), None, model]
        runs += [[str(tmp_path / f"{model}-killed{i}"), moment, model] for i, moment in enumerate(moments)]
        # Some were runs of 3 epochs first, and are killed as they are extended to 12.
        for i in range(MOMENTS // 4 if model == "mlp" else 0):
            short.append([str(tmp_path / f"extended{i}"), None, model, 3])
            later = ["epoch", int(rng.integers(4, 10)), float(rng.uniform(0, 1))]
            runs.append([short[-1][0], later, model])
    first, killed = results([*whole.values(), *short], runs)
    # In a new interpreter, as a user starts it again: with other hashes and other addresses.
    [ends] = results([[folder, None, model] for folder, _, model in runs])
    expected = dict(zip(models, first, strict=False))
    for (_, moment, model), death, end in zip(runs, killed, ends, strict=True):
        print(model, *moment, "status", *death, end == expected[model])
    assert all(status == 0 for status, *_ in first) and all(len(end) == 2 for end in expected.values())
    assert killed == [[-9]] * len(runs)
    assert ends == [expected[model] for _, _, model in runs]
