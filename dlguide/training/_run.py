"""`Run`: a training that may be killed at any moment, and that the same call resumes."""

import contextlib
import signal
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import keras

from dlguide import _checks, _private_apis
from dlguide._identity import ByIdentity
from dlguide.training import _checkpoint, _fingerprint, _folder, _processes, _state
from dlguide.training._log import History

CHECKPOINT_SHARE = 0.03  # Of the time of training, for checkpoints.
UNKEPT = (
    "a checkpoint cannot keep {}: a resumed run begins with a new one. It keeps numbers, texts, arrays, NumPy "
    "generators, Keras's variables and metrics, and containers of them. The methods `get_state() -> dict` and "
    "`set_state(state)` of the class may say what is kept instead"
)
# Of each model: the folder of its last run, and a hash of the weights as that run left them.
_LEFT = ByIdentity()


class Run:
    """The run of a training loop of your own: its folder, its checkpoints, and where it is resumed.

    `fit` is such a run. The same call in a new process, or once more in the same one, resumes the run from the last
    checkpoint, bit for bit if each step depends only on what is kept: the model, its optimizer, the random generators
    of Keras (on PyTorch also the global one), and the objects that are given to `keep`. What is drawn before the
    first step of an epoch is drawn again: it must follow from the number of the epoch, like `epoch_order`.

    The folder gets the same files as the folder of `fit`. While it is open, no other process can use it, and Ctrl-C
    and SIGTERM take effect after the current step, with a checkpoint.

    Args:
        run_dir: Folder of the run: new, or with the same run, also of fewer epochs. None writes nothing.
        epochs: Number of epochs, at least 1; None for a run that only needs the locked folder.
        model: The model that is trained, built. None if there is no model, or several: give these to `keep`.
        options: What else decides the result, in plain values, such as the seed and the batch size. A folder with
            other options is refused, and the error names what differs.
        checkpoint_seconds: Least time between two checkpoints within an epoch, as in `fit`; 0 writes one before each
            step, whatever that costs.

    Attributes:
        progress: The `epoch` and the `step` that come next, from 0, and whether the run was `stopped`.
        resume_at: Epoch and step of `progress` when the run was opened.
        history: The `History` of the finished epochs.

    Raises:
        ValueError: If an argument is out of range, or `run_dir` cannot be written, is in use, holds another run or
            has only damaged files.

    Example:
        >>> import tempfile
        >>> import numpy as np
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
        self._run_dir = None if run_dir is None else Path(run_dir).expanduser()
        self.model, self._options = model, dict(options or {})
        self._owners, self._unkept = [], set()
        self._check: Callable[[], None] = lambda: None
        self._cost, self._signal, self.interruption = 0.0, None, ""
        self.history = History()

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            config = {} if self._run_dir is None else self._description(stack)
            self._first_weights = self._weights()
            opened = _folder.open_run(self._run_dir, config, self._first_weights, self._check_model)
            self._folder, self._saved = stack.enter_context(opened)
            self.progress = _checkpoint.progress(self._saved)
            self.resume_at = self.progress.epoch, self.progress.step
            self._status = self._opening_status() if self._saved else ""
            self.history.seconds, self._last_save = self.progress.seconds, time.perf_counter()
            self._start = self._last_save - self.progress.seconds
            if self._run_dir is not None and self._epochs:
                stack.enter_context(self._signals())
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *error):
        if self.model is not None and self._run_dir is not None:
            _LEFT.set(self.model, (self._run_dir.resolve(), self._weights()))
        return self._stack.__exit__(*error)

    def _weights(self) -> str | None:
        """Return a hash of the weights of the model; None if there are none yet."""
        if self._run_dir is None or self.model is None or not self.model.weights:
            return None
        return _state.digest([_state.as_array(weight) for weight in self.model.weights])

    def _check_model(self, saved: dict, first_weights: str | None) -> str:
        """Say what tells the model from that of a checkpoint; warn if its weights are about to be lost."""
        now = self._first_weights
        other = _checkpoint.other_shapes(self.model, saved) if now else ""
        if other:
            return other
        if now and first_weights not in (None, now) and _LEFT.get(self.model) != (self._run_dir.resolve(), now):
            warnings.warn(
                f"run {str(self._run_dir)!r} began with other first weights (another seed, or weights that were set "
                "before): those of `model` are replaced by the run's. To train these, give another `run_dir`.",
                UserWarning,
                stacklevel=9,  # The caller of `Run`.
            )
        return ""

    def _description(self, stack: contextlib.ExitStack) -> dict:
        config = {"format": _fingerprint.FORMAT, "backend": keras.backend.backend()}
        config |= {"processes": _processes.rank_and_size()[1], "epochs": self._epochs}
        if self.model is not None:
            config |= _fingerprint.model_description(self.model)
            if isinstance(config["optimizer"], dict):  # Not a name, which has no options.
                given = _fingerprint.as_configured(self.model.optimizer, _fingerprint.optimizer_description)
                config["optimizer"] = stack.enter_context(given)
        # An option with the name of a fact that the run itself states, such as "loss", stands beside it.
        others = {name: value for name, value in self._options.items() if name in (*config, "options")}
        options = {name: value for name, value in self._options.items() if name not in others}
        return _fingerprint.plain(config | options | ({"options": others} if others else {}))

    def status(self) -> str:
        """Return a sentence that says whether the run was finished, resumed or extended; "" for a new run."""
        return self._status

    def _opening_status(self) -> str:
        done, name = self.progress, f"run {str(self._run_dir)!r}"
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

    def keep(self, *objects, check: Callable[[], None] | None = None) -> None:
        """Keep the state of further objects in each checkpoint; call this before the first epoch.

        Args:
            *objects: The objects, in the same order in each call of the program. An object has the methods
                `get_state() -> dict` (of plain values, arrays, and containers of them) and `set_state(state)`; or it
                is a NumPy generator; or an optimizer, a metric, a model or another object of Keras's with variables,
                which must be built.
            check: Called before each checkpoint; it raises an error if the state must not be kept.

        Raises:
            ValueError: If an object has no state that can be kept.
        """
        for each in objects:
            _checkpoint.check_owner(each)
        self._owners += objects
        self._check = check or self._check

    def lacks_variables(self) -> bool:
        """Return whether the checkpoint, if there is one, has more variables than the model, its metrics included."""
        return bool(self._saved) and _checkpoint.lacks_variables(self.model, self._saved)

    def restore(self) -> None:
        """Give the model and the objects of `keep` the state of the checkpoint, if there is one; `epochs` does it."""
        if self._saved:
            _checkpoint.restore(self.model, (*self._owners, self.history), self._saved)

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
        self.progress.stopped = stop
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
        share = self._cost / CHECKPOINT_SHARE if self._seconds_between else 0
        if always or received or time.perf_counter() - self._last_save >= max(seconds, share):
            self._save()
        if received:
            self._signal = None
            where = f"epoch {self.progress.epoch + 1}, step {self.progress.step}"
            self.interruption = f"run {str(self._run_dir)!r} has a checkpoint at {where}: the same call resumes it"
            signal.raise_signal(received)  # `_signals` has put the handler before it back.

    def _save(self) -> None:
        if self._run_dir is None:
            return
        if self.model is not None and not _private_apis.synchronise(self.model) and self.progress.step:
            return  # At an epoch's end Keras has done it.
        begin = time.perf_counter()
        self._check()
        self.progress.epochs = self._epochs
        if self._folder is not None:  # In the first process.
            arrays, unkept = _checkpoint.capture(self.model, (*self._owners, self.history), self.progress)
            self._folder.save(arrays, self.history.table(self.progress.epoch_seconds))
            for name in dict.fromkeys(unkept):
                if name not in self._unkept:
                    warnings.warn(UNKEPT.format(name), UserWarning, stacklevel=2)
            self._unkept.update(unkept)
        self._last_save = time.perf_counter()
        self._cost = self._last_save - begin

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
