"""What a run began with is part of it: first weights, code, versions, the options as they were given."""

import json

import keras
import numpy as np
import pytest

from dlguide import training
from tests.helpers import training_runs as runs
from tests.helpers.training_runs import SPARSE, At, X, Y, classifier, fit, press_ctrl_c, same, train

pytestmark = pytest.mark.each_backend
OTHER_WEIGHTS = "began with other first weights .* those of `model` are replaced by the run's. To train these, give ano"


def test_other_first_weights_are_not_replaced_in_silence(tmp_path):
    first = classifier()
    fit(first, tmp_path)
    model = classifier()
    model.set_weights([weight + 1 for weight in model.get_weights()])  # Those of a pre-trained model.
    with pytest.warns(UserWarning, match=OTHER_WEIGHTS):
        fit(model, tmp_path, epochs=3)
    for again in (first, model, classifier()):  # As the run left it, or as the run began.
        fit(again, tmp_path, epochs=3)
    assert same(first.get_weights(), model.get_weights())
    fit(first, tmp_path / "other", epochs=1)
    with pytest.warns(UserWarning, match=OTHER_WEIGHTS):
        fit(first, tmp_path, epochs=3)


def squared(y, p):
    return keras.ops.mean(keras.ops.square(y - p), axis=-1)


def absolute(y, p):
    return keras.ops.mean(keras.ops.abs(y - p), axis=-1)


absolute.__name__ = absolute.__qualname__ = "squared"  # As a cell that was edited.


def subclass(activation="relu", units=6):
    """Return a model whose config does not say what its code does, as it is written in a cell."""
    source = f"""
class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.hidden = keras.layers.Dense({units}, activation={activation!r})
        self.out = keras.layers.Dense(1)

    def call(self, x):
        "A docstring."  # A comment.
        return self.out(self.hidden(x))

    def get_config(self):
        return {{}}
"""
    names = {"keras": keras, "__name__": "__main__"}
    exec(source, names)
    keras.utils.set_random_seed(0)
    return names["Net"]()


def compiled(model=None, loss="mse", metrics=()):
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)]) if model is None else model
    model.compile("sgd", loss, metrics=list(metrics))
    return model


TARGETS = Y[:, None].astype("float32")
CHANGES = {
    "a loss": (lambda: compiled(loss=squared), lambda: compiled(loss=absolute), "other code of squared"),
    "a metric": (
        lambda: compiled(metrics=[squared]), lambda: compiled(metrics=[absolute]), "other code of squared"
    ),
    "a model": (lambda: compiled(subclass()), lambda: compiled(subclass("tanh")), "other code of Net"),
}  # fmt: skip


@pytest.mark.parametrize(("before", "after", "message"), CHANGES.values(), ids=CHANGES)
def test_a_model_of_which_only_the_code_has_changed_is_another_run(before, after, message, tmp_path):
    for epochs in (1, 2):
        fit(before(), tmp_path, y=TARGETS, epochs=epochs)
    with pytest.raises(ValueError, match=f"hold the same run. Received: .* with {message}$"):
        fit(after(), tmp_path, y=TARGETS, epochs=3)


UNITS = [6]


def test_weights_of_other_shapes_are_refused_before_a_run_is_said_to_be_extended(tmp_path, capsys):
    class Net(keras.Model):
        def __init__(self):
            super().__init__()
            self.out = keras.layers.Dense(UNITS[0])  # What the code reads from outside is not compared.

        def call(self, x):
            return self.out(x)

        def get_config(self):
            return {}

    def net():
        keras.utils.set_random_seed(0)
        model = Net()
        model.compile("sgd", SPARSE)
        return model

    fit(net(), tmp_path, epochs=1)
    capsys.readouterr()
    UNITS[0] = 8
    with pytest.raises(ValueError, match=r"kernel of shape \(4, 6\) there, \(4, 8\) here"):
        fit(net(), tmp_path, epochs=2, verbose=2)
    UNITS[0] = 6
    assert not capsys.readouterr().out


def test_other_versions_draw_a_warning_once(tmp_path):
    model = classifier()
    fit(model, tmp_path, epochs=1)
    path = tmp_path / "config.json"
    config = json.loads(path.read_text())
    assert config["versions"]["keras"] == keras.__version__ and keras.backend.backend() in config["versions"]
    path.write_text(json.dumps({**config, "versions": {**config["versions"], "keras": "3.0.0"}}))
    with pytest.warns(UserWarning, match=r"other versions \(keras 3.0.0 there, .* here\): the bits may differ"):
        fit(model, tmp_path, epochs=2)
    fit(model, tmp_path, epochs=3)


def test_an_extension_that_ended_before_its_first_checkpoint_leaves_the_shorter_run(tmp_path):
    whole = train(tmp_path, epochs=2)
    assert train(tmp_path, epochs=9, stop=(2, 0)) is None  # At the first step there is no checkpoint yet.
    assert same(train(tmp_path, epochs=2), whole)
    assert train(tmp_path, epochs=9, stop=(2, 3)) is None
    with pytest.raises(ValueError, match="with epochs 9 there, 2 here"):
        train(tmp_path, epochs=2)


def test_a_set_of_texts_is_the_same_option_in_any_order(tmp_path):
    for names in ({"one", "two", "three", "four"}, {"four", "three", "two", "one"}):
        with training.Run(tmp_path, epochs=1, options={"names": names, "sizes": np.arange(3)}) as run:
            for _ in run.epochs():
                run.end_epoch()
    assert json.loads((tmp_path / "config.json").read_text())["names"] == ["four", "one", "three", "two"]


def test_an_interrupt_says_where_the_run_is_resumed(tmp_path, capsys):
    At.when, At.what = (1, 3), press_ctrl_c
    with pytest.raises(KeyboardInterrupt):
        fit(classifier(), tmp_path, callbacks=[At()], verbose=2)
    expected = f"run {str(tmp_path)!r} has a checkpoint at epoch 2, step 3: the same call resumes it\n"
    assert capsys.readouterr().out.endswith(expected)


def test_a_folder_of_the_home_directory_is_found(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    with training.Run("~/run"):
        assert (tmp_path / "run" / "config.json").exists()


def test_no_metric_counts_a_batch_of_a_data_set_before_training():
    class Endless(keras.metrics.Metric):
        def __init__(self):
            super().__init__(name="examples")
            self.count = self.add_weight(shape=(), initializer="zeros", name="count")

        def update_state(self, y, p, sample_weight=None):
            self.count.assign(self.count + keras.ops.cast(keras.ops.shape(p)[0], "float32"))

        def result(self):
            return 1.0 * self.count

        def reset_state(self):
            pass

    history = fit(classifier(metrics=[Endless()]), None, runs.Shuffled((X, Y)), None, epochs=1).history
    assert history["examples"] == [60]


@pytest.mark.skipif(keras.backend.backend() == "torch", reason="Keras's `fit` fails there too")
def test_a_stateful_layer_reads_no_batch_of_a_data_set_before_training():
    def model():
        keras.utils.set_random_seed(0)
        layers = [keras.Input(batch_shape=(10, 4, 1)), keras.layers.LSTM(3, stateful=True), keras.layers.Dense(2)]
        model = keras.Sequential(layers)
        model.compile("sgd", SPARSE)
        return model

    sequences = X[:, :, None], Y
    [expected] = model().fit(runs.Shuffled(sequences), shuffle=False, verbose=0).history["loss"]
    [loss] = fit(model(), None, runs.Shuffled(sequences), None, epochs=1).history["loss"]
    assert loss == pytest.approx(expected, rel=1e-6)
