"""What holds for every recipe: the test set decides nothing, and the seed decides the data, the weights and the order.

A recipe runs on 60 examples of each set. A stand-in for `fit` notes what it is given, and trains nothing.
"""

import contextlib
import functools
import importlib
from types import SimpleNamespace

import keras
import pytest

from dlguide import data, training
from recipes._lib.agents import q_learning
from recipes._lib.runs import recipe_list
from tests.helpers.protocol import digest, with_test_set
from tests.helpers.switches import quick
from tests.helpers.training_runs import Stopped

pytestmark = [
    pytest.mark.filterwarnings("ignore:Even though:UserWarning"),  # `tf.data` still builds graphs.
    pytest.mark.usefixtures("no_download", "trials_in_this_process", "eagerly"),
]


class LockedPart:
    """A test set that fails where it is read before the first training."""

    def __init__(self, part: data.Part, fits: list):
        self._part, self._fits = part, fits

    def __getattr__(self, name):
        assert self._fits, "the test set is read before the training"
        return getattr(self._part, name)

    def __iter__(self):
        return iter((self.x, self.y))


@functools.cache
def train_digest(name: str, limit: int | None, seed: int) -> str:
    return digest(data.load(name, limit=limit, seed=seed).train)


def run(name: str, *, seed: int = 0, rows=slice(None), stop: bool = False):
    """Run a recipe without training, on some rows of its test set; return its fits, its metrics and its data."""
    fits, loaded, load = [], [], data.load

    def fit(model, x, *more, seed=0, **options):
        fits.append((digest(x, more, options.get("validation_data")), seed, digest(model.get_weights())))
        if stop:
            raise Stopped  # Only what comes before the first training is tested.
        for callback in keras.tree.flatten(options.get("callbacks", [])):
            callback.set_model(model)  # As Keras does.
            for epoch in range(options["epochs"]):
                callback.on_epoch_begin(epoch, {})  # The search counts the epochs.
        history = {"loss": [1.0], "val_loss": [1.0], "val_accuracy": [0.5]}
        return SimpleNamespace(seconds=0.0, history=history, epoch=[0])

    def load_locked(name, **options):
        splits = load(name, **options)
        loaded.append((name, digest(splits.train)))
        splits = with_test_set(splits, rows)
        return splits._replace(test=LockedPart(splits.test, fits))

    recipe, quick = importlib.import_module(f"recipes.{name}"), dict(recipe_list.recipe(name).quick)
    quick |= {"limit": 60} if "limit" in quick else {}
    quick |= {"samples": 20} if name == "vae_mnist" else {}
    metrics = {}
    with pytest.MonkeyPatch.context() as patch, contextlib.suppress(Stopped):
        patch.setattr(data, "load", load_locked)
        patch.setattr(training, "fit", fit)
        patch.setattr(q_learning, "fit", fit)
        keras.utils.set_random_seed(99)  # A recipe must set its own.
        metrics = recipe.main(**quick, seed=seed).metrics
    return fits, metrics, loaded


# `test_dqn.py` tests episodes, `test_self_play.py` games.
LEARNERS = sorted({*recipe_list.names()} - {"dqn_cartpole", "selfplay_connect4"})


@pytest.mark.thorough
@pytest.mark.parametrize("name", quick(LEARNERS, *({*LEARNERS} - {"explanation_mnist"}), seconds=20))
def test_the_test_set_decides_nothing_and_no_file_is_left_without_a_folder(name, tmp_path, monkeypatch):
    """All fits are the same with one half of the test set and with the other."""
    monkeypatch.chdir(tmp_path)
    first, second = (run(name, rows=rows)[0] for rows in (slice(30), slice(30, 60)))
    assert first == second and first and list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", quick(recipe_list.names(), "automl", "bilstm_vowels", "cnn_mnist", "gan_mnist"))
def test_the_seed_reaches_the_data_the_weights_and_the_order(name):
    first, again, other = (run(name, seed=seed, stop=True) for seed in (3, 3, 4))
    assert first[0] == again[0], "the same seed, another run"
    for of_first, of_other in zip(first[0][0][1:], other[0][0][1:], strict=True):
        assert of_first != of_other, "the seed of `fit` or the weights do not follow the seed"
    for (_, _, loaded), seed in ((first, 3), (other, 4)):
        for data_set, train in loaded:
            # In the search, each trial has the same data.
            limit = 60 if "limit" in recipe_list.recipe(name).quick else None
            assert train == train_digest(data_set, limit, seed), "the data do not follow the seed"
