"""Runs that are killed at random moments and started again end in the same bits."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np

MOMENTS = int(os.environ.get("DLGUIDE_KILLS", 5))  # 20 in the published check.
SEED = int(os.environ.get("DLGUIDE_KILLS_SEED", np.random.SeedSequence().entropy % 2**32))


def results(runs) -> list[list]:
    """Exit status and hash of each run, given as its folder and the moment of its death."""
    command = [sys.executable, str(Path(__file__).parent / "kill_run.py"), json.dumps(runs)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}  # Two at a time, so a thread each.
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_run_killed_at_random_moments_ends_in_the_same_bits(tmp_path):
    print(f"seed of the moments: {SEED}")
    rng = np.random.default_rng(SEED)
    [[_, expected]] = results([[str(tmp_path / "whole"), None]])
    moments = [["checkpoint", int(rng.integers(2, 9)), place % 4] for place in range(max(4, MOMENTS // 3))]
    # The last of the twelve epochs has two behind it: a busy machine may be late.
    moments += [["epoch", int(rng.integers(1, 10)), float(rng.uniform(0, 1))] for _ in range(MOMENTS - len(moments))]
    folders = [str(tmp_path / str(i)) for i in range(MOMENTS)]
    killed = [end[0] for end in results(list(zip(folders, moments, strict=True)))]
    ends = results([[folder, None] for folder in folders])
    for moment, status, end in zip(moments, killed, ends, strict=True):
        print(*moment, "status", status, end[1:] == [expected])
    assert killed == [-9] * MOMENTS
    assert ends == [[0, expected]] * MOMENTS
