"""`Run`: a training that may be killed at any moment, and that the same call resumes. It owns all state of a run."""

import dataclasses
import time
from collections.abc import Iterator, Mapping

import keras

from dlguide import _checks
from dlguide.training import _config, _folder, _processes, _state
from dlguide.training._callbacks import History

CHECKPOINT_SHARE = 0.03  # Of the time of training, for checkpoints.


@dataclasses.dataclass
class Progress:
    """How far a run is."""

    epochs: int = 0  # Of the call that wrote the checkpoint.
    epoch: int = 0
    stopped: bool = False  # For good, by `patience` for example.
    seconds: list[float] = dataclasses.field(default_factory=list)  # Of each epoch.


class Run:
    """The run of a training loop of your own: its folder, its checkpoints, and where it is resumed.

    `fit` is such a run. The same call in a new process, or once more in the same one, resumes the run after the last
    epoch that has a checkpoint, bit for bit if each epoch depends only on what is kept: the model, its optimizer, the
    random generators of Keras (on PyTorch also the global one), the objects that are given to `keep`, and the number
    of the epoch, as `epoch_order` does. While the folder is open, no other process can use it.

    Args:
        run_dir: Folder on this machine: new, or with the same run, also of fewer epochs. None writes nothing.
        epochs: Number of epochs, at least 1; None for a run that only needs the locked folder.
        model: The model that is trained, built. None if there is no model, or several: give these to `keep`.
        options: What else decides the result, in plain values, such as the seed and the batch size. A folder with
            other options is refused, and the error names what differs.

    Attributes:
        progress: The `epoch` that comes next, from 0, and whether the run was `stopped`.
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
        ...         loss = model.train_on_batch(np.ones((4, 2)), np.ones((4, 1)))
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
    ):
        self._epochs = _checks.integer("epochs", epochs, optional=True)
        self.path = None if run_dir is None else _folder.checked_path(run_dir)
        self.model, self._options, self.history = model, dict(options or {}), History()
        self._owners, self._folder, self._cost = {}, None, 0.0
        self.saved = {}  # The state in the checkpoint, until it is restored.

    def __enter__(self):
        rank, size = (0, 1) if self.path is None else _processes.rank_and_size()
        if self.path is not None:
            folder = _folder.RunFolder(self.path, self._config(size))
            try:
                if rank == 0:
                    self.saved, self._folder = folder.open(), folder
            finally:  # Else the other processes would wait for one that has ended.
                is_open = size == 1 or _processes.process_0_succeeds(self._folder is not None)
            if size > 1 and not is_open:
                raise ValueError(f"`run_dir` must be one that process 0 takes. Received: run_dir={str(self.path)!r}")
            self.saved = folder.read() if size > 1 else self.saved
        self.progress = Progress(**self.saved.get("progress", {}))
        self.history.seconds = sum(self.progress.seconds)
        self._begin = self._last_save = time.perf_counter()
        self.status = self._opening_status() if self.saved else ""
        return self

    def __exit__(self, *error):
        if self._folder is not None:
            self._folder.close()

    def _config(self, size: int) -> dict[str, str]:
        """Return what the run is."""
        facts = {"format": _config.FORMAT, "backend": keras.backend.backend(), "processes": size}
        model = {} if self.model is None else _config.of_model(self.model)
        return model | _config.of_options({**self._options, **facts, "epochs": self._epochs})

    def _opening_status(self) -> str:
        """Return a sentence that says whether the run is finished, stopped or resumed."""
        done, name = self.progress, f"run {str(self.path)!r}"
        if done.stopped:
            return f"{name} was stopped for good after epoch {done.epoch} of {done.epochs}: nothing to train"
        if not self._epochs or self.is_finished:
            return f"{name} is finished: {done.epoch} epochs, nothing to train"
        return f"{name} is resumed after epoch {done.epoch} of {self._epochs}"

    @property
    def is_finished(self) -> bool:
        """Whether no epoch is left."""
        return self.progress.stopped or self.progress.epoch >= self._epochs

    def keep(self, **objects) -> None:
        """Keep the state of further objects in each checkpoint, by their names; call this before the first epoch.

        Args:
            **objects: An object has the methods `get_state() -> dict` (of plain values, arrays, and dicts with text
                keys and lists of these) and `set_state(state)`; or it is a NumPy generator; or an optimizer, a metric,
                a model or another object of Keras's with variables, which must be built. A `get_state` that raises an
                error prevents the checkpoint.

        Raises:
            ValueError: If an object has no state that can be kept.
        """
        for name, each in objects.items():
            if not _state.is_known(each):
                must = "an object with `get_state` and `set_state`, a NumPy generator, or one of Keras's with variables"
                raise ValueError(f"`{name}` must be {must}. Received: {type(each).__name__}")
        self._owners |= objects

    def restore(self) -> None:
        """Give the model and the objects of `keep` what a checkpoint holds, or write a first one; `epochs` does it."""
        _state.build_optimizer(self.model)
        if not self.saved:  # The same call in this process, after Ctrl-C, would begin with other weights.
            self._save()
        else:
            _state.put_into_model(self.model, self.saved["model"])
            for name, owner in {**self._owners, "history": self.history}.items():
                if name in self.saved["objects"]:  # Else it is new in this call, such as a logger.
                    _state.put(owner, self.saved["objects"][name])
            self.saved = {}  # The arrays of a large model would stay in memory to the end.

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

    def end_epoch(self, logs: Mapping | None = None, *, stop: bool = False) -> None:
        """End an epoch: add its numbers to the history, and write a checkpoint.

        Checkpoints take at most 3 % of the time: after short epochs some are left out, never the last one.

        Args:
            logs: Numbers of the epoch, such as `{"loss": 0.5}`; a vector is an array. They are a row of `history.csv`.
            stop: End the run here; it cannot be extended.
        """
        self.history.on_epoch_end(self.progress.epoch, dict(logs or {}))
        self.save_epoch(stop)

    def save_epoch(self, stop: bool) -> None:
        """Note that an epoch has ended, and write a checkpoint if one is due; `end_epoch` does it."""
        now = time.perf_counter()
        self.progress.seconds.append(now - self._begin)
        self._begin, self.history.seconds = now, sum(self.progress.seconds)
        self.progress.epoch, self.progress.stopped = self.progress.epoch + 1, stop
        # The last one is written whatever it costs: a finished run is extended from it.
        if self.is_finished or now - self._last_save >= self._cost / CHECKPOINT_SHARE:
            self._save()

    def save_model(self, model: keras.Model | None = None) -> None:
        """Write `model.keras`, whole or not at all; nothing without a folder.

        Args:
            model: Another model than that of the run; None for that one.
        """
        if self._folder is not None:
            self._folder.save_model(self.model if model is None else model)

    def _save(self) -> None:
        if self.path is None:
            return
        begin = time.perf_counter()
        self.progress.epochs = self._epochs
        objects = {name: _state.get(owner) for name, owner in {**self._owners, "history": self.history}.items()}
        model = _state.of_model(self.model)  # In all processes: what is made here for the first time, all make.
        if self._folder is not None:  # In the first process.
            state = {"progress": dataclasses.asdict(self.progress), "model": model, "objects": objects}
            self._folder.save(state, self.history.table(self.progress.seconds))
        self._last_save = time.perf_counter()
        self._cost = self._last_save - begin
