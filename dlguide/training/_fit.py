"""`fit`: check the arguments, open the run, train."""

import contextlib
import sys
import warnings
from typing import Any, TypedDict, Unpack

import keras

from dlguide import _checks, _private_apis
from dlguide.training import _batches, _callbacks, _data, _data_set_batches, _fingerprint, _processes, _speed
from dlguide.training._log import History, Log
from dlguide.training._run import Run

# What `model.fit` takes and `fit` does not, Keras's default, and the way to do it.
REFUSED = {
    "initial_epoch": (0, "`run_dir` resumes a run, and extends it with more `epochs`"),
    "shuffle": (True, "arrays are taken in an order that `seed` fixes; a tf.data.Dataset has an order of its own"),
    "steps_per_epoch": (None, "an epoch is one pass over `x`; a tf.data.Dataset with `.take(steps)` is a shorter one"),
    "validation_batch_size": (None, "`batch_size` is used, the metrics do not depend on it"),
    "validation_freq": (1, "each epoch is validated; a callback can call `model.evaluate` when it likes"),
    "validation_split": (0.0, "cut the arrays yourself: `x[n:]`, `y[n:]` with `validation_data=(x[:n], y[:n])`"),
    "validation_steps": (None, "all of `validation_data` is used; a tf.data.Dataset with `.take(steps)` is shorter"),
}


class KerasDefaults(TypedDict, total=False):
    """Arguments of `model.fit` that are taken at Keras's defaults only."""

    initial_epoch: int
    shuffle: bool
    steps_per_epoch: int | None
    validation_batch_size: int | None
    validation_freq: int
    validation_split: float
    validation_steps: int | None


def fit(
    model: keras.Model,
    x,
    y=None,
    *,
    sample_weight=None,
    class_weight=None,
    validation_data=None,
    epochs: int = 1,
    batch_size: int | None = None,
    seed: int = 0,
    run_dir=None,
    patience: int | None = None,
    checkpoint_seconds: float = 30.0,
    callbacks=(),
    verbose: Any = "auto",
    **keras_defaults: Unpack[KerasDefaults],
) -> History:
    """Train a compiled model with `model.fit`, in an order that `seed` fixes, on any backend.

    The order of epoch `e` is a function of `(seed, e)` alone. With `run_dir`, the same call resumes a run that was
    killed, in a new process or in the same one, and ends in the same bits; with more `epochs` it extends the run.
    `docs/training.md` says how data sets, callbacks and a `train_step` of your own are resumed, what is compared, and
    what makes TensorFlow fast; `docs/machines.md` is about several machines.

    Args:
        model: A compiled model.
        x: Arrays of examples, first axis the example: one, or a tuple, list or dict of them; or a pandas `DataFrame`.
            An `np.memmap` is read from its file batch by batch. Or a data set of batches: a `tf.data.Dataset`, a
            `keras.utils.PyDataset` or PyTorch's `DataLoader`, each with an order of its own.
        y: Targets, arrays like `x`; None for a model whose loss needs none, or with a data set.
        sample_weight: A weight of at least 0 for each example, of shape `(n,)`; if targets have steps, also one for
            each step. None with a data set, which gives `(x, y, sample_weight)`.
        class_weight: A mapping from classes to weights of their examples, 1 for a class that is left out.
        validation_data: `(x, y)`, `(x, y, sample_weight)` or `(x,)` to evaluate after each epoch, or a data set that
            is in the same order each time. The test set of `data.load` draws a warning.
        epochs: Number of passes over the training set, at least 1, those of a resumed run included.
        batch_size: Examples a step, at least 1; the last step of an epoch has what is left. None is 128.
        seed: Fixes the order, at least 0. Weights and dropout follow `keras.utils.set_random_seed` instead.
        run_dir: Folder of the run: new, or with the same run, also of fewer epochs. None writes nothing.
        patience: Stop after this many epochs without a lower `val_loss`, at least 1, and restore the best weights.
        checkpoint_seconds: Least time between two checkpoints within an epoch; 0 writes one before each step.
        callbacks: Further Keras callbacks, a list or one. `Log` serves loggers.
        verbose: 0 silent, 1 progress bar, 2 one line an epoch, "auto" 1 on a terminal and in a notebook, else 2.
        **keras_defaults: Other arguments of `model.fit`, at Keras's defaults; else the error says what to do instead.

    Returns:
        The `History` of all epochs of the run.

    Raises:
        ValueError: If an argument is out of range; if the data cannot be trained on; if `run_dir` cannot be written,
            is in use, holds another run or has only damaged files. All before the first step.
        FloatingPointError: If the loss is non-finite. The model then has its best weights so far.
        OSError: If there is no room for a checkpoint. The one before it is kept.
        ConnectionError: If another process of the run has gone.

    Example:
        >>> import numpy as np
        >>> from dlguide import mlp
        >>> model = mlp((2,), num_outputs=2)
        >>> model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        >>> x, y = np.eye(2, dtype="float32"), np.array([0, 1])
        >>> len(fit(model, x, y, epochs=3, verbose=0).history["loss"])
        3
    """
    epochs = _checks.integer("epochs", epochs)
    batch_size = 128 if batch_size is None else _checks.integer("batch_size", batch_size)
    seed = _checks.integer("seed", seed, at_least=0)
    patience = _checks.integer("patience", patience, optional=True)
    checkpoint_seconds = _checks.number("checkpoint_seconds", checkpoint_seconds, at_least=0)
    _check_settings(model, validation_data, patience, verbose, keras_defaults)
    train = _data.training_data(model, x, y, sample_weight, class_weight, batch_size)
    valid = _data.validation_data(model, validation_data)
    rank, processes = _processes.of_run(model, batch_size, train, valid)
    _data.build_model(model, train, batch_size)

    own = [] if callbacks is None else keras.tree.flatten(callbacks)
    loggers = [callback for callback in own if isinstance(callback, Log)]  # They change nothing, and are in no run.
    own = [callback for callback in own if not isinstance(callback, Log)]
    stopping = [keras.callbacks.EarlyStopping(patience=patience, restore_best_weights=True)] if patience else []
    guard = _callbacks.NonFiniteGuard(stopping)
    verbose = _resolved(verbose) if rank == 0 else 0
    options = {"batch_size": batch_size, "seed": seed} if train.is_arrays else {}  # A data set has its own.
    options["patience"] = patience
    run_options = {"epochs": epochs, "model": model, "options": options, "checkpoint_seconds": checkpoint_seconds}
    with _opened_run(run_dir, (train, valid), [*own, *stopping], **run_options) as run:
        _say_where(run, epochs, verbose)
        if run.lacks_variables():
            _data.build_step(model, train)

        def batches_of(data, seed: int):
            return _batches.ArrayBatches(data.packed, batch_size, seed, rank, processes)

        batches = batches_of(train, seed) if train.is_arrays else _data_set_batches.of(train)
        validation = valid and (batches_of(valid, 0).source() if valid.is_arrays else valid.content)
        reports = [*([_callbacks.Report(epochs)] if verbose == 2 else []), *(loggers if rank == 0 else [])]
        bar = {"add_progbar": verbose == 1, "verbose": verbose, "epochs": epochs, "steps": batches.steps}
        called = _callbacks.RunCallbackList(run, batches, own, stopping, guard, reports, **bar)
        steps = None if batches.steps is None else batches.steps * epochs
        with (
            _speed.fast(model, own, steps, batch_size),
            _processes.data_parallel(model, processes),
            _errors(run, batches, guard, verbose),
        ):
            _train(run, batches, epochs, validation_data=validation, callbacks=called, verbose=0, shuffle=False)
        run.save_model()
    return run.history


def _train(run: Run, batches, epochs: int, **options) -> None:
    """Call `model.fit`; for the rest of an epoch that is resumed within, once more before it."""
    done = run.progress
    if done.step:
        run.model.fit(batches.source(done.step), initial_epoch=done.epoch, epochs=done.epoch + 1, **options)
        if run.is_finished:
            return
    last = done.epoch if done.stopped else epochs
    run.model.fit(batches.source(), initial_epoch=done.epoch, epochs=last, **options)


@contextlib.contextmanager
def _opened_run(run_dir, data: tuple, callbacks: list, *, options: dict, **run_options):
    """Open the run of these data and callbacks, as they were given."""
    with contextlib.ExitStack() as stack:
        if run_dir is not None:
            given = [_fingerprint.as_configured(c, _fingerprint.callback_description) for c in callbacks]
            options = {**options, "data": _fingerprint.data_description(*data)}
            options["callbacks"] = list(map(stack.enter_context, given))
        yield stack.enter_context(Run(run_dir, options=options, **run_options))


@contextlib.contextmanager
def _errors(run: Run, batches, guard, verbose: int):
    """Leave the best weights, or the newest ones, in the model after an error; it may be trained on."""
    with warnings.catch_warnings():
        if batches.steps is None:  # To Keras, batches of a data set of unknown size are missing.
            warnings.filterwarnings("ignore", "Your input ran out of data")
        try:
            yield
        except _callbacks.NonFiniteLossError:
            _private_apis.synchronise(run.model)
            guard.restore_best()
            if guard.best_epoch:
                run.save_model()
            raise
        except BaseException:
            _private_apis.synchronise(run.model)
            if verbose and run.interruption:
                print(run.interruption, flush=True)
            raise


def _resolved(verbose) -> int:
    if verbose != "auto":
        return verbose
    is_notebook = type(sys.stdout).__module__.startswith("ipykernel")
    return 1 if is_notebook or sys.stdout.isatty() else 2


def _say_where(run: Run, epochs: int, verbose: int) -> None:
    if run.status() and verbose:
        print(run.status(), flush=True)
    done = run.progress
    if done.stopped and done.epochs < epochs:
        text = f"`epochs={epochs}` has no effect: the run of {done.epochs} epochs was stopped after epoch {done.epoch}"
        text += f" by `patience` or another callback, and one of {epochs} would have been too."
        warnings.warn(text, UserWarning, stacklevel=3)


def _check_settings(model, validation_data, patience: int | None, verbose, keras_defaults: dict) -> None:
    for name, value in keras_defaults.items():
        if name not in REFUSED:
            raise TypeError(f"fit() got an unexpected keyword argument {name!r}")
        default, way = REFUSED[name]
        if not (value is default or (default is not None and value == default)):
            raise ValueError(f"`{name}` must be left out: {way}. Received: {name}={value!r}")
    if patience and validation_data is None:
        raise ValueError(f"`patience` must be None without `validation_data`. Received: patience={patience}")
    if verbose not in ("auto", 0, 1, 2):
        raise _checks.error("verbose", '"auto", 0, 1 or 2', verbose)
    if not model.compiled:
        raise ValueError(f"`model` must be compiled before `fit`. Received: model={model!r}")
