"""Each private API of Keras or TensorFlow is taken away in turn: the same result, and one warning that names it."""

import functools
import warnings

import keras
import numpy as np
import pytest

from dlguide import _private_apis
from dlguide.augmentation import Augmentation
from dlguide.diagnosis import _trainings
from dlguide.diagnosis._layers import copied
from tests.helpers.switches import quick
from tests.helpers.training_runs import SPARSE, X, classifier, fit, train, whole_run

BACKEND = keras.backend.backend()


class Draws(keras.callbacks.Callback):
    """Makes the generator of layers without a seed."""

    def on_train_begin(self, logs=None):
        keras.random.uniform(())


def resumed(folder):
    """Train a run that crashes within an epoch, and resume it."""
    train(folder, stop=(2, 3), callbacks=[Draws])
    return train(folder, callbacks=[Draws])


def trained(make=classifier, **given):
    def train(folder):
        keras.utils.set_random_seed(0)
        model = make()
        fit(model, folder, epochs=1, **given)
        return model.get_weights()

    return train


def sequential(x, *layers, loss=SPARSE, **last):
    model = keras.Sequential([keras.Input(x.shape[1:]), *layers, keras.layers.Dense(2, **last)])
    model.compile("sgd", loss)
    return model


def diagnosed(folder):
    with _trainings.kept_seeds():
        return copied(classifier()).get_weights()


IMAGES = np.tile(X[:, :, None, None], (1, 1, 4, 1))
LOGITS = keras.losses.BinaryCrossentropy(from_logits=True)
OTHER = {
    **dict.fromkeys(("functions", "inputs_of_calls", "adam_moments", "skip_all_reduce", "forget_kernels"), train),
    "compiled_metrics": trained(lambda: classifier(LOGITS, 1, metrics=["accuracy"])),
    "layers_behind": trained(lambda: classifier("binary_crossentropy", 1)),
    "allow_jit": trained(lambda: sequential(IMAGES, Augmentation({"shift": 0.2}), keras.layers.Flatten()), x=IMAGES),
    "source_of_arrays": trained(lambda: sequential(X, loss=None, activity_regularizer="l2"), y=None),
    **dict.fromkeys(("loss_weights", "random_states"), diagnosed),
}
USED_BY = {
    "functions": ("tensorflow", "jax"),
    **dict.fromkeys(("adam_moments", "skip_all_reduce", "forget_kernels"), ("tensorflow",)),
    "source_of_arrays": ("jax", "torch"),
    "allow_jit": ("jax",),
}
# In another order the kernel adds, and XLA may.
TOLERANCES = {"adam_moments": {"rtol": 1e-3, "atol": 1e-5}, "allow_jit": {"rtol": 1e-5, "atol": 1e-7}}


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    """Return what a training gives with all hooks; several of them are tested with the same one."""

    @functools.cache
    def result(trained):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Of logits.
            return trained(tmp_path_factory.mktemp("with"))

    return result


@pytest.mark.parametrize("name", quick(_private_apis.HOOKS, *list(_private_apis.HOOKS)[::6]))
def test_without_what_a_hook_uses_training_ends_in_the_same_result(name, tmp_path, expected):
    if BACKEND not in USED_BY.get(name, (BACKEND,)):
        pytest.skip("this backend does not use it")
    trained = OTHER.get(name, resumed)
    wanted = expected(trained)
    with warnings.catch_warnings(record=True) as caught, _private_apis.without(name):
        warnings.simplefilter("always", UserWarning)
        found = trained(tmp_path)
    messages = [str(each.message) for each in caught if issubclass(each.category, UserWarning)]
    assert len(messages) == 1 and f"has not what `{name}` of dlguide uses" in messages[0]
    assert messages[0].endswith(f"{_private_apis.HOOKS[name]}.")
    for a, b in zip(found, wanted, strict=True):
        np.testing.assert_allclose(a, b, **TOLERANCES.get(name, {"rtol": 0}))


def test_the_speed_of_tensorflow_can_be_switched_off(tmp_path, monkeypatch):
    fast = whole_run()  # Before the switch: it is kept for other tests too.
    monkeypatch.setenv("DLGUIDE_TENSORFLOW_SPEED", "0")
    for a, b in zip(train(tmp_path), fast, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-5)
