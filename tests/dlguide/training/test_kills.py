"""Runs that are killed at random moments and started again end in the same bits.

The runs that nothing kills are trained by the test itself: an interpreter with other hashes and other addresses.
"""

import json
import signal

import numpy as np
import pytest

from tests.dlguide.training import killed_runs
from tests.dlguide.training.killed_runs import run
from tests.helpers import switches
from tests.helpers.commands import python

pytestmark = pytest.mark.each_backend
MOMENTS, _, SEED = switches.KILLS.partition(":")
MOMENTS, SEED = int(MOMENTS or 2), int(SEED or np.random.SeedSequence().entropy % 2**32)


def drawn(rng, in_checkpoint: int, in_epoch: int) -> list:
    first = int(rng.integers(4))
    moments = [["checkpoint", int(rng.integers(2, 9)), (first + i) % 4] for i in range(in_checkpoint)]
    # The last of the twelve epochs has two behind it: a busy machine may be late.
    return moments + [["epoch", int(rng.integers(1, 10)), float(rng.uniform(0, 1))] for _ in range(in_epoch)]


# Those of one test share an interpreter, whose imports take longer than the runs.
TOGETHER = [("arrays",), ("function", "players", "loop")]
if switches.KILLS:  # So many of each model.
    TOGETHER = [(name,) for name in (*killed_runs.FITS, "loop")]


@pytest.mark.thorough
@pytest.mark.parametrize("models", TOGETHER, ids="-".join)
def test_runs_killed_at_random_moments_end_in_the_same_bits(models, tmp_path):
    print(f"seed of the moments: {SEED}")
    runs = []
    for model in models:
        rng = np.random.default_rng([SEED, *model.encode()])
        moments = drawn(rng, MOMENTS // 2, MOMENTS - MOMENTS // 2)
        runs += [[str(tmp_path / f"{model}-killed{i}"), moment, model] for i, moment in enumerate(moments)]
        # Some were runs of 3 epochs first, and are killed as they are extended to 12.
        for i in range(MOMENTS // 4 if model == "arrays" else 0):
            runs.append([str(tmp_path / f"extended{i}"), ["epoch", int(rng.integers(4, 10)), rng.uniform(0, 1)], model])
            run(runs[-1][0], model, epochs=3)
    killed = json.loads(python(killed_runs.__file__, json.dumps(runs)))
    expected = {model: run(None, model) for model in models}
    ends = [run(folder, model) for folder, _, model in runs]
    for (_, moment, model), death, end in zip(runs, killed, ends, strict=True):
        print(model, *moment, "status", death, end == expected[model])
    assert killed == [-signal.SIGKILL] * len(runs)
    assert ends == [expected[model] for _, _, model in runs]
