"""`training.Run`: a training loop of one's own is resumed like `fit`."""

import json

import keras
import numpy as np
import pytest

from dlguide import mlp, training
from tests.helpers.training_runs import Stopped, X, same, state

pytestmark = pytest.mark.each_backend
Y = X[:, :1] ** 2


class Sampler:
    """Draws the rows of each step, and counts them."""

    def __init__(self):
        self.generator, self.counts = np.random.default_rng(3), np.zeros(len(X), int)

    def get_state(self):
        return {"generator": self.generator, "counts": self.counts}

    def set_state(self, state):
        self.generator, self.counts = state["generator"], state["counts"]

    def rows(self):
        rows = self.generator.integers(len(X), size=8)
        self.counts += np.bincount(rows, minlength=len(X))
        return rows


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
                both = zip(follower.get_weights(), model.get_weights(), strict=True)
                follower.set_weights([0.9 * a + 0.1 * b for a, b in both])
            run.end_epoch({"loss": float(mean.result()), "mae": mae, "by_row": np.array(sampler.counts[:2])})
        run.save_model()
    return [*state(model), *follower.get_weights(), sampler.counts, *map(np.array, run.history.history.values())]


def test_a_loop_that_was_stopped_ends_in_the_same_bits(tmp_path):
    whole = train(None)
    for stop in ((0, 0), (1, 0), (1, 2), (2, 3)):
        with pytest.raises(Stopped):
            train(tmp_path, stop=stop)
    for _ in range(2):  # The second time the run is finished.
        assert same(train(tmp_path), whole)
    assert (tmp_path / "model.keras").exists()


def test_more_epochs_extend_a_loop_and_other_options_are_refused_by_name(tmp_path):
    options = {"seed": 3, "loss": "mse", "epochs": 7, "options": 1}  # Three named like what the run states itself.
    train(tmp_path, epochs=2, options=options)
    assert same(train(tmp_path, options=options), train(None))
    for changes, differences in (
        ({"seed": 4, "size": 8}, "seed 3 there, 4 here; size None there, 8 here"),
        ({"loss": "mae", "epochs": 8}, "options.loss 'mse' there, 'mae' here; options.epochs 7 there, 8 here"),
    ):
        with pytest.raises(ValueError, match=f"with {differences}$"):
            train(tmp_path, options=options | changes)
    with pytest.raises(ValueError, match=r"with epochs 3 there, 2 here$"):
        train(tmp_path, epochs=2, options=options)


def test_a_loop_ends_where_it_says_stop(tmp_path):
    for status in ("", f"run {str(tmp_path)!r} is finished: 2 epochs, nothing to train"):
        with training.Run(tmp_path, epochs=5) as run:
            for epoch in run.epochs():
                run.end_epoch({"loss": 1.0}, stop=epoch == 1)
            assert run.progress.epoch == 2 and run.progress.stopped and run.status() == status


def test_an_epoch_without_its_end_is_an_error(tmp_path):
    message = r"`end_epoch` must be called in each epoch. Received: no call in epoch 0"
    with pytest.raises(ValueError, match=message), training.Run(tmp_path, epochs=2) as run:
        for _ in run.epochs():
            pass


def test_bad_arguments_are_refused_before_the_folder_is_made(tmp_path):
    with pytest.raises(ValueError, match="`epochs` must be an integer of at least 1 or None"):
        training.Run(tmp_path / "run", epochs=0)
    with pytest.raises(ValueError, match="`checkpoint_seconds` must be a number of at least 0"):
        training.Run(tmp_path / "run", epochs=1, checkpoint_seconds=-1)
    assert not (tmp_path / "run").exists()


def test_an_optimizer_that_is_not_built_is_told(tmp_path):
    def run(is_built):
        keras.utils.set_random_seed(0)
        model = mlp((4,), 1)
        optimizer = keras.optimizers.Adam()
        if is_built:
            optimizer.build(model.trainable_variables)
        with training.Run(tmp_path, epochs=1, model=model) as run:
            run.keep(optimizer)
            for _ in run.epochs():
                run.end_epoch()

    run(True)
    with pytest.raises(ValueError, match=r"must find an object with \d+ variables, built before the run, in its place"):
        run(False)


def test_a_folder_without_epochs_is_locked_and_compared(tmp_path):
    def run(method):
        return training.Run(tmp_path, options={"method": method})

    message = "`run_dir` must not be in use by another process, or another run of this one"
    with run("a") as first:
        with pytest.raises(ValueError, match=message), run("a"):
            pass
        with pytest.raises(ValueError, match="`epochs` must be given to a `Run` that has some"):
            next(first.epochs())
    with pytest.raises(ValueError, match=r"with method 'a' there, 'b' here$"), run("b"):
        pass
    assert json.loads((tmp_path / "config.json").read_text())["method"] == "a"


def test_a_state_that_is_not_worth_keeping_is_not_kept(tmp_path):
    def check():
        if count.n == 3:
            raise FloatingPointError("not finite")

    class Count:
        n = 0

        def get_state(self):
            return {"n": self.n}

        def set_state(self, state):
            self.n = state["n"]

    count = Count()
    run = training.Run(tmp_path, epochs=1, checkpoint_seconds=0)
    with pytest.raises(FloatingPointError, match="not finite"), run:
        run.keep(count, check=check)
        for _ in run.epochs():
            for _ in run.steps(5):
                count.n += 1
    with training.Run(tmp_path, epochs=1) as run:
        run.keep(count)
        run.restore()
    assert count.n == run.progress.step == 2
