"""The history of a run: numbers of each epoch, and the table of them in `history.csv`."""

import csv
import io
import math

import keras
import numpy as np


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
