"""The callbacks of `fit`, and the order in which they are called."""

import math
import time

import keras
import numpy as np

from dlguide import _private_apis
from dlguide.training._log import Log
from dlguide.training._run import Run


class RunCallbackList(keras.callbacks.CallbackList):
    """What Keras calls in `model.fit`; the order is a contract.

    1. The epoch of the batches is begun: the callbacks may read the data.
    2. `user_callbacks`. They may add values to the logs, which all others read.
    3. `early_stopping`, that of `patience`. `NonFiniteGuard` uses its copy of the best weights.
    4. The history of the run notes the epoch.
    5. `nan_guard` ends a run with a non-finite loss before a checkpoint keeps it.
    6. `reports` print and log what is in the logs at last.
    7. A checkpoint keeps what all callbacks have after the epoch.

    A resumed epoch is trained in a `model.fit` of its own, with fewer batches; the callbacks see one training, and the
    true numbers of the steps. Vectors among the logs are arrays.
    """

    def __init__(self, run: Run, batches, user_callbacks: list, early_stopping: list, nan_guard, reports: list, **bar):
        super().__init__([*user_callbacks, *early_stopping, run.history, nan_guard, *reports], model=run.model, **bar)
        states = [batches] if hasattr(batches, "get_state") else []
        run.keep(self, *states, *user_callbacks, *early_stopping, nan_guard, check=nan_guard.check)
        self._run, self._batches = run, batches
        self._loggers = [report for report in reports if isinstance(report, Log)]
        self._torch_seed, self._weights, self._has_begun = None, None, False
        self._is_single_step = run.model.steps_per_execution == 1

    def get_state(self) -> dict:
        return {"torch_seed": self._torch_seed}

    def set_state(self, state: dict) -> None:
        self._torch_seed = state["torch_seed"]

    def on_train_begin(self, logs=None):
        if self._has_begun:
            return
        self._has_begun = True
        if keras.backend.backend() == "torch":
            import torch

            self._torch_seed = torch.initial_seed()
        super().on_train_begin(logs)
        self._run.restore()
        for logger in self._loggers:
            logger.update(self._run.history)

    def on_epoch_begin(self, epoch, logs=None):
        resumed_epoch, resumed_step = self._run.resume_at
        self._epoch, self._first_step = epoch, resumed_step if epoch == resumed_epoch else 0
        self._batches.begin(epoch)
        super().on_epoch_begin(epoch, logs)

    def on_train_batch_begin(self, batch, logs=None):
        step = batch + self._first_step
        # Keras draws from PyTorch's global generator between epochs, once more or less after a kill.
        if step == 0 and self._torch_seed is not None:
            import torch

            seeds = np.random.SeedSequence((self._torch_seed % 2**64, self._epoch))
            torch.manual_seed(int(seeds.generate_state(1, "uint64")[0]))
        super().on_train_batch_begin(step, logs)
        # The step before has ended. In `on_train_batch_end` Keras would wait for every step.
        if self._batches.can_begin_within_epoch:
            self._run.begin_step(step)

    def on_train_batch_end(self, batch, logs=None):
        step = batch + self._first_step
        # In one call of many steps, Keras counts beyond the last one; so does the bar, if `fit` chose their number.
        last = step if self._batches.steps is None else self._batches.steps - 1
        super().on_train_batch_end(min(step, last) if self._is_single_step else step, logs)

    def on_epoch_end(self, epoch, logs=None):
        self._batches.end()
        # Keras turns what it can into a float, and leaves a vector as a tensor of the backend.
        logs = {n: keras.ops.convert_to_numpy(v) if keras.ops.is_tensor(v) else v for n, v in (logs or {}).items()}
        super().on_epoch_end(epoch, logs)
        self._run.save_epoch(stop=bool(self._run.model.stop_training))
        if self._first_step and not self._run.is_finished:
            self._weights = self._run.model.get_weights()

    def on_train_end(self, logs=None):
        if self._weights is None:
            super().on_train_end(logs)
            return
        # With `use_ema`, Keras has put the averages in place of the weights, as at the end of a training.
        self._run.model.set_weights(self._weights)
        self._weights = None


class NonFiniteLossError(FloatingPointError):
    """The loss is not finite."""


class NonFiniteGuard(keras.callbacks.Callback):
    """Ends a run whose loss is not finite; `restore_best` gives the model its best weights so far.

    `val_loss` describes the weights after the epoch, `loss` those before each step: without validation data, an
    epoch's weights are accepted after the next step's loss was finite.
    """

    def __init__(self, stopping: list[keras.callbacks.EarlyStopping]):
        super().__init__()
        self._stopping = stopping
        self.best, self.best_epoch, self.best_weights = math.inf, 0, None
        self._pending = None  # The same three, not yet accepted.

    def get_state(self) -> dict:
        return {"best": [self.best, self.best_epoch, self.best_weights], "pending": self._pending}

    def set_state(self, state: dict) -> None:
        (self.best, self.best_epoch, self.best_weights), self._pending = state["best"], state["pending"]

    def on_train_begin(self, logs=None):
        if self.best_weights is None:
            self.best_weights = self.model.get_weights()

    def on_epoch_begin(self, epoch, logs=None):
        self._epoch, self._step, self._has_loss, self._checked_at = epoch, None, False, time.perf_counter()

    def on_train_batch_begin(self, batch, logs=None):
        self._has_loss, self._step = self._step is not None, batch
        # Looking at the loss means waiting for the step: once a second is often enough.
        if self._has_loss and (self._pending or time.perf_counter() - self._checked_at >= 1):
            self.check()

    def check(self) -> None:
        """Raise if the loss of the epoch so far is not finite."""
        if not _private_apis.synchronise(self.model) and self._step is not None:
            return  # The metrics are old.
        for metric in self.model.metrics:
            if metric.name == "loss":
                for variable in metric.variables:
                    self._check_finite("loss", float(np.asarray(keras.ops.convert_to_numpy(variable))))
        self._checked_at = time.perf_counter()
        if self._has_loss:  # Else the epoch's loss is from before its last step, or the next one has none yet.
            self._accept()

    def on_epoch_end(self, epoch, logs=None):
        self._step, self._has_loss = None, False
        for name in ("loss", "val_loss"):
            self._check_finite(name, (logs or {}).get(name, 0.0))
        self._accept()
        value = float(logs.get("val_loss", logs.get("loss", math.inf)))
        if value < self.best:
            weights = [] if self._stopping else self.model.get_weights()  # `EarlyStopping` has a copy.
            self._pending = [value, epoch + 1, weights]
            if "val_loss" in logs:
                self._accept()

    def restore_best(self) -> None:
        weights = self.best_weights or (self._stopping and self._stopping[0].best_weights)
        if weights:  # None of a model that was not built before its first step.
            self.model.set_weights(weights)

    def _accept(self) -> None:
        if self._pending:
            (self.best, self.best_epoch, self.best_weights), self._pending = self._pending, None

    def _check_finite(self, name: str, value: float) -> None:
        if math.isfinite(value):
            return
        where = f"epoch {self._epoch + 1}" + (f", at step {self._step} or before" if self._step else "")
        best = f"its best weights so far, of epoch {self.best_epoch}" if self.best_epoch else "its initial weights"
        raise NonFiniteLossError(
            f"`{name}` must be finite. Received: {name}={value} in {where}. Try a smaller learning rate, `clipnorm=1` "
            f"in the optimizer, or inputs scaled to about [-1, 1]. The model has {best}."
        )


class Report(keras.callbacks.Callback):
    """One line an epoch, for a log file: numbers with four digits, vectors in brackets."""

    def __init__(self, epochs: int):
        super().__init__()
        self._epochs = epochs

    def on_epoch_begin(self, epoch, logs=None):
        self._start = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        line = f"epoch {epoch + 1}/{self._epochs}  {time.perf_counter() - self._start:.1f} s"
        for name, value in (logs or {}).items():
            if isinstance(value, np.ndarray):
                value = np.array2string(value, precision=3, threshold=12, max_line_width=10_000)
            line += f"  {name} {value:.4g}" if isinstance(value, float | int) else f"  {name} {value}"
        print(line, flush=True)
