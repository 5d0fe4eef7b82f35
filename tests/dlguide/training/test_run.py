"""`training.Run`: a training loop of one's own is resumed like `fit`; the end of a run, whatever happens."""

import math

import keras
import numpy as np
import pytest

from dlguide import mlp, training
from dlguide.training import _run
from tests.dlguide.training.killed_runs import loop
from tests.helpers.sentences import refusal
from tests.helpers.training_runs import Stopped, classifier, fit, same

BACKEND = keras.backend.backend()


def test_a_loop_that_was_stopped_ends_in_the_same_bits(tmp_path):
    whole = loop(None)
    for stop in ((0, 0), (1, 0), (1, 2), (2, 3)):
        with pytest.raises(Stopped):
            loop(tmp_path, stop=stop)
    for _ in range(2):  # The second time the run is finished.
        assert same(loop(tmp_path), whole)
    assert (tmp_path / "model.keras").exists()


@pytest.mark.thorough
def test_more_epochs_extend_a_loop_and_other_options_are_refused_by_name(tmp_path):
    options = {"seed": 3, "names": ["a"]}
    loop(tmp_path, epochs=2, options=options)
    assert same(loop(tmp_path, options=options), loop(None))
    for changes, epochs, differences in (
        ({"seed": 4, "size": 8}, 3, "seed 3 there, 4 here; size nothing there, 8 here"),
        ({"names": ["b"]}, 2, 'names ["a"] there, ["b"] here; epochs 3 there, 2 here'),
    ):
        assert refusal(loop, tmp_path, epochs, options=options | changes).endswith(f" with {differences}")


def test_a_loop_ends_where_it_says_stop(tmp_path):
    for status in ("", f"run {str(tmp_path)!r} was stopped for good after epoch 2 of 5: nothing to train"):
        with training.Run(tmp_path, epochs=5) as run:
            for epoch in run.epochs():
                run.end_epoch({"loss": 1.0}, stop=epoch == 1)
            assert run.progress.epoch == 2 and run.progress.stopped and run.status == status


def test_what_a_loop_must_do_is_said(tmp_path):
    def without_an_end():
        with training.Run(tmp_path / "run", epochs=2) as run:
            list(run.epochs())

    def without_building(epochs):
        model, optimizer = mlp((4,), 1), keras.optimizers.Adam()
        if epochs == 1:
            optimizer.build(model.trainable_variables)
        with training.Run(tmp_path / "optimizer", epochs=epochs) as run:
            run.keep(optimizer=optimizer)
            for _ in run.epochs():
                run.end_epoch()

    message = "`end_epoch` must be called in each epoch. Received: no call in epoch 0"
    assert refusal(without_an_end) == message
    without_building(1)
    assert "`Adam` must have the variables of the checkpoint: build it" in refusal(without_building, 2)


def test_a_folder_without_epochs_is_locked_and_compared_and_may_lie_in_the_home_directory(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))

    def use(method):
        with training.Run("~/run", options={"method": method}):
            pass

    with training.Run("~/run", options={"method": "a"}) as first:
        assert "`run_dir` must not be in use by another process, or another run of" in refusal(use, "a")
        assert refusal(next, first.epochs()).startswith("`epochs` must be given to a `Run` that has some")
    assert refusal(use, "b").endswith('with method "a" there, "b" here')
    assert (tmp_path / "run" / "config.json").exists()


class Count:
    n = 0

    def get_state(self):
        if self.n == 3:
            raise FloatingPointError("not finite")
        return {"n": self.n}

    def set_state(self, state):
        self.n = state["n"]


def test_a_state_that_is_not_worth_keeping_is_not_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(_run, "CHECKPOINT_SHARE", math.inf)
    count = Count()
    with pytest.raises(FloatingPointError), training.Run(tmp_path, epochs=5) as run:
        run.keep(count=count)
        for _ in run.epochs():
            count.n += 1
            run.end_epoch()
    with training.Run(tmp_path, epochs=5) as run:
        run.keep(count=count)
        next(run.epochs())
    assert count.n == run.progress.epoch == 2


def test_states_of_plain_values_arrays_and_containers_are_kept_tuples_as_lists(tmp_path):
    kept = {"plain": [None, True, 2**70, 0.1, "x"], "pair": ((1, [2.0]), {"a": np.float32(0.1), "b": np.arange(3)})}
    kept |= {"array": np.array([[1 + 2j]]), "bits": np.array([True]), "half": np.array([0.1], "bfloat16")}
    owner = type("Owner", (), {"get_state": lambda self: kept, "set_state": lambda self, state: found.update(state)})()
    for _ in range(2):
        with training.Run(tmp_path, epochs=2) as run:
            run.keep(owner=owner)
            found = {}
            for epoch in run.epochs():
                run.end_epoch(stop=epoch == 0)
            run.restore()
    assert type(found["pair"]) is list and type(found["plain"][1]) is bool
    np.testing.assert_equal({**found, "half": 0}, {**kept, "pair": [[1, [2.0]], kept["pair"][1]], "half": 0})
    assert found["half"] == kept["half"].astype("float32")


# The end of a run, whatever happens


def test_an_error_in_a_step_is_not_hidden_and_the_lock_does_not_stay(tmp_path):
    """On JAX the buffers of the weights are gone after an error within a step."""

    def lose(batch, logs):
        if batch == 2:
            for variable in model.jax_state_sync() or model.variables if BACKEND == "jax" else ():
                variable.value.delete()
            raise MemoryError("the user's")

    model = classifier()
    callback = keras.callbacks.LambdaCallback(on_train_batch_begin=lose)
    with pytest.raises(MemoryError, match="the user's"):
        fit(model, tmp_path, callbacks=[callback])
    assert len(fit(classifier(), tmp_path).epoch) == 2
