"""Runs an experiment with a part of each test set, and notes what is fitted and what is scored."""

import contextlib
import functools
import inspect
import sys

import keras
import numpy as np
import pytest
from sklearn.base import BaseEstimator
from sklearn.neighbors import NearestNeighbors

from dlguide import data, training
from questions import _retraining, _steps, _tuning
from questions.clustering import experiment as clustering
from questions.momentum import experiment as momentum
from questions.stochastic_descent import experiment as stochastic_descent
from questions.vae import experiment as vae
from recipes._lib import representation_scores
from recipes._lib.images import image_judge
from tests.helpers.protocol import digest, with_test_set

ROWS, SHARE = 224, 106 / 224
"""Examples of a test set, and the share of its first part: 106 and 118 examples hardly have the same share of hits."""
STAND_INS = {
    # Scores of the test set as a whole become means over its examples, which show a fault of each example.
    representation_scores.frechet_distance: lambda drawn, real: float(real.mean()),
    image_judge.precision_recall: lambda drawn, real, **_: (float(real.mean()), float(real.mean())),
    clustering.named_rightly: lambda labels, clusters: 10 * labels + clusters,
    vae.binary: lambda images, seed: (images > 0.5).astype("float32"),  # Without random numbers, which have an order.
}
SOLVERS = [(np.linalg, name) for name in ("cholesky", "eig", "eigh", "inv", "lstsq", "pinv", "qr", "solve", "svd")]
SOLVERS += [(np, "cov"), (np, "polyfit"), (np.polynomial.Polynomial, "fit")]
LOAD = functools.lru_cache(maxsize=8)(data.load)


class Watch:
    """What is fitted and scored while it is watched.

    `fits` has what is fitted, and a hash of the arrays that it is given; `trained` and `scored` have a hash of each
    example of each training and of each prediction of Keras; `epochs` those of each training.
    """

    def __init__(self):
        self.fits, self.trained, self.scored, self.epochs = [], [], [], []
        self.depth = 0  # Of watched functions that call one another.

    def noted(self, function, note, is_always=False):
        """Return a function that is noted before it is called; if not always, not where a watched one calls it."""

        @functools.wraps(function)
        def call(*args, **options):
            if is_always or not self.depth:
                note(*args, **options)
            self.depth += 1
            try:
                return function(*args, **options)
            finally:
                self.depth -= 1

        return call

    def fit(self, name: str):
        """Return what notes a fit without Keras."""
        return lambda *args, **options: self.fits.append((name, digest(args, options)))

    def training(self, model, x, *more, **options):
        self.fits.append((type(model).__name__, digest(x, more, options)))
        self.trained.append(hashes(x))
        self.epochs.append(options.get("epochs", 1))

    def prediction(self, model, x, *more, **options):
        self.scored.append(hashes(x))


def hashes(x) -> list[int]:
    """Return a hash of each example of an array; of anything else nothing."""
    if not isinstance(x, np.ndarray) and (not keras.ops.is_tensor(x) or isinstance(x, keras.KerasTensor)):
        return []
    return [hash(row.tobytes()) for row in keras.ops.convert_to_numpy(x)]


@functools.cache
def test_set(name: str) -> data.Part:
    """Return the first examples of a test set, the same ones for each limit and seed."""
    return data.Part(*(array[:ROWS] for array in LOAD(name).test))


def members() -> list:
    """Return each module of the project, with the name and the value of all that it has."""
    own = [sys.modules[name] for name in [*sys.modules] if name.split(".")[0] in ("dlguide", "questions", "recipes")]
    return [(module, name, value) for module in own for name, value in [*vars(module).items()]]


def forget(*kept) -> None:
    """Empty the caches of the project, such as data sets and judges, but those of some functions."""
    for function in {value for _, _, value in members() if hasattr(value, "cache_clear")} - {*kept}:
        function.cache_clear()


@contextlib.contextmanager
def watched(part: str):
    """Give the `Watch` of what runs in the block, where data sets have a part of their test set, or "all"."""
    watch = Watch()

    def load(name, **options):
        splits = LOAD(name, **options)._replace(test=test_set(name))
        middle = int(SHARE * len(splits.test.y))
        return with_test_set(splits, {"first": slice(middle), "second": slice(middle, None)}.get(part, slice(None)))

    def in_turns(fits: dict, steps: dict, rounds: int) -> dict:
        """Say that a step takes a second: the machine would decide the number of steps."""
        for fit in fits.values() if part == "all" else ():
            watch.noted(fit, lambda **_: None)(shuffle=False, verbose=0)
        return dict.fromkeys(fits, 1.0)

    training_fit = watch.noted(training.fit, watch.training)
    stand_ins = {data.load: load, training.fit: training_fit, _steps.in_turns: in_turns, **STAND_INS}
    forget(_retraining.trainer)  # Its compiled models get new weights.
    with pytest.MonkeyPatch.context() as patch:

        def replace(owner, name, note, is_always=True):
            patch.setattr(owner, name, watch.noted(getattr(owner, name), note, is_always))

        for module, name, value in members():
            if inspect.isfunction(value) and value in stand_ins:  # Under whatever name it was imported.
                patch.setattr(module, name, stand_ins[value])
        for owner, name in SOLVERS:
            replace(owner, name, watch.fit(name))
        for estimator in subclasses(BaseEstimator) - {NearestNeighbors}:  # An index, which fits nothing.
            for name in {"fit", "fit_predict", "fit_transform", "partial_fit"} & {*vars(estimator)}:
                replace(estimator, name, watch.fit(estimator.__name__))
        for name in ("fit", "train_on_batch"):
            replace(keras.Model, name, watch.training, is_always=False)
        replace(keras.Optimizer, "apply", lambda _, gradients, *more, **options: watch.fit("a step")(gradients), False)
        for name in ("predict", "evaluate", "predict_on_batch", "test_on_batch", "__call__"):
            # A call of a part of a model is not noted.
            replace(keras.Model, name, watch.prediction, is_always=name != "__call__")
        patch.setattr(_tuning, "SEEDS", _tuning.SEEDS[:1])  # For time.
        for experiment in (momentum, stochastic_descent):
            patch.setattr(experiment, "TARGET", 2.3)  # A loss that the test set reaches in a few steps too.
        yield watch


def subclasses(kind: type) -> set[type]:
    """Return a class and all classes that are derived from it."""
    return {kind}.union(*map(subclasses, kind.__subclasses__()))
