"""The callbacks of `fit`: the order in which they are called, the end at a non-finite loss, the history."""

import csv
import io
import math
import numbers
import time

import keras
import numpy as np

from dlguide.training import _state


class RunCallbacks(keras.callbacks.CallbackList):
    """What Keras calls in `model.fit`; the order is a contract.

    1. The epoch of the batches is begun: the callbacks may read the data.
    2. The callbacks of the caller, then that of `patience`. They may add values to the logs, which all others read.
    3. The history notes the epoch; a loss that is not finite ends the run.
    4. A checkpoint keeps what all callbacks have after the epoch.

    `model.fit` may be called for each epoch; `until` is the epoch after the last one of the present call. The callbacks
    see one training.
    """

    def __init__(self, run, batches, callbacks: list, many_steps: tuple, valid_steps: int | None, seed: int, **bar):
        super().__init__([*callbacks, run.history], model=run.model, **bar)
        self.until, self._has_begun, self._weights, self._looked_at = 0, False, None, 0.0
        self._run, self._batches, self._seed = run, batches, seed
        self._many_steps, self._valid_steps = many_steps, valid_steps

    def on_train_begin(self, logs=None):
        if not self._has_begun:
            self._has_begun = True
            super().on_train_begin(logs)
            self._run.restore()

    def on_epoch_begin(self, epoch, logs=None):
        if keras.backend.backend() == "torch":
            # Keras draws from PyTorch's global generator between epochs, once more or less after a kill.
            import torch

            seeds = np.random.SeedSequence((self._seed, epoch))
            torch.manual_seed(int(seeds.generate_state(1, "uint64")[0]))
        self._batches.begin(epoch)
        self._looked_at = time.perf_counter()
        if self._many_steps:
            self._many_steps[0].begin(self._batches.steps)
        super().on_epoch_begin(epoch, logs)

    def on_train_batch_end(self, batch, logs=None):
        # Looking at the loss means waiting for the step: once a second is often enough.
        if "loss" in (logs or {}) and time.perf_counter() - self._looked_at >= 1:
            self._check_finite("loss", logs)
            self._looked_at = time.perf_counter()
        super().on_train_batch_end(self._many_steps[0].done - 1 if self._many_steps else batch, logs)

    def on_test_begin(self, logs=None):
        if self._many_steps and self._valid_steps:
            self._many_steps[1].begin(self._valid_steps)
        super().on_test_begin(logs)

    def on_test_end(self, logs=None):
        for each in self._many_steps[1:]:
            each.end()
        super().on_test_end(logs)

    def on_epoch_end(self, epoch, logs=None):
        for each in self._many_steps:
            each.end()
        super().on_epoch_end(epoch, logs)
        for name in ("loss", "val_loss"):
            self._check_finite(name, logs)
        # A callback that ends the training for another reason, such as the time, may let a later call resume it.
        early = [each for each in self.callbacks if isinstance(each, keras.callbacks.EarlyStopping)]
        self._run.save_epoch(stop=bool(self.model.stop_training and any(each.stopped_epoch for each in early)))
        self._weights = self.model.get_weights() if epoch + 1 == self.until < self.params["epochs"] else None

    def on_train_end(self, logs=None):
        if self._weights is None or self.model.stop_training:
            super().on_train_end(logs)
        else:  # With `use_ema`, Keras has put the averages in place of the weights, as at the end of a training.
            self.model.set_weights(self._weights)

    def _check_finite(self, name: str, logs) -> None:
        if not math.isfinite(value := float((logs or {}).get(name, 0.0))):
            raise FloatingPointError(
                f"`{name}` must be finite. Received: {name}={value} in epoch {self._run.progress.epoch + 1}. Try a "
                "smaller learning rate, `clipnorm=1` in the optimizer, or inputs scaled to about [-1, 1]."
            )


class History(keras.callbacks.History):
    """Keras's history of a run, resumed or not; each list is as long as the run: NaN where an epoch has no value.

    A vector among the logs is a list. What is no number is left out.

    Attributes:
        history: A dict from the names of the logs to their values after each epoch.
        epoch: The numbers of the epochs, from 0.
        seconds: Time of the epochs: training, compilation and validation.
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
        found = {}
        for name, value in (logs or {}).items():
            if keras.ops.is_tensor(value) or isinstance(value, keras.Variable | np.ndarray | np.generic):
                found[name] = _state.as_array(value).tolist()
            elif isinstance(value, numbers.Real):
                found[name] = value if type(value) in (bool, int, float) else float(value)
        for name in dict.fromkeys((*self.history, *found)):
            self.history.setdefault(name, [math.nan] * len(self.epoch)).append(found.get(name, math.nan))
        self.epoch.append(epoch)

    def table(self, seconds: list[float]) -> str:
        """Return `history.csv`: a row for each epoch."""
        columns = {**self.history, "epoch": range(1, len(seconds) + 1), "seconds": [round(s, 3) for s in seconds]}
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(names := ("epoch", "seconds", *(name for name in columns if name not in ("epoch", "seconds"))))
        writer.writerows(zip(*(columns[name] for name in names), strict=True))
        return text.getvalue()
