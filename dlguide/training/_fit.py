"""`fit`: check the arguments, open the run, train."""

import contextlib
import sys
import warnings

import keras

from dlguide import _checks, _keras
from dlguide.errors import ArgumentError
from dlguide.training import _adam, _batches, _callbacks, _data, _fingerprint, _memory, _processes, _steps
from dlguide.training._log import Log
from dlguide.training._run import Run

# What `model.fit` takes and `fit` does not, and the way to do it.
REFUSED = {
    "initial_epoch": "`run_dir` resumes a run, and extends it with more `epochs`",
    "shuffle": "arrays are taken in an order that `seed` fixes; a tf.data.Dataset has an order of its own",
    "steps_per_epoch": "an epoch is one pass over `x`; a tf.data.Dataset with `.take(steps)` gives a shorter one",
    "validation_batch_size": "`batch_size` is used, the metrics do not depend on it; a tf.data.Dataset has its own",
    "validation_freq": "each epoch is validated; a callback can call `model.evaluate` when it likes",
    "validation_split": "cut the arrays yourself: `x[n:]`, `y[n:]` with `validation_data=(x[:n], y[:n])`",
    "validation_steps": "all of `validation_data` is used; a tf.data.Dataset with `.take(steps)` is shorter",
}


def fit(
    model: keras.Model,
    x,
    y=None,
    *,
    sample_weight=None,
    class_weight=None,
    validation_data=None,
    epochs: int = 1,
    batch_size: int = 128,
    seed: int = 0,
    run_dir=None,
    patience: int | None = None,
    checkpoint_seconds: float = 30.0,
    callbacks=(),
    verbose="auto",
    **refused,
) -> keras.callbacks.History:
    """Train a compiled model with `model.fit`, in an order that `seed` fixes, on any backend.

    The order of epoch `e` is a function of `(seed, e)` alone, the same on TensorFlow, JAX and PyTorch. On TensorFlow,
    a run of 500 steps or more does 50 of them in one call of its graph, or 200 if a batch has at most 64 examples,
    unless `compile` was given another number than 1 or one of `callbacks` looks at single steps. Adam and AdamW are
    updated by TensorFlow's own kernel, except with `amsgrad`, for embeddings and on several replicas; a subclass of
    them keeps Keras's update: `class KerasAdam(keras.optimizers.Adam): pass` switches the kernel off.

    With `run_dir`, the same call resumes a run from its last checkpoint, in a new process or in the same one, and ends
    in the same weights and history, bit for bit on the same machine; a finished run is not trained on. The same call
    with more `epochs` extends the run, to the same bits as a run of that many epochs from the start, unless a callback
    of your own reads the number of epochs; this is refused if the learning rate is a schedule. Runs are compared by
    what their author stated: the model, the data, and the options of optimizer, loss, metrics and callbacks as they
    were given. Ctrl-C and SIGTERM take effect after the current step (or call of many), with a checkpoint; at the end
    of the epoch if the data set can be resumed only there. A second one acts at once. `Run` does the same for a
    training loop of your own. Files and costs: `docs/training.md`; several machines: `docs/machines.md`.

    A data set has its own order and batches: `seed` has no effect, and `batch_size` only decides between 50 and 200
    steps in a call. Its content is not compared when a run is resumed. A run is resumed

    - on a `tf.data.Dataset` at the step where it was, or at the start of the epoch if the number of batches is unknown.
      A `shuffle` needs a seed; other state inside the data set is not restored;
    - on a `keras.utils.PyDataset` at the step where it was. `on_epoch_begin` and `on_epoch_end` are called for each
      finished epoch. A batch must be a function of its index, the data set's own seed and the number of these calls;
    - on PyTorch's `DataLoader` at the start of the epoch where it was, with the states that PyTorch's global
      generator and the loader's and its sampler's `generator` had then. Other generators are not restored.

    Args:
        model: A compiled model. One with a `train_step` of its own may have further optimizers as attributes:
            checkpoints keep them too.
        x: Arrays of examples, first axis the example: one, or a tuple, list or dict of them; or a pandas
            `DataFrame` of numbers and bools. An `np.memmap` is read from its file batch by batch. Or a data set of
            batches, as above; a Python generator is refused: it cannot be read from its start again.
        y: Targets, arrays like `x`; None for a model whose loss needs none, or with a data set.
        sample_weight: A weight of at least 0 for each example, of shape `(n,)`, by which its loss is multiplied; if
            targets have steps, also one for each step. None with a data set, which gives `(x, y, sample_weight)`.
        class_weight: A mapping from classes, which must exist, to weights of their examples, 1 for a class that is
            left out; None with `sample_weight` or a data set.
        validation_data: `(x, y)` or `(x, y, sample_weight)` to evaluate after each epoch, `(x,)` if there is no `y`;
            or a data set that is in the same order each time. The test set of `data.load` draws a warning.
        epochs: Number of passes over the training set, at least 1, those of a resumed run included.
        batch_size: Examples a step, at least 1; the last step of an epoch has what is left.
        seed: Fixes the order, at least 0. Weights and dropout follow `keras.utils.set_random_seed` instead. Each call
            starts at epoch 0: several calls on one model take the same orders unless they have other seeds.
        run_dir: Folder of the run: new, empty, or with the same run, also of fewer epochs. None writes nothing.
        patience: Stop after this many epochs without a lower `val_loss`, at least 1, and restore the weights of the
            lowest. None trains all epochs and keeps the last weights.
        checkpoint_seconds: Least time between two checkpoints within an epoch, at least 0. There is one at an
            epoch's end too, and none but the last if they would take more than 3 % of the time.
        callbacks: Further Keras callbacks, a list or one. Checkpoints keep those of their attributes that are numbers,
            texts, arrays, NumPy generators, Keras variables or metrics, or tuples, lists, sets and dicts of these; one
            that cannot be kept draws a warning. A class may name those to keep in `checkpoint_attributes`.
            `CSVLogger` begins a new file in a resumed run unless it has `append=True`. `Log` serves other loggers.
        verbose: 0 silent, 1 progress bar, 2 one line an epoch, "auto" 1 on a terminal and in a notebook, else 2.
        **refused: Other arguments of `model.fit`; the error says what to do instead.

    Returns:
        Keras's `History`, of all epochs of a resumed run too. A log that only some epochs have is NaN in the others,
        a metric that is a vector gives lists. Its `seconds` is the time of training, compilation and validation.

    Warns:
        UserWarning: If the loss or a metric takes logits for probabilities, or if the validation data are a test set.

    Raises:
        ValueError: If an argument is out of range; if the data are empty, of unequal lengths, not numbers, not finite
            or have labels that the model has no output for; if `run_dir` cannot be written, is in use, holds another
            run or has only damaged files. All before the first step.
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
    batch_size = _checks.integer("batch_size", batch_size)
    seed = _checks.integer("seed", seed, at_least=0)
    patience = _checks.integer("patience", patience, optional=True)
    checkpoint_seconds = _checks.number("checkpoint_seconds", checkpoint_seconds, at_least=0)
    _check_settings(model, validation_data, patience, verbose, refused)
    train = _data.training_data(model, x, y, sample_weight, class_weight, batch_size)
    valid = _data.validation_data(model, validation_data)
    rank, processes = _processes.rank_and_size()
    if processes > 1:
        _processes.check_shares(processes, batch_size, x=train, validation_data=valid)
    callbacks = [] if callbacks is None else keras.tree.flatten(callbacks)
    # They change nothing in a run: they are neither compared nor kept.
    loggers = [callback for callback in callbacks if isinstance(callback, Log)] if rank == 0 else []
    callbacks = [callback for callback in callbacks if not isinstance(callback, Log)]
    stopping = _callbacks.early_stopping(patience)
    if verbose == "auto":
        is_notebook = type(sys.stdout).__module__.startswith("ipykernel")
        verbose = 1 if is_notebook or sys.stdout.isatty() else 2
    shown = verbose if rank == 0 else 0

    with contextlib.ExitStack() as stack:
        options = {"batch_size": batch_size, "seed": seed} if train.is_arrays else {}  # A data set has its own.
        options["patience"] = patience
        if run_dir is not None:
            options["data"] = _fingerprint.data_description(train, valid)
            stated = [_fingerprint.stated(c, _fingerprint.callback_description) for c in (*callbacks, *stopping)]
            options["callbacks"] = list(map(stack.enter_context, stated))
        run = Run(run_dir, epochs=epochs, model=model, options=options, checkpoint_seconds=checkpoint_seconds)
        stack.enter_context(run)
        status = run.status()
        if status and shown:
            print(status, flush=True)
        done = run.progress
        if done.stopped and done.epochs < epochs:
            warnings.warn(
                f"`epochs={epochs}` has no effect: the run of {done.epochs} epochs was stopped after epoch "
                f"{done.epoch} by `patience` or another callback, and one of {epochs} would have been too.",
                UserWarning,
                stacklevel=2,
            )
        if status or not train.is_arrays:
            # Make all variables, also of the metrics, for a checkpoint to fill. Keras may read a batch for it, which
            # changes the later order.
            _make_variables(model, train.first_batch, is_resumed=bool(status))
        if train.is_arrays:
            batches = _batches.ArrayBatches(train.packed, batch_size, seed)
        else:
            batches = _batches.DataSetBatches(train, done.epoch)
        # On TensorFlow, the source of the batches needs this object to live.
        validation = _batches.ArrayBatches(valid.packed, batch_size) if valid and valid.is_arrays else None
        guard = _callbacks.NonFiniteGuard(stopping)
        loaders = [part.content for part in (train, valid) if part is not None and part.kind == "DataLoader"]
        reports = [*([_callbacks.Report(epochs)] if shown == 2 else []), *loggers]
        bar = {"add_progbar": shown == 1, "verbose": 1, "epochs": epochs, "steps": batches.steps}
        called = _callbacks.Callbacks(run, batches, loaders, callbacks, stopping, guard, reports, **bar)
        steps = None if batches.steps is None else batches.steps * epochs
        try:
            with (
                _steps.many_steps_a_call(model, callbacks, steps, batch_size),
                _adam.by_one_kernel(model),
                _memory.given_back(model),
                _processes.shared(model) if processes > 1 else contextlib.nullcontext(),
                _synchronised(model, is_short=done.step > 0 or batches.steps is None),
            ):
                model.fit(
                    batches.source,
                    validation_data=validation.source if validation else valid and valid.content,
                    epochs=done.epoch if done.stopped else epochs,
                    initial_epoch=done.epoch,
                    callbacks=called,
                    verbose=0,
                    shuffle=False,
                )
        except _callbacks.NonFiniteLossError:
            guard.restore_best()
            if guard.best_epoch:
                run.save_model()
            raise
        run.save_model()
    return run.history


def _check_settings(model, validation_data, patience: int | None, verbose, refused: dict) -> None:
    for name, value in refused.items():
        if name not in REFUSED:
            raise TypeError(f"fit() got an unexpected keyword argument {name!r}")
        raise ArgumentError(f"`{name}` must be left out: {REFUSED[name]}. Received: {name}={value!r}")
    if patience and validation_data is None:
        raise ArgumentError(f"`patience` must be None without `validation_data`. Received: patience={patience}")
    if verbose not in ("auto", 0, 1, 2):
        raise _checks.error("verbose", '"auto", 0, 1 or 2', verbose)
    if not model.compiled:
        raise ArgumentError(f"`model` must be compiled before `fit`. Received: model={model!r}")


def _make_variables(model, batch: tuple, is_resumed: bool) -> None:
    if type(model).train_step is keras.Model.train_step:
        model.test_on_batch(*batch)
    elif is_resumed:  # Such a model may have neither `call` nor a compiled loss; the checkpoint replaces the step.
        model.train_on_batch(*batch)


@contextlib.contextmanager
def _synchronised(model, is_short: bool):
    """Leave the newest values in the model's variables after an error too: it may be trained on."""
    with warnings.catch_warnings():
        if is_short:  # A resumed epoch, or a data set of unknown size: to Keras, batches are missing.
            warnings.filterwarnings("ignore", "Your input ran out of data")
        try:
            yield
        except BaseException:
            _keras.synchronise(model)
            raise
