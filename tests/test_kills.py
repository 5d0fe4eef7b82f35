"""Runs that are killed at random moments and started again end in the same bits."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

MOMENTS = int(os.environ.get("DLGUIDE_KILLS", 5))  # 20 in the published check.
SEED = int(os.environ.get("DLGUIDE_KILLS_SEED", np.random.SeedSequence().entropy % 2**32))


def kill_run(*arguments, check=True):
    command = [sys.executable, str(Path(__file__).parent / "kill_run.py"), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=check)


def results(process) -> list[tuple[str, float]]:
    return [(line.split()[0], float(line.split()[1])) for line in process.stdout.splitlines()]


def test_a_run_killed_at_random_moments_ends_in_the_same_bits(tmp_path):
    print(f"seed of the moments: {SEED}")
    rng = np.random.default_rng(SEED)
    [(expected, seconds)] = results(kill_run(tmp_path / "whole"))
    moments = [("--in-checkpoint", rng.integers(2, 9), place % 4) for place in range(max(4, MOMENTS // 3))]
    # An epoch takes less than a tenth of the run, and the last of these has two more behind it.
    moments += [("--in-epoch", rng.integers(8), rng.uniform(0, seconds / 10)) for _ in range(MOMENTS - len(moments))]
    with ThreadPoolExecutor(2) as pool:
        killed = list(pool.map(lambda i: kill_run(tmp_path / str(i), *moments[i], check=False), range(MOMENTS)))
    folders = [tmp_path / str(i) for i in range(MOMENTS)]
    ends = results(kill_run(*folders))
    for moment, process, end in zip(moments, killed, ends, strict=True):
        print(*moment, "status", process.returncode, end[0] == expected)
    assert [process.returncode for process in killed] == [-9] * MOMENTS
    assert [end[0] for end in ends] == [expected] * MOMENTS
