"""Runs that are killed at random moments and started again end in the same bits."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np

MOMENTS = int(os.environ.get("DLGUIDE_KILLS", 2))  # 3 in `.ci/run`, 20 in the published check.
ONLY = os.environ.get("DLGUIDE_KILLS_MODEL")  # One model of `kill_run.py`, such as dqn, alone.
SEED = int(os.environ.get("DLGUIDE_KILLS_SEED", np.random.SeedSequence().entropy % 2**32))


def results(runs) -> list[list]:
    """Exit status and hash of each run, given as its folder, the moment of its death and its model."""
    command = [sys.executable, str(Path(__file__).parent / "kill_run.py"), json.dumps(runs)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}  # Two at a time, so a thread each.
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def drawn(rng, in_checkpoint: int, in_epoch: int) -> list:
    first = int(rng.integers(4))
    moments = [["checkpoint", int(rng.integers(2, 9)), (first + i) % 4] for i in range(in_checkpoint)]
    # The last of the twelve epochs has two behind it: a busy machine may be late.
    return moments + [["epoch", int(rng.integers(1, 10)), float(rng.uniform(0, 1))] for _ in range(in_epoch)]


def test_runs_killed_at_random_moments_end_in_the_same_bits(tmp_path):
    print(f"seed of the moments: {SEED}")
    rng = np.random.default_rng(SEED)
    moments = {ONLY or "mlp": drawn(rng, MOMENTS // 2, MOMENTS - MOMENTS // 2)}
    # These draw numbers in every step; they share the code that is tried at most moments.
    drawing = ("vae", "gan", "contrastive", "dqn") if MOMENTS > 2 and not ONLY else ()
    moments |= {name: drawn(rng, MOMENTS // 8, max(1, MOMENTS // 4)) for name in drawing}
    # Some were runs of 3 epochs first, and are killed as they are extended to 12.
    later = [["epoch", int(rng.integers(4, 10)), float(rng.uniform(0, 1))] for _ in range(0 if ONLY else MOMENTS // 4)]
    short = [[str(tmp_path / f"extended{i}"), None, "mlp", 3] for i in range(len(later))]
    whole = results([[str(tmp_path / name), None, name] for name in moments] + short)[: len(moments)]
    expected = {name: end[1] for name, end in zip(moments, whole, strict=True)}
    runs = [[str(tmp_path / f"{name}{i}"), each, name] for name in moments for i, each in enumerate(moments[name])]
    runs += [[folder, moment, name] for (folder, _, name, _), moment in zip(short, later, strict=True)]
    killed = results(runs)
    ends = results([[folder, None, name] for folder, _, name in runs])
    for (_, moment, name), death, end in zip(runs, killed, ends, strict=True):
        print(name, *moment, "status", *death, end[1:] == [expected[name]])
    assert killed == [[-9]] * len(runs)
    assert ends == [[0, expected[name]] for _, _, name in runs]
