"""Runs that kill themselves: killed_runs.py RUNS prints the exit status of each of them, as JSON.

A run is [FOLDER, [WHERE, NUMBER, PLACE], MODEL]; MODEL is a name of `FITS`, or "loop".
WHERE is "epoch" (its number, from 0; how far into it, as a share of the time that the one before it took) or
"checkpoint" (which one; where it is left: 0 half written, 1 before the first rename, 2 between the two, 3 after both).
Each is a process of its own, forked after the imports, which take longer than it, and before anything is computed.
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

import keras
import numpy as np

from dlguide import gan, mlp, training, vae
from dlguide.training import _run
from tests.helpers.training_runs import SPARSE, Draws, Made, Stopped, X, each_epoch, plateau, state


def arrays():
    """A classifier with dropout, batch normalisation, patience and a learning rate that falls on a plateau."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 8)).astype("float32")
    y = (x[:, 0] + rng.normal(size=200) > 0).astype("int32")
    model = mlp((8,), 2, hidden_units=(32, 32), dropout=0.3, batch_norm=True)
    model.compile(keras.optimizers.Adam(0.02), SPARSE, metrics=["accuracy"])
    more = {"validation_data": (x[150:], y[150:]), "patience": 9, "callbacks": [plateau(min_delta=0.02)]}
    return model, {"x": x[:150], "y": y[:150], "batch_size": 8, **more}


class Sampler(Draws):
    """Draws the rows of each step, and counts them."""

    def __init__(self):
        self.generator, self.drawn = np.random.default_rng(3), np.zeros(len(X), int)

    def rows(self):
        rows = self.generator.integers(len(X), size=8)
        self.drawn += np.bincount(rows, minlength=len(X))
        return rows


@each_epoch
def loop(folder, epochs=3, stop=None, at_epoch=lambda epoch: None, **options) -> list:
    """Train in a loop of its own with a second model that follows the first; return what it ends with.

    It crashes in the middle of the step `stop` of an epoch.
    """
    keras.utils.set_random_seed(0)
    model, follower = (mlp((4,), 1, hidden_units=(5,), dropout=0.2) for _ in range(2))
    model.compile(keras.optimizers.Adam(0.01), "mse", metrics=["mae"])
    sampler, mean = Sampler(), keras.metrics.Mean()
    with training.Run(folder, epochs=epochs, model=model, **{"options": {"seed": 3}, **options}) as run:
        run.keep(sampler=sampler, follower=follower, mean=mean)
        for epoch in run.epochs():
            at_epoch(epoch)
            mean.reset_state()
            for step in range(4):
                rows = sampler.rows()
                loss, mae = model.train_on_batch(X[rows], X[rows, :1] ** 2)
                mean.update_state(loss)
                if (epoch, step) == stop:
                    raise Stopped
                both = zip(follower.get_weights(), model.get_weights(), strict=True)
                follower.set_weights([0.9 * a + 0.1 * b for a, b in both])
            run.end_epoch({"loss": float(mean.result()), "mae": mae, "by_row": np.array(sampler.drawn[:2])})
        run.save_model()
    return [*state(model), *follower.get_weights(), sampler.drawn, *map(np.array, run.history.history.values())]


IMAGES = np.random.default_rng(0).random((120, 8, 8, 1)).astype("float32")


def function():
    """A model that draws numbers in every step, on new noise in each epoch."""
    model = vae((8, 8, 1), latent_dim=4, hidden_units=(16,), batch_norm=True)
    model.compile("adam", keras.losses.BinaryCrossentropy(from_logits=True))

    def batches(epoch):
        x = np.random.default_rng(epoch).binomial(1, IMAGES).astype("float32")
        return Made(12, lambda i: (x[10 * i : 10 * i + 10],) * 2)

    return model, {"x": batches}


def players():
    """A model of two players, with a learning rate for each."""
    model = gan((8, 8, 1), filters=(8,), num_classes=2)
    rates = {"discriminator.*": keras.optimizers.Adam(1e-3)}
    model.compile(keras.optimizers.MultiOptimizer(keras.optimizers.OptimizerMap(keras.optimizers.Adam(2e-3), rates)))
    return model, {"x": (IMAGES, np.arange(120) % 2), "batch_size": 10}


FITS = {"arrays": arrays, "function": function, "players": players}


def run(folder: str | None, name: str, epochs=12, at_epoch=lambda epoch: None) -> str:
    """Train and return the hash of weights, optimizer and history."""
    keras.utils.clear_session()
    keras.utils.set_random_seed(0)
    if name == "loop":
        found = loop(folder, epochs, at_epoch=at_epoch)
    else:
        model, given = FITS[name]()
        note = keras.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs: at_epoch(epoch))
        given["callbacks"] = [*given.get("callbacks", ()), note]
        options = {"epochs": epochs, "run_dir": folder, "verbose": 0}
        history = training.fit(model, **given, **options).history
        found = [*state(model), *map(np.array, history.values())]
    return hashlib.sha256(b"".join(np.ascontiguousarray(array).tobytes() for array in found)).hexdigest()


def kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def killing_in_epoch(number: int, share: float):
    """Return what kills the process some time after an epoch began, and not later than two epochs on."""
    begun = time.perf_counter()

    def at_epoch(epoch):
        nonlocal begun
        seconds, begun = time.perf_counter() - begun, time.perf_counter()
        if epoch == number:
            threading.Timer(share * seconds, kill).start()
        if epoch == number + 2:
            kill()

    return at_epoch


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
    _run.CHECKPOINT_SHARE = math.inf  # One after each epoch.
    if where == "checkpoint":
        kill_in_checkpoint(*when)
        run(folder, name)
    run(folder, name, at_epoch=killing_in_epoch(*when))


def exit_codes(runs: list) -> Iterator[int]:
    """Run `runs`, two at a time."""
    fork = multiprocessing.get_context("fork")
    for first in range(0, len(runs), 2):
        pair = [fork.Process(target=run_with, args=given) for given in runs[first : first + 2]]
        for process in pair:
            process.start()
        for process in pair:
            process.join()
            yield process.exitcode


if __name__ == "__main__":
    print(json.dumps(list(exit_codes(json.loads(sys.argv[1])))))
