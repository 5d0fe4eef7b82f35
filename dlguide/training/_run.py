"""`Run`: a training that may be killed at any moment, and that the same call resumes."""

import contextlib
import csv
import io
import math
import signal
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Mapping

import keras
import numpy as np

from dlguide import _checks
from dlguide.errors import ArgumentError
from dlguide.training import _checkpoint, _fingerprint, _folder, _processes

CHECKPOINT_SHARE = 0.03  # Of the time of training, for checkpoints.
UNKEPT = (
    "a checkpoint cannot keep {}: a resumed run begins with a new one. It keeps numbers, texts, arrays, NumPy "
    "generators, and tuples, lists, sets and dicts of them. If the attribute need not be kept, name the others in the "
    "class's `checkpoint_attributes`"
)


class History(keras.callbacks.History):
    """Keras's history, but each list is as long as the run: NaN where an epoch has no value. Vectors are lists."""

    checkpoint_attributes = ("epoch", "history")

    def __init__(self):
        super().__init__()
        self.epoch = []

    def on_epoch_end(self, epoch, logs=None):
        logs = {} if logs is None else logs
        for name, value in logs.items():
            if keras.ops.is_tensor(value) or isinstance(value, keras.Variable):  # Also for what reads the logs next.
                array = np.asarray(keras.ops.convert_to_numpy(value))
                logs[name] = array if array.ndim else array.item()
        for name in dict.fromkeys((*self.history, *logs)):
            value = logs.get(name, math.nan)
            value = value.tolist() if isinstance(value, np.ndarray | np.generic) else value
            self.history.setdefault(name, [math.nan] * len(self.epoch)).append(value)
        self.epoch.append(epoch)

    def on_train_end(self, logs=None):
        self.model.history = self


class Run:
    """The run of a training loop of your own: its folder, its checkpoints, and where it is resumed.

    `fit` is such a run. The same call in a new process, or once more in the same one, resumes the run from the last
    checkpoint, bit for bit if each step depends only on what is kept: the model, its optimizer, the random generators
    of Keras (on PyTorch also the global one), and the objects that are given to `keep`. What is drawn before the
    first step of an epoch is drawn again: it must follow from the number of the epoch, like `epoch_order`.

    The folder gets the same files as the folder of `fit`. While it is open, no other process can use it, and Ctrl-C
    and SIGTERM take effect after the current step, with a checkpoint.

    Args:
        run_dir: Folder of the run: new, empty, or with the same run, also of fewer epochs. None writes nothing.
        epochs: Number of epochs, at least 1; None for a run that only needs the locked folder.
        model: The model that is trained, built. None if there is no model, or several: give these to `keep`.
        options: What else decides the result, in plain values, such as the seed and the batch size. A folder with
            other options is refused, and the error names what differs.
        checkpoint_seconds: Least time between two checkpoints within an epoch, as in `fit`.

    Attributes:
        progress: The `epoch` and the `step` that come next, from 0, and whether the run was `stopped`.
        resume_at: Epoch and step of `progress` when the run was opened.
        history: A `keras.callbacks.History` of the finished epochs; its `seconds` is the time spent.

    Raises:
        ValueError: If an argument is out of range, or `run_dir` cannot be written, is in use, holds another run or
            has only damaged files.

    Example:
        >>> import tempfile
        >>> from dlguide import mlp
        >>> folder, model = tempfile.mkdtemp(), mlp((2,), num_outputs=1)
        >>> model.compile("sgd", "mse")
        >>> with Run(folder, epochs=2, model=model, options={"seed": 0}) as run:
        ...     for epoch in run.epochs():
        ...         for step in run.steps(3):
        ...             loss = model.train_on_batch(np.eye(2), np.ones((2, 1)))
        ...         run.end_epoch({"loss": loss})
        ...     run.save_model()
        >>> len(run.history.history["loss"])
        2
    """

    def __init__(
        self,
        run_dir,
        *,
        epochs: int | None = None,
        model: keras.Model | None = None,
        options: Mapping | None = None,
        checkpoint_seconds: float = 30.0,
    ):
        self._epochs = _checks.integer("epochs", epochs, optional=True)
        self._seconds_between = _checks.number("checkpoint_seconds", checkpoint_seconds, at_least=0)
        self._run_dir, self.model, self._options = run_dir, model, dict(options or {})
        self._kept, self._unkept = [], set()
        self._check: Callable[[], None] = lambda: None
        self._cost, self._signal = 0.0, None
        self.history = History()

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            config = {} if self._run_dir is None else self._description(stack)
            self._folder, self._saved = stack.enter_context(_folder.open_run(self._run_dir, config))
            self.progress = _checkpoint.progress(self._saved)
            self.resume_at = self.progress.epoch, self.progress.step
            self.history.seconds, self._last_save = self.progress.seconds, time.perf_counter()
            self._start = self._last_save - self.progress.seconds
            if self._run_dir is not None and self._epochs:
                stack.enter_context(self._signals())
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *error):
        return self._stack.__exit__(*error)

    def _description(self, stack: contextlib.ExitStack) -> dict:
        config = {"format": _fingerprint.FORMAT, "backend": keras.backend.backend()}
        config |= {"processes": _processes.rank_and_size()[1], "epochs": self._epochs}
        if self.model is not None:
            config |= _fingerprint.model_description(self.model)
            if isinstance(config["optimizer"], dict):  # Not a name, which has no options.
                stated = _fingerprint.stated(self.model.optimizer, _fingerprint.optimizer_description)
                config["optimizer"] = stack.enter_context(stated)
        # An option with the name of a fact that the run itself states, such as "loss", stands beside it.
        others = {name: value for name, value in self._options.items() if name in (*config, "options")}
        options = {name: value for name, value in self._options.items() if name not in others}
        return _fingerprint.plain(config | options | ({"options": others} if others else {}))

    def status(self) -> str:
        """Return a sentence that says whether the run is finished, resumed or extended; "" for a new run."""
        done, name = self.progress, f"run {str(self._run_dir)!r}"
        if not self._saved:
            return ""
        if done.stopped or done.epoch >= self._epochs:
            return f"{name} is finished: {done.epoch} epochs, nothing to train"
        if done.step:
            return f"{name} is resumed in epoch {done.epoch + 1} of {self._epochs}, after {done.step} steps"
        if done.epochs < self._epochs:
            return f"{name} is extended from {done.epochs} to {self._epochs} epochs, after epoch {done.epoch}"
        return f"{name} is resumed after epoch {done.epoch} of {self._epochs}"

    def keep(self, *objects, check: Callable[[], None] | None = None) -> None:
        """Keep the state of further objects in each checkpoint; call this before the first epoch.

        Of an optimizer, a metric or a model, which must be built, the variables are kept. Of any other object, the
        attributes that its class names in the tuple `checkpoint_attributes`, else all: numbers, texts, arrays, NumPy
        generators, and tuples, lists, sets and dicts of them. An attribute of another kind draws a warning.

        Args:
            *objects: The objects, in the same order in each call of the program.
            check: Called before each checkpoint; it raises an error if the state must not be kept.
        """
        self._kept += objects
        self._check = check or self._check

    def restore(self) -> None:
        """Give the model and the kept objects the state of the checkpoint, if there is one; `epochs` does it too."""
        if self._saved:
            _checkpoint.restore(self.model, (*self._kept, self.history), self._saved)

    def epochs(self) -> Iterator[int]:
        """Yield the epochs that are left; each must end in `end_epoch`."""
        self.restore()
        while self.progress.epoch < self._epochs and not self.progress.stopped:
            epoch = self.progress.epoch
            yield epoch
            if self.progress.epoch == epoch:
                raise ArgumentError(f"`end_epoch` must be called in each epoch. Received: no call in epoch {epoch}")

    def steps(self, count: int) -> Iterator[int]:
        """Yield the steps of the epoch that are left; a checkpoint may be written before each.

        Args:
            count: Number of steps in a whole epoch.
        """
        for step in range(self.progress.step, count):
            self.begin_step(step)
            yield step

    def begin_step(self, step: int) -> None:
        """Write a checkpoint if one is due, before a step; `steps` does it."""
        if (self.progress.epoch, step) == self.resume_at:
            if step:
                # Again: since then metrics were reset, callbacks began the epoch, and PyTorch's loader drew a number.
                self.restore()
            self._saved = {}  # The arrays of a large model would stay in memory to the end.
        else:
            self.progress.step = step
            self._save_if_due(self._seconds_between)

    def end_epoch(self, logs: Mapping | None = None, *, stop: bool = False) -> None:
        """End an epoch: add its numbers to the history, and write a checkpoint if one is due.

        Args:
            logs: Numbers of the epoch, such as `{"loss": 0.5}`; a vector is an array. They are a row of `history.csv`.
            stop: End the run here; it cannot be extended.
        """
        self.history.on_epoch_end(self.progress.epoch, dict(logs or {}))
        self.save_epoch(stop)

    def save_epoch(self, stop: bool) -> None:
        """Note that an epoch has ended, and write a checkpoint if one is due; `end_epoch` does it."""
        self._saved = {}
        self.progress.epoch, self.progress.step = self.progress.epoch + 1, 0
        self.progress.epochs, self.progress.stopped = self._epochs, stop
        self.progress.epoch_seconds.append(time.perf_counter() - self._start - sum(self.progress.epoch_seconds))
        # The last one is written whatever it costs: a finished run is extended from it.
        self._save_if_due(0, always=stop or self.progress.epoch >= self._epochs)

    def save_model(self, model: keras.Model | None = None) -> None:
        """Write `model.keras`, whole or not at all; nothing without a folder.

        Args:
            model: Another model than that of the run; None for that one.
        """
        if self._folder is not None:
            self._folder.save_model(self.model if model is None else model)

    def _save_if_due(self, seconds: float, always: bool = False) -> None:
        received = self._signal
        self.history.seconds = self.progress.seconds = time.perf_counter() - self._start
        if always or received or time.perf_counter() - self._last_save >= max(seconds, self._cost / CHECKPOINT_SHARE):
            self._save()
        if received:
            self._signal = None
            signal.raise_signal(received)  # `_signals` has put the handler before it back.

    def _save(self) -> None:
        if self._run_dir is None:
            return
        begin = time.perf_counter()
        self._check()
        if self._folder is not None:  # In the first process.
            arrays, unkept = _checkpoint.capture(self.model, (*self._kept, self.history), self.progress)
            self._folder.save(arrays, self._history_csv())
            for name in dict.fromkeys(unkept):
                if name not in self._unkept:
                    warnings.warn(UNKEPT.format(name), UserWarning, stacklevel=2)
            self._unkept.update(unkept)
        self._last_save = time.perf_counter()
        self._cost = self._last_save - begin

    def _history_csv(self) -> str:
        """Return a row for each epoch; an entry of a vector has a column, a missing value an empty cell."""
        seconds = [round(s, 3) for s in self.progress.epoch_seconds]
        columns = {"epoch": range(1, self.progress.epoch + 1), "seconds": seconds}
        for name, values in self.history.history.items():
            name = f"{name}_log" if name in columns else name
            size = max((len(value) for value in values if isinstance(value, list)), default=0)
            for i in range(size):
                columns[f"{name}[{i}]"] = [v[i] if isinstance(v, list) and i < len(v) else math.nan for v in values]
            if not size:
                columns[name] = values
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(columns)
        for row in zip(*columns.values(), strict=True):
            writer.writerow(["" if isinstance(v, float) and math.isnan(v) else v for v in row])
        return text.getvalue()

    @contextlib.contextmanager
    def _signals(self):
        """On Ctrl-C or SIGTERM, finish the step, write a checkpoint, raise the signal again; a second one acts at once.

        During validation, or in an epoch that can be resumed only at its start, this happens at the end of it.
        """
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
        before = {number: handler for number, handler in before.items() if handler not in (signal.SIG_IGN, None)}

        def note(number, frame):
            self._signal = number
            signal.signal(number, before[number])

        for number in before:
            signal.signal(number, note)
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
            if self._signal:  # It came in the last step, or in one that raised.
                signal.raise_signal(self._signal)
