"""`training.Run`: a training loop of one's own is resumed like `fit`."""

import multiprocessing
import os
import signal
import time

import keras
import numpy as np
import pytest

from dlguide import mlp, training
from tests.helpers.training_runs import Stopped, X, classifier, fit, same, state

pytestmark = pytest.mark.each_backend
BACKEND = keras.backend.backend()
Y = X[:, :1] ** 2


class Sampler:
    """Draws the rows of each step, and counts them."""

    def __init__(self):
        self.generator, self.counts = np.random.default_rng(3), np.zeros(len(X), int)

    def get_state(self):
        return {"generator": self.generator.bit_generator.state, "counts": self.counts}

    def set_state(self, state):
        self.generator.bit_generator.state, self.counts = state["generator"], state["counts"]

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
        run.keep(sampler=sampler, follower=follower, mean=mean)
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
    options = {"seed": 3, "names": ["a"]}
    train(tmp_path, epochs=2, options=options)
    assert same(train(tmp_path, options=options), train(None))
    for changes, epochs, differences in (
        ({"seed": 4, "size": 8}, 3, r"seed 3 there, 4 here; size nothing there, 8 here"),
        ({"names": ["b"]}, 2, r'names \["a"\] there, \["b"\] here; epochs 3 there, 2 here'),
    ):
        with pytest.raises(ValueError, match=f"with {differences}$"):
            train(tmp_path, epochs, options=options | changes)


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


def test_bad_arguments_are_refused_and_named(tmp_path):
    for name, options in (("epochs", {"epochs": 0}), ("checkpoint_seconds", {"checkpoint_seconds": -1})):
        with pytest.raises(ValueError, match=f"`{name}` must be"):
            training.Run(tmp_path / "run", **options)
    run = training.Run(tmp_path / "run", epochs=1)
    with pytest.raises(ValueError, match=r"`count` must be .* Received: int"):
        run.keep(count=3)
    assert not (tmp_path / "run").exists()


def test_an_optimizer_that_is_not_built_is_named(tmp_path):
    for is_built in (True, False):
        model, optimizer = mlp((4,), 1), keras.optimizers.Adam()
        if is_built:
            optimizer.build(model.trainable_variables)
        with training.Run(tmp_path, epochs=2 - is_built) as run:
            run.keep(optimizer=optimizer)
            epochs = run.epochs()
            if is_built:
                next(epochs)
                run.end_epoch()
            else:
                with pytest.raises(ValueError, match="must have the variables of the checkpoint: build it"):
                    next(epochs)


def test_a_folder_without_epochs_is_locked_and_compared(tmp_path):
    def run(method):
        return training.Run(tmp_path, options={"method": method})

    with run("a") as first:
        with (
            pytest.raises(ValueError, match="`run_dir` must not be in use by another process, or another run of"),
            run("a"),
        ):
            pass
        with pytest.raises(ValueError, match="`epochs` must be given to a `Run` that has some"):
            next(first.epochs())
    with pytest.raises(ValueError, match=r'with method "a" there, "b" here$'), run("b"):
        pass


def test_a_folder_of_the_home_directory_is_found(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    with training.Run("~/run"):
        assert (tmp_path / "run" / "config.json").exists()


class Count:
    n = 0

    def get_state(self):
        if self.n == 3:
            raise FloatingPointError("not finite")
        return {"n": self.n}

    def set_state(self, state):
        self.n = state["n"]


def test_a_state_that_is_not_worth_keeping_is_not_kept(tmp_path):
    count = Count()
    with pytest.raises(FloatingPointError), training.Run(tmp_path, epochs=1, checkpoint_seconds=0) as run:
        run.keep(count=count)
        for _ in run.epochs():
            for _ in run.steps(5):
                count.n += 1
    with training.Run(tmp_path, epochs=1) as run:
        run.keep(count=count)
        run.restore()
    assert count.n == run.progress.step == 2


# The end of a run, whatever happens


def test_an_error_in_a_step_is_not_hidden_and_neither_lock_nor_handlers_stay(tmp_path):
    """On JAX the buffers of the weights are gone after an error within a step."""

    def lose(batch, logs):
        if batch == 2:
            for variable in model.jax_state_sync() or model.variables if BACKEND == "jax" else ():
                variable.value.delete()
            raise MemoryError("the user's")

    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    model = classifier()
    callback = keras.callbacks.LambdaCallback(on_train_batch_begin=lose)
    with pytest.raises(MemoryError, match="the user's"):
        fit(model, tmp_path, callbacks=[callback], checkpoint_seconds=1e9)
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before
    assert len(fit(classifier(), tmp_path).epoch) == 2


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
@pytest.mark.filterwarnings("ignore:.*fork")
def test_a_child_that_was_forked_during_the_training_dies_of_terminate(tmp_path):
    with training.Run(tmp_path, epochs=1) as run:
        for _ in run.epochs():
            child = multiprocessing.get_context("fork").Process(target=time.sleep, args=(60,))
            child.start()
            time.sleep(0.3)
            child.terminate()
            child.join(10)
            run.end_epoch()
    assert child.exitcode == -signal.SIGTERM and run.progress.epoch == 1
