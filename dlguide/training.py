"""Training: `fit` adds a seeded order, early stopping and a run folder that can be gone on with to `model.fit`."""

import contextlib
import sys
import time
import warnings

import keras
import numpy as np

from dlguide import _checks, _runs, data


def fit(
    model: keras.Model,
    x,
    y=None,
    *,
    validation_data=None,
    epochs: int,
    batch_size: int = 128,
    seed: int = 0,
    run_dir=None,
    patience: int | None = None,
    callbacks=(),
    verbose="auto",
) -> keras.callbacks.History:
    """Train a compiled model with `model.fit`, in an order that `seed` fixes, on any backend.

    The order of epoch `e` is a function of `(seed, e)` alone, the same on TensorFlow, JAX and
    PyTorch. On TensorFlow, `steps_per_execution` is 50 (with 10 of them unrolled where batches
    are small) while `fit` runs, unless `compile` was given another value than 1; nothing else of
    what the caller compiled is touched.

    With `run_dir`, a checkpoint is written after each epoch: the same call in a new process goes
    on from there to the same weights and history, and returns at once when the run was finished.
    The folder gets `config.json`, `history.csv`, `checkpoint.npz` and, at the end, `model.keras`.

    Args:
        model: A compiled model.
        x: Arrays of examples, first axis the example: one, or a tuple or dict of them. Or a
            `tf.data.Dataset` of batches, whose order is its own; `batch_size` and `seed` then
            have no effect on the training part.
        y: Targets, arrays like `x`; None for a model whose loss needs none, or with a dataset.
        validation_data: `(x, y)` to evaluate after each epoch. The test part of a data set that
            `data.load` gave draws a warning.
        epochs: Number of passes over the training part, at least 1.
        batch_size: Examples a step, at least 1; the last step of an epoch has what is left.
        seed: Fixes the order, at least 0. Weights and dropout follow
            `keras.utils.set_random_seed` instead.
        run_dir: Folder of the run, new, empty, or with the same run unfinished in it. Nothing is
            written where it is None.
        patience: Stop after this many epochs without a lower `val_loss`, at least 1, and go back
            to the weights of the lowest. None trains all epochs and keeps the last weights.
        callbacks: Further Keras callbacks.
        verbose: 0 silent, 1 progress bar, 2 one line an epoch, "auto" 1 on a terminal, else 2.

    Returns:
        Keras's `History`, of all epochs where the run was gone on with. Its `seconds` is the time
        spent in training, compilation and validation included.

    Raises:
        ValueError: If an argument is out of range; if the data are empty, of unequal lengths, not
            numbers, not finite or have labels that the model has no output for; if `run_dir`
            cannot be written or holds another run. All before the first step.

    Example:
        >>> from dlguide import mlp
        >>> model = mlp((2,), num_classes=2)
        >>> model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        >>> x, y = np.eye(2, dtype="float32"), np.array([0, 1])
        >>> len(fit(model, x, y, epochs=3, verbose=0).history["loss"])
        3
    """
    epochs = _checks.integer("epochs", epochs)
    batch_size = _checks.integer("batch_size", batch_size)
    seed = _checks.integer("seed", seed, at_least=0)
    patience = _checks.integer("patience", patience, optional=True)
    if patience and validation_data is None:
        raise ValueError(f"`patience` must be None without `validation_data`. Received: patience={patience}")
    if verbose not in ("auto", 0, 1, 2):
        raise _checks.error("verbose", '"auto", 0, 1 or 2', verbose)
    if not model.compiled:
        raise ValueError(f"`model` must be compiled before `fit`. Received: model={model!r}")
    is_dataset = _is_dataset(x)
    if not is_dataset:
        x, y = _checks.examples(model, x, y)
    if validation_data is not None and not _is_dataset(validation_data):
        validation_data = _checks.validation_data(model, validation_data)
        if data.is_test_part(*keras.tree.flatten(validation_data)):
            warnings.warn(
                "`validation_data` is the test part of a data set: a model chosen on it has no honest test result.",
                UserWarning,
                stacklevel=2,
            )

    history = keras.callbacks.History()
    batches, order = (x, None) if is_dataset else _batches(x, y, batch_size, seed)
    early_stopping = patience and keras.callbacks.EarlyStopping(
        "val_loss", patience=patience, restore_best_weights=True
    )
    report = _Report(epochs) if verbose == 2 or (verbose == "auto" and not sys.stdout.isatty()) else None
    callbacks = [c for c in (history, order, *callbacks, early_stopping) if c]

    run = None
    if run_dir is not None:
        options = {"epochs": epochs, "batch_size": batch_size, "seed": seed, "patience": patience}
        run = _runs.Run(run_dir, model, options, (x, y, validation_data), callbacks)
        if run.finished:
            run.restore(model)
            history.set_model(model)
            model.history = history
            history.seconds = run.seconds
            return history

    start = time.perf_counter()
    with _runtime_settings(model, batch_size):
        model.fit(
            batches,
            validation_data=validation_data,
            validation_batch_size=None if _is_dataset(validation_data) else batch_size,
            epochs=epochs,
            initial_epoch=run.epoch if run else 0,
            callbacks=[c for c in (*callbacks, run, report) if c],
            verbose=0 if report or verbose == 0 else 1,
            shuffle=False,
        )
    history.seconds = run.seconds if run else time.perf_counter() - start
    if run:
        run.finish()
    return history


def epoch_order(n: int, seed: int, epoch: int) -> np.ndarray:
    """Return the order in which `fit` takes `n` examples in an epoch: a permutation.

    Args:
        n: Number of examples, at least 1.
        seed: Seed of the run, at least 0.
        epoch: Number of the epoch, from 0.

    Returns:
        An int64 array of shape `(n,)`.

    Example:
        >>> sorted(epoch_order(4, seed=0, epoch=1).tolist())
        [0, 1, 2, 3]
    """
    return np.random.default_rng((seed, epoch)).permutation(n)


def _is_dataset(x) -> bool:
    tf = sys.modules.get("tensorflow")
    return tf is not None and isinstance(x, tf.data.Dataset)


def _batches(x, y, batch_size: int, seed: int):
    """Return the batches of one epoch, to be gone through anew each time, and what sets their order."""
    arrays = (x,) if y is None else (x, y)
    n = len(keras.tree.flatten(x)[0])
    if keras.backend.backend() != "tensorflow":
        batches = _Batches(arrays, n, batch_size)
        return batches, _Order(batches.set_order, n, seed)

    import tensorflow as tf

    with tf.device("CPU"):
        order = tf.Variable(np.arange(n))
        arrays = keras.tree.map_structure(tf.constant, arrays)

    def gather(step):
        rows = order[step * batch_size : tf.minimum((step + 1) * batch_size, n)]
        return keras.tree.map_structure(lambda array: tf.gather(array, rows), arrays)

    steps = tf.data.Dataset.range(-(-n // batch_size))
    batches = steps.map(gather, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
    return batches.prefetch(tf.data.AUTOTUNE), _Order(order.assign, n, seed)


class _Batches(keras.utils.PyDataset):
    def __init__(self, arrays, n: int, batch_size: int):
        super().__init__()
        self.arrays, self.n, self.batch_size = arrays, n, batch_size
        self.set_order(np.arange(n))

    def set_order(self, order) -> None:
        self.order = order

    def __len__(self):
        return -(-self.n // self.batch_size)

    def __getitem__(self, step):
        rows = self.order[step * self.batch_size : (step + 1) * self.batch_size]
        return keras.tree.map_structure(lambda array: array[rows], self.arrays)


class _Order(keras.callbacks.Callback):
    def __init__(self, set_order, n: int, seed: int):
        super().__init__()
        self._set_order, self._n, self._seed = set_order, n, seed

    def on_epoch_begin(self, epoch, logs=None):
        self._set_order(epoch_order(self._n, self._seed, epoch))


class _Report(keras.callbacks.Callback):
    """One line an epoch, for a log file."""

    def __init__(self, epochs: int):
        super().__init__()
        self._epochs = epochs

    def on_epoch_begin(self, epoch, logs=None):
        self._start = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        figures = "  ".join(f"{name} {value:.4g}" for name, value in (logs or {}).items())
        print(f"epoch {epoch + 1}/{self._epochs}  {time.perf_counter() - self._start:.1f} s  {figures}", flush=True)


@contextlib.contextmanager
def _runtime_settings(model: keras.Model, batch_size: int):
    """Run many steps in one call of the graph on TensorFlow; the model is as before afterwards."""
    if keras.backend.backend() != "tensorflow" or model.steps_per_execution != 1 or model.run_eagerly:
        yield
        return
    unrolled = model.unrolled_steps_per_execution
    model.steps_per_execution = 50
    if batch_size <= 64:  # Unrolling pays where a step is short, and costs seconds of tracing.
        model.unrolled_steps_per_execution = 10
    _forget_functions(model)
    try:
        yield
    finally:
        model.steps_per_execution, model.unrolled_steps_per_execution = 1, unrolled
        _forget_functions(model)


def _forget_functions(model: keras.Model) -> None:
    # They were traced for another number of steps.
    model.train_function = model.test_function = model.predict_function = None
