"""Train one compiled model many times: compiling takes longer than many of the short trainings of an experiment."""

import functools
import math
from collections.abc import Callable


def trainer(
    build: Callable,
    optimizer="adam",
    loss=None,
    *,
    metrics=("accuracy",),
    steps_per_execution: int = 50,
    jit_compile="auto",
    run_eagerly: bool = False,
) -> Callable:
    """Compile a model, and return a function that trains it, each time from new weights.

    Args:
        build: Function without arguments that returns a new model; its weights follow the global seed.
        optimizer: As `model.compile` takes it, with a state that starts from zeros. Each call sets its learning rate.
        loss: As `model.compile` takes it; None for a classifier with logits.
        metrics: As `model.compile` takes them.
        steps_per_execution: Steps in a call of the graph, set here so that nothing is traced again.
        jit_compile: As `model.compile` takes it.
        run_eagerly: As `model.compile` takes it: nothing is compiled, which is faster for a few steps.

    Returns:
        A function `train(x, y, *, learning_rate, epochs, batch_size, seed, **options)` that returns the trained model:
        the same object each time, so it is scored before the next call. `options` are those of `training.fit`; a loss
        that is not finite raises its `FloatingPointError`. Where the batch size divides the number of examples, nothing
        is compiled again.
    """
    import keras

    from dlguide import training

    model = build()
    loss = loss or keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(
        optimizer,
        loss,
        metrics=list(metrics),
        steps_per_execution=1 if run_eagerly else steps_per_execution,
        jit_compile=jit_compile,
        run_eagerly=run_eagerly,
    )
    model.optimizer.build(model.trainable_variables)

    def train(x, y, *, learning_rate: float, epochs: int, batch_size: int, seed: int, **options):
        renew(model, build, seed)
        model.optimizer.learning_rate.assign(learning_rate)
        training.fit(model, x, y, epochs=epochs, batch_size=batch_size, seed=seed, verbose=0, **options)
        return model

    return train


def renew(model, build: Callable, seed: int) -> None:
    """Give a compiled model the weights of one that is built with a seed, and its optimizer a state of zeros."""
    import keras

    keras.utils.set_random_seed(seed)
    for variable, new in zip(model.variables, build().variables, strict=True):
        variable.assign(new)
    for variable in model.optimizer.variables:
        variable.assign(keras.ops.zeros_like(variable))


def clipped_trainer(build: Callable, loss=None, *, ignore_class=None, metrics=(), **options) -> Callable:
    """Return a `trainer` with Adam, and gradients that are shortened to a norm of 1.

    Without a `loss` it is for a classifier with logits; targets of `ignore_class` do not count.
    """
    import keras

    loss = loss or keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=ignore_class)
    return trainer(build, keras.optimizers.Adam(global_clipnorm=1.0), loss, metrics=metrics, **options)


def graph(is_quick: bool, steps: int) -> dict:
    """Return how a model is compiled: with some steps in a call, or without a graph, which is faster for a few steps.

    XLA would take longer to compile than the short trainings of an experiment take.
    """
    return {"run_eagerly": True} if is_quick else {"steps_per_execution": steps, "jit_compile": False}


def falling(rate: float, epochs: int, is_cosine: bool = False) -> list:
    """Return the callbacks for a learning rate that falls from epoch to epoch, as a straight line or as a cosine."""
    import keras

    def share(epoch: int) -> float:
        return (1 + math.cos(math.pi * epoch / epochs)) / 2 if is_cosine else 1 - epoch / epochs

    return [keras.callbacks.LearningRateScheduler(lambda epoch: rate * share(epoch))]


def outputs(model, x):
    """Return what a model makes of its inputs, as a NumPy array."""
    import keras

    return keras.ops.convert_to_numpy(model(x))


def hits(model, x, y):
    """Return for each example whether a classifier with logits is right."""
    import numpy as np

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


def accuracy(model, x, y) -> float:
    """Return a classifier's accuracy."""
    return float(hits(model, x, y).mean())


def repeated(part, passes: int) -> tuple:
    """Return inputs and targets for several passes in one epoch: a short epoch of Keras costs more than its steps."""
    return tuple(array.repeat(passes, axis=0) for array in part)


@functools.lru_cache(maxsize=4)
def loaded(name: str, limit: int | None, seed: int):
    """Return the parts of a data set, which the trainings of a seed read only once.

    `name` is one of `data.load`, or the path of an `.npz` file of your own with the examples `x` and the targets `y`.
    """
    from dlguide import data

    return own_data(name, limit, seed) if name.endswith(".npz") else data.load(name, limit=limit, seed=seed)


def own_data(path: str, limit: int | None, seed: int):
    """Return the parts of a file: every fifth example is a test one; of the others, the seed draws a quarter to
    validate, and at most `limit` to train.
    """
    import numpy as np

    from dlguide import data

    with np.load(path) as file:
        x, y = file["x"], file["y"]
    is_test = np.arange(len(y)) % 5 == 4
    order = np.random.default_rng(seed).permutation(np.flatnonzero(~is_test))
    valid, train = np.split(order, [len(order) // 4])
    parts = (data.Part(x[rows], y[rows]) for rows in (train[:limit], valid, is_test))
    return data.Splits(*parts, data.Info(path, licence="", citation=""))
