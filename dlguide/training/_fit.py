"""`fit`: check the arguments, open the run, train."""

import contextlib
import functools
import inspect
import math
import sys
import warnings
from typing import Any

import keras

from dlguide import _checks, _data_checks
from dlguide.data._load import is_test_part
from dlguide.training import _batches, _callbacks, _config, _processes, _speed, _state
from dlguide.training._run import Run

OPTIONS = inspect.signature(keras.Model.fit).parameters
PLAIN = set(vars(keras.callbacks.Callback()))  # Attributes of a callback that has none of its own.
BREAKS_A_RESUME = {"initial_epoch": 0, "shuffle": True, "steps_per_epoch": None}


def fit(
    model: keras.Model,
    x,
    y=None,
    *,
    epochs: int = 1,
    batch_size: int | None = None,
    seed: int = 0,
    run_dir=None,
    patience: int | None = None,
    sample_weight=None,
    class_weight=None,
    validation_data=None,
    callbacks=(),
    verbose: Any = "auto",
    **options,
) -> keras.callbacks.History:
    """Train a compiled model with `model.fit`, in an order that `seed` fixes, on any backend.

    The order of epoch `e` is a function of `(seed, e)` alone. With `run_dir`, the same call resumes a run that was
    killed after its last whole epoch, in a new process or in the same one, and ends in the same bits; with more
    `epochs` it extends the run.
    `docs/training.md` says what is resumed how, what is compared, and what makes TensorFlow fast.

    Args:
        model: A compiled model.
        x: Arrays of examples, first axis the example: one, or a tuple, list or dict of them; or a pandas `DataFrame`;
            an `np.memmap` is read from its file batch by batch. Or a function from the number of the epoch, from 0, to
            a data set of batches. Or a data set, which keeps its own order: what `model.fit` takes.
        y: Targets, arrays like `x`; None for a model whose loss needs none, or with a data set.
        epochs: Number of passes over the training set, at least 1, those of a resumed run included.
        batch_size: Examples a step, at least 1; the last step of an epoch has what is left. None is 32.
        seed: Fixes the order of arrays, at least 0. Weights and dropout follow `keras.utils.set_random_seed` instead.
        run_dir: Folder of the run: new, or with the same run, also of fewer epochs. None writes nothing.
        patience: Stop after this many epochs without a lower `val_loss`, at least 1, and restore the best weights.
        sample_weight: A weight of at least 0 for each example, of shape `(n,)`; if targets have steps, also one for
            each step.
        class_weight: A mapping from classes to weights of their examples, 1 for a class that is left out.
        validation_data: `(x, y)`, `(x, y, sample_weight)` or `(x,)` to evaluate after each epoch, or a data set that
            is in the same order each time. The test set of `data.load` draws a warning.
        callbacks: Further Keras callbacks, a list or one.
        verbose: 0 silent, 1 progress bar, 2 one line an epoch, "auto" 1 on a terminal and in a notebook, else 2.
        **options: Other arguments of `model.fit`. With `run_dir`, none that would break a resumed run.

    Returns:
        Keras's `History`, of all epochs of the run, with their `seconds`.

    Raises:
        ValueError: If an argument is out of range; if the data cannot be trained on; if `run_dir` cannot be written,
            is in use, holds another run or has only damaged files. All before the first step.
        FloatingPointError: If the loss is non-finite.
        OSError: If there is no room for a checkpoint. The one before it is kept.

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
    batch_size = 32 if batch_size is None else _checks.integer("batch_size", batch_size)
    seed = _checks.integer("seed", seed, at_least=0)
    patience = _checks.integer("patience", patience, optional=True)
    callbacks = keras.tree.flatten(callbacks) if callbacks else []
    _check_options(model, validation_data, patience, options, run_dir, callbacks)
    _data_checks.warn_of_logits(model, stacklevel=3)

    parts, rank, processes = (x, y, sample_weight, class_weight), *_processes.rank_and_size()
    described = {"batch_size": batch_size, "seed": seed, "patience": patience, "class_weight": class_weight}
    described |= {name: value for name, value in options.items() if value != OPTIONS[name].default}
    if callable(x) and not hasattr(x, "__len__"):
        batches, data = _batches.EpochBatches(x), {"x": "a function of the epoch"}
    elif options.get("steps_per_epoch") is None and _is_arrays("x", x):
        arrays = _arrays(model, *parts, names=("x", "y", "sample_weight"), batch_size=batch_size)
        if share := options.pop("validation_split", 0.0):
            arrays, validation_data = _split(arrays, share)
            validation_data = validation_data if class_weight is None else validation_data[:2]
        data, parts = dict(zip(("x", "y", "sample_weight"), arrays, strict=False)), (None,) * 4
        order = functools.partial(_batches.epoch_order, seed=seed) if options.get("shuffle", True) else None
        batches = _batches.ArrayBatches(keras.utils.pack_x_y_sample_weight(*arrays), batch_size, order, rank, processes)
    else:
        batches, data = _batches.OtherBatches(x), {"x": x}
        is_arrays = _is_arrays("x", x)
        options = {"batch_size": batch_size if is_arrays else None, "shuffle": is_arrays, **options}
    for name, part in zip(("y", "sample_weight", "class_weight"), parts[1:], strict=True):
        options |= {} if part is None else {name: part}
    valid, valid_steps = _validation(model, validation_data, batch_size, options)
    _processes.check_shares(processes, batch_size, getattr(batches, "size", 0))

    callbacks += [keras.callbacks.EarlyStopping(patience=patience, restore_best_weights=True)] if patience else []
    if run_dir is not None:
        described |= _config.of_arrays("data", {**data, "validation_data": validation_data})
    with Run(run_dir, epochs=epochs, model=model, options=described) as run:
        verbose = _begin(run, batches, callbacks, verbose if rank == 0 else 0)
        run.progress.epoch = max(run.progress.epoch, options.pop("initial_epoch", 0))
        with _speed.fast(model, callbacks) as many_steps, _processes.shared_steps(processes):
            many_steps = many_steps if batches.steps else ()
            bar = {"add_progbar": verbose > 0, "verbose": verbose, "epochs": epochs, "steps": batches.steps}
            called = _callbacks.RunCallbacks(run, batches, callbacks, many_steps, valid_steps, seed, **bar)
            options = {"shuffle": False, **options, "validation_data": valid, "callbacks": called, "verbose": 0}
            run.keep(**_states(x, callbacks))
            _train(model, run, batches, called, epochs, options)
        run.save_model()
    return run.history


def _train(model: keras.Model, run: Run, batches, called: _callbacks.RunCallbacks, epochs: int, options: dict) -> None:
    """Call `model.fit` for all epochs that are left, or for each of them if its data are a function of the epoch."""
    with warnings.catch_warnings():
        # To Keras, batches are missing where one call has many steps, or the size of a data set is unknown.
        warnings.filterwarnings("ignore", "Your input ran out of data")
        if type(batches) is _batches.EpochBatches:  # To build a model Keras reads a batch: a shuffled set moves on.
            model.fit(batches.source(min(run.progress.epoch, epochs - 1)), epochs=0, shuffle=False, verbose=0)
        while True:
            first = run.progress.epoch
            called.until = min(first + 1, epochs) if type(batches) is _batches.EpochBatches else epochs
            called.until = first if run.is_finished else called.until
            model.fit(batches.source(min(first, epochs - 1)), initial_epoch=first, epochs=called.until, **options)
            if run.is_finished or model.stop_training or run.progress.epoch < called.until:  # Keras may limit them.
                break


def _arrays(model, x, y, sample_weight, class_weight, names: tuple, batch_size: int | None = None) -> tuple:
    """Return `(x,)`, `(x, y)` or `(x, y, sample_weight)`, checked against the model."""
    x, y = _data_checks.examples(model, x, y, names[:2], batch_size)
    if class_weight is not None and sample_weight is not None:
        raise ValueError(f"`class_weight` must be None with `sample_weight`. Received: class_weight={class_weight}")
    if class_weight is not None:
        return x, y, _data_checks.from_classes(model, class_weight, y)
    if sample_weight is not None:
        return x, y, _data_checks.from_samples(model, names[2], sample_weight, y, names[1])
    return (x,) if y is None else (x, y)


def _is_arrays(name: str, value) -> bool:
    return not hasattr(value, "__next__") and _data_checks.kind_of(name, value) == "arrays"


def _split(arrays: tuple, share: float) -> tuple[tuple, tuple]:
    """Return the first and the last examples, as `validation_split` of Keras does."""
    n = len(next(array for array in keras.tree.flatten(arrays) if array is not None))
    cut = math.floor(n * (1 - share))
    if not 0 < cut < n:
        raise _checks.error("validation_split", f"a share that leaves both sets some of the {n} examples", share)
    first = keras.tree.map_structure(lambda a: a if a is None else a[:cut], arrays)
    return first, keras.tree.map_structure(lambda a: a if a is None else a[cut:], arrays)


def _validation(model, value, batch_size: int, options: dict) -> tuple:
    """Return what Keras validates on, and the number of its batches if it is known; warn of a test set."""
    if value is None or not _is_arrays("validation_data", value):
        return value, None
    if not isinstance(value, tuple | list) or len(value) not in (1, 2, 3):
        must = "a tuple (x, y) or (x, y, sample_weight), or (x,) for a model without targets"
        raise ValueError(f"`validation_data` must be {must}. Received: {type(value).__name__}")
    x, y, weights = (*value, None, None)[:3]
    arrays = _arrays(model, x, y, weights, None, tuple(f"validation_data[{i}]" for i in range(3)))
    if is_test_part(*(part for part in keras.tree.flatten(arrays) if part is not None)):
        text = "`validation_data` is the test set of `data.load`: a model chosen on it has no honest test result."
        warnings.warn(text, UserWarning, stacklevel=3)
    batch_size = options.pop("validation_batch_size", None) or batch_size
    batches = _batches.ArrayBatches(keras.utils.pack_x_y_sample_weight(*arrays), batch_size)
    return batches.source(), None if options.get("validation_steps") else batches.steps


def _states(x, callbacks: list) -> dict:
    """Return what a checkpoint keeps beside the model, by names that another callback does not change."""
    found = {"data": x} if _state.has_protocol(x) else {}
    for callback in filter(_state.is_known, callbacks):
        kind = type(callback).__name__
        found[f"{kind}_{sum(name.rpartition('_')[0] == kind for name in found)}"] = callback
    return found


def _begin(run: Run, batches, callbacks: list, verbose) -> int:
    """Say where a run is resumed, make the variables that its checkpoint has, and return `verbose` as a number."""
    if verbose == "auto":
        is_notebook = type(sys.stdout).__module__.startswith("ipykernel")
        # There is no output in a service, or `pythonw`.
        verbose = 0 if sys.stdout is None else 1 if is_notebook or sys.stdout.isatty() else 2
    if run.status and verbose:
        own = type(batches) is _batches.OtherBatches and not (run.is_finished or _state.has_protocol(batches.source(0)))
        print(run.status + (", with the data set in an order of its own" if own else ""), flush=True)
    others = [each for each in callbacks if not type(each).__module__.startswith(("keras.", "dlguide."))]
    others = [each for each in others if set(vars(each)) - PLAIN and not _state.has_protocol(each)]
    if others and run.saved and not run.is_finished:
        text = f"a checkpoint keeps no attributes of {', '.join(type(each).__name__ for each in others)}"
        way = "methods `get_state() -> dict` and `set_state(state)` say what is kept of a callback"
        warnings.warn(f"{text}, which begin anew: {way}.", UserWarning, stacklevel=3)
    is_plain = run.model.built and type(run.model).train_step is keras.Model.train_step
    if keras.backend.backend() == "tensorflow" and run.path is not None and not is_plain:
        import tensorflow as tf

        # A first step makes variables, and a checkpoint before it should have them.
        with contextlib.suppress(Exception):  # One that runs eagerly only; a checkpoint says what is missing.
            tf.function(run.model.train_step).get_concrete_function(batches.source(0).element_spec)
    return verbose


def _check_options(model, validation_data, patience, options: dict, run_dir, callbacks: list) -> None:
    unknown = set(options) - set(OPTIONS)
    if unknown:
        raise TypeError(f"fit() got an unexpected keyword argument {min(unknown)!r}")
    for name, value in options.items() if run_dir is not None else ():
        if name in BREAKS_A_RESUME and value != BREAKS_A_RESUME[name]:
            raise ValueError(f"`{name}` must be left out with `run_dir`. Received: {name}={value!r}")
    if run_dir is not None and any(isinstance(each, keras.callbacks.BackupAndRestore) for each in callbacks):
        raise ValueError("`callbacks` must have no BackupAndRestore with `run_dir`, which does the same. Received: one")
    if patience and validation_data is None and not options.get("validation_split"):
        raise ValueError(f"`patience` must be None without `validation_data`. Received: patience={patience}")
    if not model.compiled:
        raise ValueError(f"`model` must be compiled before `fit`. Received: model={model!r}")
