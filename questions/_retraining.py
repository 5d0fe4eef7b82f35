"""Train one compiled model many times: compiling takes longer than many of the short trainings of an experiment."""

import functools
import math
from collections.abc import Callable

import keras
import numpy as np

from dlguide import data, training
from questions import _progress


@functools.cache
def trainer(
    network: Callable,
    *row,
    optimizer="adam",
    loss=None,
    ignore_class: int | None = None,
    metrics=("accuracy",),
    steps_per_execution: int = 50,
    jit_compile="auto",
    run_eagerly: bool = False,
) -> Callable:
    """Compile a model once for all seeds and learning rates, and return a function that trains it from new weights.

    `network(*row)` returns a new model; without a `loss` it is a classifier with logits, in which targets of
    `ignore_class` do not count. The optimizer may be a function that makes it; "clipped" is Adam with gradients that
    are shortened to a norm of 1. What is run eagerly is not compiled, which is faster for a few steps.

    The function returns the same model each time, so it is scored before the next call. Its `options` are those of
    `training.fit`; a loss that is not finite raises its `FloatingPointError`. Where the batch size divides the number
    of examples, nothing is compiled again.
    """
    build = functools.partial(network, *row)
    model = build()
    if optimizer == "clipped":
        optimizer = keras.optimizers.Adam(global_clipnorm=1.0)
    model.compile(
        optimizer() if callable(optimizer) else optimizer,
        loss or keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=ignore_class),
        metrics=list(metrics),
        steps_per_execution=1 if run_eagerly else steps_per_execution,
        jit_compile=jit_compile,
        run_eagerly=run_eagerly,
    )
    model.optimizer.build(model.trainable_variables)

    def train(x, y, *, learning_rate: float, epochs: int, batch_size: int, seed: int, **options):
        _progress.training(*row)
        renew(model, build, seed)
        model.optimizer.learning_rate.assign(learning_rate)
        training.fit(model, x, y, epochs=epochs, batch_size=batch_size, seed=seed, verbose=0, **options)
        return model

    return train


def renew(model, build: Callable, seed: int) -> None:
    """Give a compiled model the weights of one that is built with a seed, and its optimizer a state of zeros."""
    keras.utils.set_random_seed(seed)
    for variable, new in zip(model.variables, build().variables, strict=True):
        variable.assign(new)
    for variable in model.optimizer.variables:
        variable.assign(keras.ops.zeros_like(variable))


def graph(is_quick: bool, steps: int) -> dict:
    """Return how a model is compiled: with some steps in a call, or without a graph, which is faster for a few steps.

    XLA would take longer to compile than the short trainings of an experiment take.
    """
    return {"run_eagerly": True} if is_quick else {"steps_per_execution": steps, "jit_compile": False}


def falling(rate: float, epochs: int, is_cosine: bool = False) -> list:
    """Return the callbacks for a learning rate that falls from epoch to epoch, as a straight line or as a cosine."""

    def share(epoch: int) -> float:
        return (1 + math.cos(math.pi * epoch / epochs)) / 2 if is_cosine else 1 - epoch / epochs

    return [keras.callbacks.LearningRateScheduler(lambda epoch: rate * share(epoch))]


def outputs(model, x):
    """Return what a model makes of its inputs, as a NumPy array."""
    return keras.ops.convert_to_numpy(model(x))


def hits(model, x, y):
    """Return for each example whether a classifier with logits is right."""
    return np.argmax(model.predict(x, batch_size=500, verbose=0), axis=-1) == y


def hits_after(train: Callable, splits, part: str, **options):
    """Train on the training set, and return the hits on a part: "valid" or "test".

    A training that diverges counts as guessing the first class. `options` are those of the function `train`.
    """
    x, y = getattr(splits, part)
    try:
        return hits(train(*splits.train, **options), x, y)
    except FloatingPointError:
        return y == 0


def repeated(part, passes: int) -> tuple:
    """Return inputs and targets for several passes in one epoch: a short epoch of Keras costs more than its steps."""
    return tuple(array.repeat(passes, axis=0) for array in part)


@functools.lru_cache(maxsize=4)
def loaded(name: str, limit: int | None, seed: int):
    """Return the parts of a data set, which the trainings of a seed read only once.

    `name` is one of `data.load`, or the path of an `.npz` file of your own with the examples `x` and the targets `y`:
    every fifth one is for the test; of the others, the seed draws a quarter to validate, and at most `limit` to train.
    """
    if not name.endswith(".npz"):
        return data.load(name, limit=limit, seed=seed)
    with np.load(name) as file:
        x, y = file["x"], file["y"]
    is_test = np.arange(len(y)) % 5 == 4
    order = np.random.default_rng(seed).permutation(np.flatnonzero(~is_test))
    valid, train = np.split(order, [len(order) // 4])
    parts = (data.Part(x[rows], y[rows]) for rows in (train[:limit], valid, is_test))
    return data.Splits(*parts, data.Info(name, licence="", citation=""))
