"""Runs that are killed at random moments and started again end in the same bits.

A killed run is [FOLDER, [WHERE, NUMBER, PLACE], MODEL].
MODEL is "mlp", "vae", "gan", "contrastive", "diffusion", "dqn" or "selfplay".
WHERE is "epoch" (its number, from 1; how far into it, as a share of the time that the one before it took) or
"checkpoint" (which one; where it is left: 0 half written, 1 before the first rename, 2 between the two, 3 after both).
Each is a process of its own, forked after the imports, which take longer than it, and before anything is computed. The
runs that nothing kills are trained by the test itself: an interpreter with other hashes and other addresses.
"""

import hashlib
import json
import math
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from unittest import mock

import keras
import numpy as np
import pytest

from dlguide import contrastive, diffusion, gan, mlp, training, vae
from dlguide.training import _run
from recipes._lib.agents import connect_four, environments, q_learning, self_play
from recipes._lib.images import vae_model
from tests.helpers import switches
from tests.helpers.calls import python

pytestmark = pytest.mark.each_backend
MOMENTS, _, SEED = switches.KILLS.partition(":")
MOMENTS, SEED = int(MOMENTS or 2), int(SEED or np.random.SeedSequence().entropy % 2**32)


def classifier(rng):
    """A classifier with dropout, batch normalisation, patience and a learning rate that falls on a plateau."""
    x = rng.normal(size=(200, 8)).astype("float32")
    y = (x[:, 0] + rng.normal(size=200) > 0).astype("int32")
    model = mlp((8,), 2, hidden_units=(32, 32), dropout=0.3, batch_norm=True)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(0.02), loss, metrics=["accuracy"])
    plateau = keras.callbacks.ReduceLROnPlateau(patience=1, factor=0.5, min_delta=0.02)
    more = {"validation_data": (x[150:], y[150:]), "patience": 9, "callbacks": [plateau], "batch_size": 8}
    return model, (x[:150], y[:150]), more


def generator(name: str, rng):
    """A model that draws numbers in every step, with a learning rate for each player of the GAN."""
    x = rng.random((120, 8, 8, 1)).astype("float32")
    if name == "vae":
        model = vae((8, 8, 1), latent_dim=4, hidden_units=(16,), batch_norm=True)
        model.compile("adam", keras.losses.BinaryCrossentropy(from_logits=True))
        return model, (lambda epoch: vae_model.binarised_batches(x, 10, seed=epoch),), {}
    if name == "contrastive":
        model = contrastive(mlp((8, 8, 1), 8, batch_norm=True), augment={"shift": 0.2, "rotation": 20})
        model.compile("adam")
        return model, (x,), {"batch_size": 10}
    if name == "diffusion":
        model = diffusion((8, 8, 1), filters=(4,))
        model.compile(keras.optimizers.Adam(0.01, use_ema=True))
        return model, (x,), {"batch_size": 10}
    assert name == "gan", name
    model = gan((8, 8, 1), filters=(8,), num_classes=2)
    rates = {"discriminator.*": keras.optimizers.Adam(1e-3)}
    model.compile(keras.optimizers.MultiOptimizer(keras.optimizers.OptimizerMap(keras.optimizers.Adam(2e-3), rates)))
    return model, ((x, np.arange(120) % 2),), {"batch_size": 10}


def games():
    """A model that plays against itself: the games of an epoch depend on the weights at its start."""
    play = self_play.SelfPlay(games=16, batch_size=8, seed=0)
    model = mlp(connect_four.SHAPE, 1, hidden_units=(16,))
    model.compile(keras.optimizers.Adam(0.01), keras.losses.BinaryCrossentropy(from_logits=True))
    return model, (play.batches,), {"callbacks": [play]}


@mock.patch.dict(self_play.SETTINGS, moves=6, valid_epochs=5)
@mock.patch.dict(q_learning.SETTINGS, memory=2000)
@mock.patch.object(q_learning, "ROUNDS", 20)
def run(folder: str | None, name: str, epochs: int = 12) -> str:
    """Train and return the hash of weights, optimizer and history."""
    rng = np.random.default_rng(0)
    keras.utils.clear_session()
    keras.utils.set_random_seed(0)
    options = {
        "epochs": epochs,
        "run_dir": folder,
    }
    if name == "dqn":
        network = mlp(*environments.sizes("CartPole-v1"), hidden_units=(16,))
        model = q_learning.value_of_action(network)
        model.compile(keras.optimizers.Adam(0.01), "mse")
        history = q_learning.fit(model, network, "CartPole-v1", batch_size=16, seed=0, verbose=0, **options)
    else:
        made = {"mlp": lambda: classifier(rng), "selfplay": games}.get(name, lambda: generator(name, rng))
        model, arrays, more = made()
        history = training.fit(model, *arrays, verbose=0, **options, **more)
    digest = hashlib.sha256(json.dumps(history.history).encode())
    for variable in (*model.variables, *model.optimizer.variables):
        digest.update(np.ascontiguousarray(keras.ops.convert_to_numpy(variable)).tobytes())
    return digest.hexdigest()


def kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def kill_in_epoch(number: int, share: float) -> None:
    """Kill the process some time after an epoch began, wherever it is then, and not later than two epochs on."""
    restore, save_epoch, begun = training.Run.restore, training.Run.save_epoch, 0.0

    def begin_epoch(run):
        nonlocal begun
        seconds, begun = time.perf_counter() - begun, time.perf_counter()
        if run.progress.epoch == number:
            threading.Timer(share * seconds, kill).start()
        if run.progress.epoch == number + 2:
            kill()

    training.Run.restore = lambda run: (restore(run), begin_epoch(run))
    training.Run.save_epoch = lambda run, stop: (save_epoch(run, stop), begin_epoch(run))


def kill_in_checkpoint(number: int, place: int) -> None:
    """Kill the process in the middle of its `number`th checkpoint."""
    count = renames = 0
    sync, replace = os.fsync, os.replace

    def counted_sync(file):
        nonlocal count, renames
        if os.readlink(f"/proc/self/fd/{file}").endswith("checkpoint.npz.tmp"):
            count, renames = count + 1, 0
            if count == number and place == 0:
                os.ftruncate(file, os.fstat(file).st_size // 2)
                kill()
        sync(file)

    def counted_replace(source, target):
        nonlocal renames
        if "checkpoint" in str(target):
            renames += 1
            if count == number and renames == place:
                kill()
        replace(source, target)
        if count == number and place == 3 and str(target).endswith("checkpoint.npz"):
            kill()

    os.fsync, os.replace = counted_sync, counted_replace


def run_with(folder: str, moment: list, name: str) -> None:
    """Run in this process, which dies at the moment."""
    where, *when = moment
    {"checkpoint": kill_in_checkpoint, "epoch": kill_in_epoch}[where](*when)
    _run.CHECKPOINT_SHARE = math.inf  # One after each epoch.
    run(folder, name)


def exit_codes(runs: list) -> Iterator[int]:
    """Run `runs`, two at a time."""
    for first in range(0, len(runs), 2):
        fork = multiprocessing.get_context("fork")
        pair = [fork.Process(target=run_with, args=given) for given in runs[first : first + 2]]
        for process in pair:
            process.start()
        for process in pair:
            process.join()
            yield process.exitcode


def drawn(rng, in_checkpoint: int, in_epoch: int) -> list:
    first = int(rng.integers(4))
    moments = [["checkpoint", int(rng.integers(2, 9)), (first + i) % 4] for i in range(in_checkpoint)]
    # The last of the twelve epochs has two behind it: a busy machine may be late.
    return moments + [["epoch", int(rng.integers(1, 10)), float(rng.uniform(0, 1))] for _ in range(in_epoch)]


# The others draw numbers in every step. Fewer kills are enough: the same code writes their checkpoints.
# Those of one test share an interpreter, whose imports take longer than the runs. On JAX and PyTorch the GAN and
# the diffusion stand for all that draw numbers.
TOGETHER = {("mlp",): [], ("gan", "diffusion"): [pytest.mark.thorough]}
TOGETHER |= {("vae", "contrastive", "dqn", "selfplay"): [pytest.mark.thorough, pytest.mark.one_backend]}


if switches.KILLS:  # So many of each model.
    TOGETHER = {(model,): marks for models, marks in TOGETHER.items() for model in models}


@pytest.mark.parametrize(
    "models", [pytest.param(models, marks=marks) for models, marks in TOGETHER.items()], ids="-".join
)
def test_runs_killed_at_random_moments_end_in_the_same_bits(models, tmp_path):
    print(f"seed of the moments: {SEED}")
    runs = []
    for model in models:
        rng = np.random.default_rng([SEED, *model.encode()])
        number = MOMENTS if len(models) == 1 else max(1, MOMENTS * 3 // 8)
        moments = drawn(rng, number // 2, number - number // 2)
        runs += [[str(tmp_path / f"{model}-killed{i}"), moment, model] for i, moment in enumerate(moments)]
        # Some were runs of 3 epochs first, and are killed as they are extended to 12.
        for i in range(MOMENTS // 4 if model == "mlp" else 0):
            runs.append([str(tmp_path / f"extended{i}"), ["epoch", int(rng.integers(4, 10)), rng.uniform(0, 1)], model])
            run(runs[-1][0], model, epochs=3)
    killed = json.loads(python(__file__, json.dumps(runs)))
    expected = {model: run(None, model) for model in models}
    ends = [run(folder, model) for folder, _, model in runs]
    for (_, moment, model), death, end in zip(runs, killed, ends, strict=True):
        print(model, *moment, "status", death, end == expected[model])
    assert killed == [-signal.SIGKILL] * len(runs)
    assert ends == [expected[model] for _, _, model in runs]


if __name__ == "__main__":
    print(json.dumps(list(exit_codes(json.loads(sys.argv[1])))))
