"""When a checkpoint is written, and how a run takes up its state again: the callback of a run that has a folder."""

import contextlib
import csv
import io
import signal
import threading
import time

import keras
import numpy as np

from dlguide.training import _state
from dlguide.training._folder import RunFolder

CHECKPOINT_SHARE = 0.03  # Of the time of training, for checkpoints.


class Checkpoints(keras.callbacks.Callback):
    """Writes a run's state as it goes, and gives it back when the same run is started again."""

    def __init__(
        self,
        folder: RunFolder | None,
        config: dict,
        saved: dict[str, np.ndarray],
        callbacks,
        check,
        seconds_between: float,
        can_resume_at_step: bool,
    ):
        """Keep what a checkpoint needs.

        Args:
            folder: Where checkpoints go; None in a process that writes none.
            config: What the run is, for the checkpoint.
            saved: The checkpoint to resume from; empty for a new run.
            callbacks: The callbacks whose state is kept, `History` among them, in the same order in each process.
            check: Called before each checkpoint; raises where the state is not worth keeping.
            seconds_between: Least time between two checkpoints within an epoch.
            can_resume_at_step: Whether an epoch can be begun at a later step; without it there are none within one.
        """
        super().__init__()
        self._folder, self._config, self._saved = folder, config, saved
        self._callbacks, self._check = callbacks, check
        self._seconds_between, self._can_resume_at_step = seconds_between, can_resume_at_step
        self.progress = _state.progress(saved)
        self._cost, self._signal = 0.0, None

    @contextlib.contextmanager
    def signals(self):
        """Inside, Ctrl-C and SIGTERM take effect after the current step, with a checkpoint; a second one at once.

        In a validation, or in an epoch that can be resumed only at its start, they take effect after it.
        """
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

        def note(number, frame):
            self._signal = number
            signal.signal(number, before[number])

        for number, handler in before.items():
            if handler not in (signal.SIG_IGN, None):
                signal.signal(number, note)
        try:
            yield
        finally:
            for number, handler in before.items():
                if handler is not None:
                    signal.signal(number, handler)
        if self._signal:  # It came after the last step.
            signal.raise_signal(self._signal)

    def on_train_begin(self, logs=None):
        if self._saved:
            _state.restore(self.model, self._callbacks, self._saved)
        self._first_epoch = self.progress.epoch
        self._start = time.perf_counter() - self.progress.seconds
        self._last_save = time.perf_counter()

    def on_epoch_begin(self, epoch, logs=None):
        self._first_step = self.progress.step if epoch == self._first_epoch else 0
        if self._first_step == 0:
            self.progress.epoch_start = time.perf_counter() - self._start

    def on_train_batch_begin(self, batch, logs=None):
        # The step before has ended. Keras would wait for every step if this were `on_train_batch_end`.
        if batch == self._first_step:
            if batch:
                # Again: since `on_train_begin` the metrics were reset, callbacks have begun the epoch
                # once more, and PyTorch's loader has drawn a number.
                _state.restore(self.model, self._callbacks, self._saved)
            self._saved = {}  # A large model's would be held to the end.
        elif self._can_resume_at_step:
            self.progress.step = batch
            self._save_if_due(self._seconds_between)

    def on_epoch_end(self, epoch, logs=None):
        self.progress.epoch, self.progress.step = epoch + 1, 0
        self.progress.epochs = self.params["epochs"]
        self.progress.stopped = bool(self.model.stop_training)
        self.progress.epoch_seconds.append(time.perf_counter() - self._start - self.progress.epoch_start)
        # The last one is written whatever it costs: from it a finished run is taken up, and extended.
        is_last = self.progress.stopped or epoch + 1 >= self.params["epochs"]
        self._save_if_due(0, always=is_last)

    def _save_if_due(self, seconds: float, always: bool = False) -> None:
        received = self._signal
        if always or received or time.perf_counter() - self._last_save >= max(seconds, self._cost / CHECKPOINT_SHARE):
            self._save()
        if received:
            self._signal = None
            signal.raise_signal(received)  # The handler before ours is in place again.

    def _save(self) -> None:
        begin = time.perf_counter()
        self._check()
        self.progress.seconds = begin - self._start
        if self._folder is not None:
            arrays = _state.capture(self.model, self._callbacks, self._config, self.progress)
            self._folder.save(arrays, self._history())
        self._last_save = time.perf_counter()
        self._cost = self._last_save - begin

    def _history(self) -> str:
        history = next(c for c in self._callbacks if isinstance(c, keras.callbacks.History)).history
        seconds = [round(s, 3) for s in self.progress.epoch_seconds]
        columns = {"epoch": range(1, self.progress.epoch + 1), "seconds": seconds, **history}
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))
        return text.getvalue()
