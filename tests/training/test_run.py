"""`training.Run`: a training loop of one's own is resumed like `fit`."""

import csv
import json
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import keras
import numpy as np
import pytest

from dlguide import mlp, training
from dlguide.training import _run

pytestmark = pytest.mark.each_backend
X = np.random.default_rng(0).normal(size=(24, 4)).astype("float32")
Y = X[:, :1] ** 2


class Sampler:
    """Draws the rows of each step, and counts them."""

    checkpoint_attributes = ("generator", "counts")

    def __init__(self):
        self.generator, self.counts = np.random.default_rng(3), np.zeros(len(X), int)

    def rows(self):
        rows = self.generator.integers(len(X), size=8)
        self.counts += np.bincount(rows, minlength=len(X))
        return rows


class Stopped(Exception):
    pass


def train(folder, epochs=3, stop=None, **options):
    """Train with a second model that follows the first, and stop in the middle of a step if told so."""
    keras.utils.set_random_seed(0)
    model, follower = (mlp((4,), 1, hidden_units=(5,), dropout=0.2) for _ in range(2))
    model.compile(keras.optimizers.Adam(0.01), "mse", metrics=["mae"])
    sampler, mean = Sampler(), keras.metrics.Mean()
    options = {"checkpoint_seconds": 0, "options": {"seed": 3}, **options}
    with training.Run(folder, epochs=epochs, model=model, **options) as run:
        run.keep(sampler, follower, mean)
        for epoch in run.epochs():
            mean.reset_state()
            for step in run.steps(4):
                rows = sampler.rows()
                loss, mae = model.train_on_batch(X[rows], Y[rows])
                mean.update_state(loss)
                if (epoch, step) == stop:
                    raise Stopped
                follower.set_weights([0.9 * a + 0.1 * b for a, b in zip(follower.get_weights(), model.get_weights(),
                                                                        strict=True)])  # fmt: skip
            run.end_epoch({"loss": float(mean.result()), "mae": mae, "by_row": np.array(sampler.counts[:2])})
        run.save_model()
    weights = [
        *model.get_weights(),
        *follower.get_weights(),
        *map(keras.ops.convert_to_numpy, model.optimizer.variables),
    ]
    return [*map(np.array, weights), sampler.counts, *run.history.history.values()]


def same(a, b):
    return len(a) == len(b) and all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))


@pytest.fixture
def each_step(monkeypatch):
    """A checkpoint before each step, whatever it costs."""
    monkeypatch.setattr(_run, "CHECKPOINT_SHARE", 1e9)


def test_a_loop_that_was_stopped_ends_in_the_same_bits(tmp_path, each_step):
    whole = train(None)
    assert same(train(tmp_path / "whole"), whole)
    for stop in ((0, 0), (0, 2), (1, 0), (1, 3), (2, 3)):
        with pytest.raises(Stopped):
            train(tmp_path / "run", stop=stop)
    assert same(train(tmp_path / "run"), whole)
    assert same(train(tmp_path / "run"), whole)  # Finished: nothing is trained.
    names = {path.name for path in (tmp_path / "run").glob("[!.]*")}
    assert names == {"checkpoint.npz", "checkpoint.previous.npz", "config.json", "history.csv", "model.keras"}
    with open(tmp_path / "run" / "history.csv", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["1", "2", "3"] and {"mae", "by_row[0]", "by_row[1]"} <= set(rows[0])


def test_more_epochs_extend_a_loop(tmp_path, each_step):
    whole = train(None, epochs=4)
    train(tmp_path, epochs=2)
    assert same(train(tmp_path, epochs=4), whole)
    with pytest.raises(ValueError, match=r"with epochs 4 there, 3 here$"):
        train(tmp_path, epochs=3)


def test_other_options_are_refused_by_name(tmp_path):
    train(tmp_path, epochs=1)
    with pytest.raises(ValueError, match=r"with seed 3 there, 4 here; size None there, 8 here$"):
        train(tmp_path, epochs=1, options={"seed": 4, "size": 8})


def test_a_loop_ends_where_it_says_stop(tmp_path):
    for _ in range(2):
        with training.Run(tmp_path, epochs=5) as run:
            for epoch in run.epochs():
                run.end_epoch({"loss": 1.0}, stop=epoch == 1)
        assert run.progress.epoch == 2 and run.progress.stopped
    assert run.status() == f"run {str(tmp_path)!r} is finished: 2 epochs, nothing to train"


def test_an_epoch_without_its_end_is_an_error(tmp_path):
    with (
        pytest.raises(ValueError, match=r"`end_epoch` must be called in each epoch. Received: no call in epoch 0"),
        training.Run(tmp_path, epochs=2) as run,
    ):
        for _ in run.epochs():
            pass


def test_bad_arguments_are_refused_before_the_folder_is_made(tmp_path):
    for options, message in (
        ({"epochs": 0}, "`epochs` must be an integer of at least 1 or None. Received: epochs=0"),
        ({"epochs": 1, "checkpoint_seconds": -1}, "`checkpoint_seconds` must be a number of at least 0"),
    ):
        with pytest.raises(ValueError, match=message):
            training.Run(tmp_path / "run", **options)
    assert not (tmp_path / "run").exists()


def test_an_optimizer_that_is_not_built_is_told(tmp_path):
    def run(is_built):
        model = mlp((4,), 1)
        optimizer = keras.optimizers.Adam()
        if is_built:
            optimizer.build(model.trainable_variables)
        with training.Run(tmp_path, epochs=1, model=model) as run:
            run.keep(optimizer)
            for _ in run.epochs():
                run.end_epoch()

    run(True)
    with pytest.raises(ValueError, match="`keep` must have objects with the variables of the checkpoint: build them"):
        run(False)


def test_a_folder_without_epochs_is_locked_and_compared(tmp_path):
    with (
        training.Run(tmp_path, options={"method": "a"}),
        pytest.raises(ValueError, match="`run_dir` must not be in use by another process"),
        training.Run(tmp_path, options={"method": "a"}),
    ):
        pass
    with (
        pytest.raises(ValueError, match=r"with method 'a' there, 'b' here$"),
        training.Run(tmp_path, options={"method": "b"}),
    ):
        pass
    assert json.loads((tmp_path / "config.json").read_text())["method"] == "a"


class Count:
    n = 0


def test_a_state_that_is_not_worth_keeping_is_not_kept(tmp_path, each_step):
    def check():
        if count.n == 3:
            raise FloatingPointError("not finite")

    count = Count()
    with (
        pytest.raises(FloatingPointError, match="not finite"),
        training.Run(tmp_path, epochs=1, checkpoint_seconds=0) as run,
    ):
        run.keep(count, check=check)
        for _ in run.epochs():
            for _ in run.steps(5):
                count.n += 1
    count = Count()
    with training.Run(tmp_path, epochs=1) as run:
        run.keep(count)
        run.restore()
    assert count.n == run.progress.step == 2


LOOP = textwrap.dedent(
    """
    import signal, sys, time
    sys.path.insert(0, sys.argv[2])
    import numpy as np
    from test_run import training
    from dlguide.training import _run
    class Count:
        n = 0
    count = Count()
    with training.Run(sys.argv[1], epochs=2, checkpoint_seconds=1000) as run:
        run.keep(count)
        for epoch in run.epochs():
            for step in run.steps(5):
                count.n += 1
                if count.n == 3:
                    signal.raise_signal(getattr(signal, sys.argv[3]))
                    count.n += 10  # The step is finished first.
            run.end_epoch({"n": count.n})
    print("done", run.history.history)
    """
)


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_signal_takes_effect_after_the_step_with_a_checkpoint(name, tmp_path):
    command = [sys.executable, "-c", LOOP, str(tmp_path / "run"), str(Path(__file__).parent), name]
    ends = [
        subprocess.run(command, capture_output=True, text=True, check=False, env=dict(os.environ)) for _ in range(2)
    ]
    assert ends[0].returncode in (-getattr(signal, name), 1), ends[0].stderr
    assert name == "SIGTERM" or "KeyboardInterrupt" in ends[0].stderr
    assert ends[1].stdout == "done {'n': [15, 20]}\n", ends[1].stderr


@pytest.mark.thorough
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the memory of a process is read from /proc")
def test_fits_of_new_models_leave_little_in_memory():
    """`recipes.benchmark fits` does 200; without `_memory`, TensorFlow keeps 1.2 MB of each."""
    from recipes.benchmark import fits as benchmark_fits

    assert benchmark_fits.growth("fit", keras.backend.backend(), fits=100) < 75
