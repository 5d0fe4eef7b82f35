"""`Run`: a training that may be killed at any moment, and that the same call resumes. It owns all state of a run."""

import contextlib
import copy
import dataclasses
import os
import signal
import threading
import time
from collections.abc import Iterator, Mapping

import keras

from dlguide import _checks, _private_apis
from dlguide.training import _config, _folder, _processes, _state
from dlguide.training._callbacks import History

CHECKPOINT_SHARE = 0.03  # Of the time of training, for checkpoints.


@dataclasses.dataclass
class Progress:
    """How far a run is."""

    epochs: int = 0  # Of the call that wrote the checkpoint.
    epoch: int = 0
    step: int = 0
    seconds: float = 0.0
    stopped: bool = False  # For good, by `patience` for example.
    epoch_seconds: list[float] = dataclasses.field(default_factory=list)


class Run:
    """The run of a training loop of your own: its folder, its checkpoints, and where it is resumed.

    `fit` is such a run. The same call in a new process, or once more in the same one, resumes the run from the last
    checkpoint, bit for bit if each step depends only on what is kept: the model, its optimizer, the random generators
    of Keras (on PyTorch also the global one), and the objects that are given to `keep`. What is drawn before the
    first step of an epoch is drawn again: it must follow from the number of the epoch, like `epoch_order`.

    While the folder is open, no other process can use it, and Ctrl-C and SIGTERM take effect after the current step,
    with a checkpoint; a second one acts at once.

    Args:
        run_dir: Folder on this machine: new, or with the same run, also of fewer epochs. None writes nothing.
        epochs: Number of epochs, at least 1; None for a run that only needs the locked folder.
        model: The model that is trained, built. None if there is no model, or several: give these to `keep`.
        options: What else decides the result, in plain values, such as the seed and the batch size. A folder with
            other options is refused, and the error names what differs.
        checkpoint_seconds: Least time between two checkpoints within an epoch, as in `fit`; 0 writes one before each
            step, whatever that costs.

    Attributes:
        progress: The `epoch` and the `step` that come next, from 0, and whether the run was `stopped`.
        history: The history of the finished epochs, with their `seconds`.

    Raises:
        ValueError: If an argument is out of range, or `run_dir` cannot be written, is in use, holds another run or
            has only damaged files.

    Example:
        >>> import tempfile
        >>> import numpy as np
        >>> from dlguide import mlp
        >>> folder, model = tempfile.mkdtemp(), mlp((2,), num_outputs=1)
        >>> model.compile("sgd", "mse")
        >>> with Run(folder, epochs=2, model=model) as run:
        ...     for epoch in run.epochs():
        ...         for step in run.steps(3):
        ...             loss = model.train_on_batch(np.ones((4, 2)), np.ones((4, 1)))
        ...         run.end_epoch({"loss": float(loss)})
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
        self._path = None if run_dir is None else _folder.checked_path(run_dir)
        self.model, self._options, self.history = model, dict(options or {}), History()
        self._owners, self._folder, self._saved, self._signal, self._cost = {}, None, {}, None, 0.0
        self.interruption = ""

    def __enter__(self):
        rank, size = (0, 1) if self._path is None else _processes.rank_and_size()
        with contextlib.ExitStack() as stack:
            if self._path is not None:
                folder = _folder.RunFolder(self._path, self._config(size))
                if rank == 0:
                    stack.callback(folder.close)
                    self._saved, self._folder = folder.open(), folder
                if size > 1:
                    _processes.wait("the folder is open")
                    self._saved = folder.read()
            self.progress = Progress(**self._saved.get("progress", {}))
            self.resume_at = self.progress.epoch, self.progress.step
            self._status = self._opening_status() if self._saved else ""
            self.history.seconds, self._last_save = self.progress.seconds, time.perf_counter()
            self._start = self._last_save - self.progress.seconds
            if self._path is not None and self._epochs:
                stack.enter_context(self._signals())
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *error):
        return self._stack.__exit__(*error)

    def _config(self, size: int) -> dict[str, str]:
        """Return what the run is."""
        facts = {"format": _config.FORMAT, "backend": keras.backend.backend(), "processes": size}
        model = {} if self.model is None else _config.of_model(self.model)
        return model | _config.of_options({**self._options, **facts, "epochs": self._epochs})

    def status(self) -> str:
        """Return a sentence that says whether the run was finished, resumed or extended; "" for a new run."""
        return self._status

    def _opening_status(self) -> str:
        done, name = self.progress, f"run {str(self._path)!r}"
        if not self._epochs or self.is_finished:
            return f"{name} is finished: {done.epoch} epochs, nothing to train"
        if done.step:
            return f"{name} is resumed in epoch {done.epoch + 1} of {self._epochs}, after {done.step} steps"
        if done.epochs < self._epochs:
            return f"{name} is extended from {done.epochs} to {self._epochs} epochs, after epoch {done.epoch}"
        return f"{name} is resumed after epoch {done.epoch} of {self._epochs}"

    @property
    def is_finished(self) -> bool:
        """Whether no epoch is left."""
        return self.progress.stopped or self.progress.epoch >= self._epochs

    @property
    def saved(self) -> dict:
        """The state in the checkpoint from which the run is resumed; empty for a new run."""
        return self._saved

    def keep(self, **objects) -> None:
        """Keep the state of further objects in each checkpoint, by their names; call this before the first epoch.

        Args:
            **objects: An object has the methods `get_state() -> dict` (of plain values, arrays, and dicts with text
                keys, lists and tuples of these) and `set_state(state)`; or it is a NumPy generator; or an optimizer, a
                metric, a model or another object of Keras's with variables, which must be built. A `get_state` that
                raises an error prevents the checkpoint.

        Raises:
            ValueError: If an object has no state that can be kept.
        """
        for name, each in objects.items():
            if not _state.is_known(each):
                must = "an object with `get_state` and `set_state`, a NumPy generator, or one of Keras's with variables"
                raise ValueError(f"`{name}` must be {must}. Received: {type(each).__name__}")
        self._owners |= objects

    def restore(self) -> None:
        """Give the model and the objects of `keep` the state of the checkpoint, if there is one; `epochs` does it."""
        if self._saved:
            _state.put_into_model(self.model, self._saved["model"])
            for name, owner in {**self._owners, "history": self.history}.items():
                if name in self._saved["objects"]:  # Else it is new in this call, such as a logger.
                    _state.put(owner, copy.deepcopy(self._saved["objects"][name]))  # It may be put back once more.

    def epochs(self) -> Iterator[int]:
        """Yield the epochs that are left; each must end in `end_epoch`."""
        if self._epochs is None:
            raise ValueError("`epochs` must be given to a `Run` that has some. Received: epochs=None")
        self.restore()
        while not self.is_finished:
            epoch = self.progress.epoch
            yield epoch
            if self.progress.epoch == epoch:
                raise ValueError(f"`end_epoch` must be called in each epoch. Received: no call in epoch {epoch}")

    def steps(self, count: int) -> Iterator[int]:
        """Yield the steps of the epoch that are left; a checkpoint may be written before each.

        Args:
            count: Number of steps in a whole epoch.
        """
        for step in range(self.progress.step, count):
            self.begin_step(step)
            yield step

    def begin_step(self, step: int, can_resume_here: bool = True) -> None:
        """Write a checkpoint if one is due, before a step; `steps` does it."""
        if (self.progress.epoch, step) == self.resume_at:
            if step:  # Again: since then metrics were reset, callbacks began the epoch, PyTorch's loader drew a number.
                self.restore()
            self._saved = {}  # The arrays of a large model would stay in memory to the end.
        elif can_resume_here:
            self.progress.step = step
            self._save_if_due(self._seconds_between)
        if self._signal:
            self._end_by_signal()

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
        self.progress.epoch, self.progress.step, self.progress.stopped = self.progress.epoch + 1, 0, stop
        self.progress.epoch_seconds.append(time.perf_counter() - self._start - sum(self.progress.epoch_seconds))
        # The last one is written whatever it costs: a finished run is extended from it.
        self._save_if_due(0, always=stop or self.progress.epoch >= self._epochs)
        if self._signal:
            self._end_by_signal()

    def save_model(self, model: keras.Model | None = None) -> None:
        """Write `model.keras`, whole or not at all; nothing without a folder.

        Args:
            model: Another model than that of the run; None for that one.
        """
        if self._folder is not None:
            self._folder.save_model(self.model if model is None else model)

    def _save_if_due(self, seconds: float, always: bool = False) -> None:
        self.history.seconds = self.progress.seconds = time.perf_counter() - self._start
        share = self._cost / CHECKPOINT_SHARE if self._seconds_between else 0
        if always or self._signal or time.perf_counter() - self._last_save >= max(seconds, share):
            self._save()

    def _save(self) -> None:
        if self._path is None:
            return
        begin = time.perf_counter()
        if self.model is not None and not _private_apis.synchronise(self.model) and self.progress.step:
            return  # At an epoch's end Keras has done it.
        self.progress.epochs = self._epochs
        owners = {**self._owners, "history": self.history}
        objects = {name: _state.get(owner) for name, owner in owners.items()}
        if self._folder is not None:  # In the first process.
            model = _state.of_model(self.model, with_metrics=bool(self.progress.step))
            left = _config.optimizer_values(self.model)
            state = {"progress": dataclasses.asdict(self.progress), "model": model, "objects": objects, "left": left}
            self._folder.save(state, self.history.table(self.progress.epoch_seconds))
        self._last_save = time.perf_counter()
        self._cost = self._last_save - begin

    def _end_by_signal(self) -> None:
        received, self._signal, done = self._signal, None, self.progress
        where = f"epoch {done.epoch + 1}" + (f", step {done.step}" if done.step else "")
        self.interruption = f"run {str(self._path)!r} can be resumed: the same call begins at {where}"
        signal.raise_signal(received)  # `_signals` has put the handler before it back.

    @contextlib.contextmanager
    def _signals(self):
        """Let Ctrl-C and SIGTERM wait for the end of the step, or of the validation; a second one acts at once."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
        before = {number: handler for number, handler in before.items() if handler not in (signal.SIG_IGN, None)}
        process = os.getpid()

        def note(number, frame):
            signal.signal(number, before[number])
            if os.getpid() == process:
                self._signal = number
            else:  # A child that was forked during the training.
                signal.raise_signal(number)

        for number in before:
            signal.signal(number, note)
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
            if self._signal:  # It came in the last step, or in one that raised.
                signal.raise_signal(self._signal)
