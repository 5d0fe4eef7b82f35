"""The numbers of each epoch: `History`, with the table in `history.csv`, and `Log`, which gives them to a logger."""

import csv
import io
import math
import warnings
from collections.abc import Callable, Mapping

import keras
import numpy as np

from dlguide import _checks


class History(keras.callbacks.History):
    """Keras's history of a run, resumed or not; each list is as long as the run: NaN where an epoch has no value.

    A vector among the logs is a list. A text is left out.

    Attributes:
        history: A dict from the names of the logs to their values after each epoch.
        epoch: The numbers of the epochs, from 0.
        seconds: Time of training, compilation and validation, that of killed processes included.
    """

    seconds: float = 0.0

    def __init__(self):
        super().__init__()
        self.epoch = []

    def get_state(self) -> dict:
        return {"epoch": self.epoch, "history": self.history}

    def set_state(self, state: dict) -> None:
        self.epoch, self.history = state["epoch"], state["history"]

    def on_train_begin(self, logs=None):
        """Keep what is there: it is of the epochs before this call."""

    def on_epoch_end(self, epoch, logs=None):
        logs = {} if logs is None else logs
        for name, value in logs.items():
            if keras.ops.is_tensor(value) or isinstance(value, keras.Variable):  # Also for what reads the logs next.
                array = np.asarray(keras.ops.convert_to_numpy(value))
                logs[name] = array if array.ndim else array.item()
        numbers = {name: value for name, value in logs.items() if not isinstance(value, str)}
        for name in dict.fromkeys((*self.history, *numbers)):
            value = numbers.get(name, math.nan)
            value = value.tolist() if isinstance(value, np.ndarray | np.generic) else value
            self.history.setdefault(name, [math.nan] * len(self.epoch)).append(value)
        self.epoch.append(epoch)

    def on_train_end(self, logs=None):
        self.model.history = self

    def table(self, seconds: list[float]) -> str:
        """Return `history.csv`: a row for each epoch; an entry of a vector has a column, a missing value no text."""
        columns = {"epoch": range(1, len(seconds) + 1), "seconds": [round(s, 3) for s in seconds]}
        for name, values in self.history.items():
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


class Log(keras.callbacks.Callback):
    """A Keras callback that gives the numbers of each epoch to a logger, such as W&B, Trackio, MLflow or tensorboardX.

    At the end of each epoch `log(values, step)` is called. `values` is a new dict of floats: what the epoch's row in
    `history.csv` has, an entry `name[i]` for each number of a vector, and no entry for a missing value or NaN. `step`
    is the number of the epoch from 0, as in Keras; `history.csv` counts from 1.

    In a resumed run of `fit`, the epochs that are done are logged first, from the history: whatever the killed process
    had logged or lost, each call of `fit` logs the whole curve, in the same steps with the same values. If the logger
    goes on with the curve of the killed process, `logged` tells what it has, and each epoch is logged once.

    `fit` calls `log` after all other callbacks, of several processes in the first one only. `Log` is no part of what a
    run is: it can be added to a run that is resumed, or left out. In plain `model.fit`, values that callbacks behind
    it add to the logs are missing.

    Args:
        log: A function of a dict and a step. If it raises an error, training goes on: a warning says so, and after the
            next epoch it is called for the missing epochs again.
        logged: Number of epochs that the logger has already, at least 0; these are not logged.

    Warns:
        UserWarning: If `log` raises an error, and at the end if it still does.

    Raises:
        ValueError: If an argument is out of range.

    Example:
        >>> from dlguide import mlp, training
        >>> model = mlp((2,), num_outputs=1)
        >>> model.compile("sgd", "mse")
        >>> log = training.Log(lambda values, step: print(step, list(values)))
        >>> _ = training.fit(model, np.eye(2), np.ones(2), epochs=2, verbose=0, callbacks=log)
        0 ['loss']
        1 ['loss']
    """

    def __init__(self, log: Callable[[dict[str, float], int], object], *, logged: int = 0):
        super().__init__()
        if not callable(log):
            raise _checks.error("log", "a function of a dict and a step", log)
        self._log = log
        self._logged = _checks.integer("logged", logged, at_least=0)
        self._begin()

    def update(self, history: keras.callbacks.History) -> None:
        """Log the epochs of a history that are not logged yet; for a training loop of your own, after each epoch.

        Args:
            history: The `history` of a `Run`.
        """
        for epoch in range(self._next, len(history.epoch)):
            self._add(epoch, {name: values[epoch] for name, values in history.history.items()})
        self._send()

    def on_train_begin(self, logs=None):
        self._begin()

    def on_epoch_end(self, epoch, logs=None):
        self._add(epoch, logs or {})
        self._send()

    def on_train_end(self, logs=None):
        if self._waiting and not self._send():
            warnings.warn(
                f"`log` has not got {len(self._waiting)} epochs, from step {self._waiting[0][0]} on. With a `run_dir`, "
                "the same call of `fit` logs them.",
                UserWarning,
                stacklevel=2,
            )

    def _begin(self) -> None:
        self._next, self._waiting, self._is_failing = self._logged, [], False

    def _add(self, epoch: int, logs: Mapping) -> None:
        if epoch >= self._next:  # Else the logger has it: a resumed run may train an epoch once more.
            self._waiting.append((epoch, _numbers(logs)))
            self._next = epoch + 1

    def _send(self) -> bool:
        """Log what is waiting, in order; return False if the logger fails."""
        while self._waiting:
            epoch, values = self._waiting[0]
            try:
                self._log(dict(values), epoch)
            except Exception as error:  # A network that is down for a minute must not end a run of a day.
                if not self._is_failing:
                    self._is_failing = True
                    what = f"{type(error).__name__}: {error}"
                    warnings.warn(
                        f"`log` failed at step {epoch} ({what}). Training goes on; the next epoch tries it again.",
                        UserWarning,
                        stacklevel=2,
                    )
                return False
            self._is_failing = False
            del self._waiting[0]
        return True


def _numbers(logs: Mapping) -> dict[str, float]:
    """Return the numbers of an epoch as floats: an entry for each number of a vector, none for NaN."""
    numbers = {}
    for name, value in logs.items():
        array = np.asarray(keras.ops.convert_to_numpy(value) if keras.ops.is_tensor(value) else value)
        if array.dtype.kind in "OUSM":
            continue  # A text, for example, which a callback has added.
        entries = {name: array} if not array.ndim else {f"{name}[{i}]": part for i, part in enumerate(array.ravel())}
        numbers |= {key: float(entry) for key, entry in entries.items() if not np.isnan(entry)}
    return numbers
