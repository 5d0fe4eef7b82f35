"""Training: `fit` is `model.fit` with a seeded order, many steps a call, and runs that survive being killed."""

import contextlib
import sys
import time
import warnings

import keras
import numpy as np

from dlguide import _batches, _callbacks, _checks, _fingerprint, _processes, _runs, _targets, data
from dlguide._batches import epoch_order

__all__ = ["epoch_order", "fit"]

LONG_RUN = 500  # Steps. Fewer do not earn back that many steps a call take longer to trace than one.
VERY_LONG_RUN = 20_000  # Steps. Five of them unrolled save 20 µs each, and take up to a second more to trace.

_processes.join()


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
    checkpoint_seconds: float = 30.0,
    callbacks=(),
    verbose="auto",
) -> keras.callbacks.History:
    """Train a compiled model with `model.fit`, in an order that `seed` fixes, on any backend.

    The order of epoch `e` is a function of `(seed, e)` alone, the same on TensorFlow, JAX and
    PyTorch. On TensorFlow, a run of 500 steps or more does 50 of them in one call of its graph, or
    200 where a batch has at most 64 examples, unless `compile` was given another number than 1 or one
    of `callbacks` looks at single steps. What else `compile` was given stays as it is.

    With `run_dir`, checkpoints are written as it goes: the same call in a new process goes on from
    the last one to the same weights and history, bit for bit on the same machine, and returns at
    once when the run was finished. The folder gets `config.json`, `history.csv`, `checkpoint.npz`,
    the one before it, and at the end `model.keras`. Ctrl-C and SIGTERM take effect after the
    current step (or call of many), with a checkpoint.

    On several machines, import this module before anything is computed, on the JAX backend with
    `KERAS_DISTRIBUTION_JOB_ADDRESSES`, `_NUM_PROCESSES` and `_PROCESS_ID` set: each process takes its
    share of every batch, and process 0 writes the run folder and hands checkpoints out.

    Args:
        model: A compiled model.
        x: Arrays of examples, first axis the example: one, or a tuple or dict of them. An
            `np.memmap` is read from its file batch by batch. Or a `tf.data.Dataset` of batches,
            whose order is its own (a `shuffle` needs a seed of its own to be the same in another
            process; other state inside it does not come back after a kill, and its content is not
            compared); `batch_size` and `seed` then have no effect on the training part.
        y: Targets, arrays like `x`; None for a model whose loss needs none, or with a dataset.
        validation_data: `(x, y)` to evaluate after each epoch, `(x,)` where there is no `y`. The test
            part of a data set that `data.load` gave draws a warning.
        epochs: Number of passes over the training part, at least 1.
        batch_size: Examples a step, at least 1; the last step of an epoch has what is left.
        seed: Fixes the order, at least 0. Weights and dropout follow
            `keras.utils.set_random_seed` instead.
        run_dir: Folder of the run, new, empty, or with the same run unfinished in it. Nothing is
            written where it is None.
        patience: Stop after this many epochs without a lower `val_loss`, at least 1, and go back
            to the weights of the lowest. None trains all epochs and keeps the last weights.
        checkpoint_seconds: Least time between two checkpoints within an epoch, at least 0. There is
            one at an epoch's end too, and none where they would take more than 3 % of the time.
        callbacks: Further Keras callbacks, a list or one. Their plain attributes are kept in checkpoints.
        verbose: 0 silent, 1 progress bar, 2 one line an epoch, "auto" 1 on a terminal, else 2.

    Returns:
        Keras's `History`, of all epochs where the run was gone on with. Its `seconds` is the time
        spent in training, compilation and validation included.

    Raises:
        ValueError: If an argument is out of range; if the data are empty, of unequal lengths, not
            numbers, not finite or have labels that the model has no output for; if `run_dir`
            cannot be written, is in use, holds another run or has only damaged checkpoints. All
            before the first step.
        FloatingPointError: If the loss is not finite. The model then has its best weights so far.
        OSError: If there is no room for a checkpoint. The one before it is kept.

    Example:
        >>> from dlguide import mlp
        >>> model = mlp((2,), num_outputs=2)
        >>> model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        >>> x, y = np.eye(2, dtype="float32"), np.array([0, 1])
        >>> len(fit(model, x, y, epochs=3, verbose=0).history["loss"])
        3
    """
    epochs = _checks.integer("epochs", epochs)
    batch_size = _checks.integer("batch_size", batch_size)
    seed = _checks.integer("seed", seed, at_least=0)
    patience = _checks.integer("patience", patience, optional=True)
    checkpoint_seconds = _checks.number("checkpoint_seconds", checkpoint_seconds, at_least=0)
    if patience and validation_data is None:
        raise ValueError(f"`patience` must be None without `validation_data`. Received: patience={patience}")
    if verbose not in ("auto", 0, 1, 2):
        raise _checks.error("verbose", '"auto", 0, 1 or 2', verbose)
    if not model.compiled:
        raise ValueError(f"`model` must be compiled before `fit`. Received: model={model!r}")
    callbacks = [] if callbacks is None else keras.tree.flatten(callbacks)
    process, processes = _processes.place()
    if _is_dataset(x):
        _check_dataset(model, x, y)
    else:
        x, y = _checks.examples(model, x, y)
        if hasattr(model, "check_data"):
            model.check_data(x, y, batch_size)
    if validation_data is not None and not _is_dataset(validation_data):
        validation_data = _checks.validation_data(model, validation_data)
        if hasattr(model, "check_data"):
            names = ("validation_data[0]", "validation_data[1]")
            model.check_data(validation_data[0], (*validation_data, None)[1], names=names)
        if data.is_test_part(*keras.tree.flatten(validation_data)):
            warnings.warn(
                "`validation_data` is the test part of a data set: a model chosen on it has no honest test result.",
                UserWarning,
                stacklevel=2,
            )
    if processes > 1:
        _processes.check_shares(processes, batch_size, x, validation_data)

    history = keras.callbacks.History()
    early_stopping = patience and keras.callbacks.EarlyStopping(
        "val_loss", patience=patience, restore_best_weights=True
    )
    order = _callbacks.Order(None if _is_dataset(x) else len(keras.tree.flatten(x)[0]), seed)
    finite = _callbacks.FiniteLoss(early_stopping)
    sees_steps = any(_looks_at_steps(callback) for callback in callbacks)
    callbacks = [c for c in (order, *callbacks, early_stopping, history, finite) if c]
    run = None
    if run_dir is not None:
        options = {"epochs": epochs, "batch_size": batch_size, "seed": seed, "patience": patience}
        config = {**options, **_fingerprint.of(model, x, y, validation_data)}
        run = _runs.Run(run_dir, config, callbacks, finite.check, checkpoint_seconds)
        run.knows_steps = not _is_dataset(x) or int(x.cardinality()) >= 0

    with run or contextlib.nullcontext():
        if _is_dataset(x) or (run and run.is_resumed):
            _build(model, x, y)
        if run and run.finished:
            return run.finished_history(model)
        order.first = finite.first = (run.epoch, run.step) if run else (0, 0)
        epoch = order.first[0]
        if _is_dataset(x):
            batches, order.set_epoch = _batches.from_dataset(x, epoch)
        else:
            arrays = (x,) if y is None else (x, y)
            batches, order.set_epoch = _batches.from_arrays(arrays, batch_size, process, processes)
        order.steps = int(batches.cardinality()) if _is_dataset(batches) else len(batches)
        if validation_data is not None and not _is_dataset(validation_data):
            validation_data, _ = _batches.from_arrays(validation_data, batch_size, process, processes)
        if verbose == "auto":
            verbose = 1 if sys.stdout.isatty() else 2
        report = _callbacks.Report(epochs) if verbose == 2 and process == 0 else None

        start = time.perf_counter()
        try:
            with _while_training(model, 1 if sees_steps else order.steps * epochs, batch_size, run, processes):
                model.fit(
                    batches,
                    validation_data=validation_data,
                    epochs=epoch if run and run.stopped else epochs,
                    initial_epoch=epoch,
                    callbacks=_callbacks.Callbacks(
                        [c for c in (*callbacks, run, report) if c],
                        order.first,
                        add_progbar=verbose == 1 and process == 0,
                        verbose=1,
                        epochs=epochs,
                        steps=order.steps if order.steps > 0 else None,
                        model=model,
                    ),
                    verbose=0,
                    shuffle=False,
                )
        except FloatingPointError:
            finite.put_best_back()
            if run and finite.best_epoch:
                run.finish()
            raise
        history.seconds = run.seconds if run else time.perf_counter() - start
        if run:
            run.finish()
    return history


@contextlib.contextmanager
def _while_training(model, steps: int, batch_size: int, run, processes: int):
    """What holds during `model.fit` alone; the model is as before afterwards."""
    with contextlib.ExitStack() as stack:
        stack.enter_context(_many_steps_a_call(model, steps, batch_size))
        if processes > 1:
            stack.enter_context(_processes.shared(model))
        if run:
            stack.enter_context(run.signals())
            # An epoch that is gone on with has fewer steps than the others: to Keras, data are missing.
            stack.enter_context(warnings.catch_warnings())
            warnings.filterwarnings("ignore", "Your input ran out of data")
        yield


def _looks_at_steps(callback) -> bool:
    hooks = ("on_batch_begin", "on_batch_end", "on_train_batch_begin", "on_train_batch_end")
    return any(
        getattr(getattr(callback, h), "__func__", None) is not getattr(keras.callbacks.Callback, h) for h in hooks
    )


def _is_dataset(x) -> bool:
    tf = sys.modules.get("tensorflow")
    return tf is not None and isinstance(x, tf.data.Dataset)


def _check_dataset(model, x, y) -> None:
    if y is not None:
        raise ValueError(f"`y` must be None where `x` is a tf.data.Dataset. Received: y of type {type(y).__name__}")
    if int(x.cardinality()) in (0, -1):
        size = "no batch" if int(x.cardinality()) == 0 else "batches without end"
        raise ValueError(
            f"`x` must be a data set of one batch or more that ends. Received: a tf.data.Dataset of {size}"
        )
    targets = x.element_spec[1] if isinstance(x.element_spec, tuple) and len(x.element_spec) > 1 else None
    if hasattr(targets, "shape") and targets.shape.rank is not None:
        _targets.check_shape("y", tuple(targets.shape), model)


def _build(model, x, y) -> None:
    """Make all variables of the model and of its metrics, for a checkpoint to fill.

    Else Keras takes a first look at a data set to make them, or not, and its next order differs.
    """
    if _is_dataset(x):
        x, y, weights = keras.utils.unpack_x_y_sample_weight(keras.tree.map_structure(np.asarray, next(iter(x))))
        model.test_on_batch(x, y, weights)
    else:
        first = keras.tree.map_structure(lambda array: array[:1], (x,) if y is None else (x, y))
        model.test_on_batch(*first)


@contextlib.contextmanager
def _many_steps_a_call(model: keras.Model, steps: int, batch_size: int):
    """Let TensorFlow run many steps in one call of its graph, in a long run; the model is as before afterwards."""
    is_ours = keras.backend.backend() == "tensorflow" and model.steps_per_execution == 1 and not model.run_eagerly
    if not is_ours or 0 <= steps < LONG_RUN:
        yield
        return
    unrolled = model.unrolled_steps_per_execution
    model.steps_per_execution = 200 if batch_size <= 64 else 50
    if batch_size <= 64 and steps >= VERY_LONG_RUN:
        model.unrolled_steps_per_execution = 5
    _forget_functions(model)
    try:
        yield
    finally:
        model.steps_per_execution, model.unrolled_steps_per_execution = 1, unrolled
        _forget_functions(model)


def _forget_functions(model: keras.Model) -> None:
    # They were traced for another number of steps.
    model.train_function = model.test_function = model.predict_function = None
