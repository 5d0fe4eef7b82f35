"""Callbacks of `fit`: the order of each epoch, a watch over the loss, one line an epoch."""

import math
import time

import keras
import numpy as np

from dlguide import _batches


class Order(keras.callbacks.Callback):
    """Sets the order of each epoch, and the step at which the first one begins."""

    def __init__(self, n: int | None, seed: int):
        super().__init__()
        self._n, self._seed = n, seed
        self.set_epoch, self.steps, self.first = None, None, (0, 0)
        self._torch_seed = None

    def on_train_begin(self, logs=None):
        if keras.backend.backend() == "torch":
            import torch

            self._torch_seed = torch.initial_seed()

    def on_epoch_begin(self, epoch, logs=None):
        self._epoch = epoch
        order = None if self._n is None else _batches.epoch_order(self._n, self._seed, epoch)
        self.set_epoch(order, self.first[1] if epoch == self.first[0] else 0)

    def on_train_batch_begin(self, batch, logs=None):
        if self.first[1] and self._epoch == self.first[0] and batch >= self.steps - self.first[1]:
            # Keras's sign for the end of the data. TensorFlow would find it in the middle of one step
            # more, with the seeds already moved on.
            raise StopIteration
        # Keras draws from PyTorch's global generator between epochs, once more or less after a kill.
        if batch == 0 and self._torch_seed is not None:
            import torch

            seeds = np.random.SeedSequence((self._torch_seed % 2**64, self._epoch))
            torch.manual_seed(int(seeds.generate_state(1, "uint64")[0]))


class FiniteLoss(keras.callbacks.Callback):
    """Ends a run whose loss is not finite, with the best weights so far in the model."""

    def __init__(self, early_stopping: keras.callbacks.EarlyStopping | None):
        super().__init__()
        self._early_stopping = early_stopping
        self.best, self.best_epoch, self.best_weights = math.inf, 0, None
        self.first = (0, 0)  # Epoch and step at which this process begins.

    def on_train_begin(self, logs=None):
        if self.best_weights is None:
            self.best_weights = self.model.get_weights()

    def on_epoch_begin(self, epoch, logs=None):
        self._epoch, self._first_step = epoch, self.first[1] if epoch == self.first[0] else 0
        self._step = self._good_step = self._first_step
        self._checked_at = time.perf_counter()

    def on_train_batch_begin(self, batch, logs=None):
        self._step = self._first_step + batch
        # Looking at the loss means waiting for the step: once a second is often enough.
        if batch and time.perf_counter() - self._checked_at >= 1:
            self.check()

    def check(self) -> None:
        """Raise if the loss of the epoch so far is not finite."""
        if hasattr(self.model, "jax_state_sync"):
            self.model.jax_state_sync()
        for metric in self.model.metrics:
            if metric.name == "loss":
                for variable in metric.variables:
                    self._refuse_unless_finite("loss", float(np.asarray(keras.ops.convert_to_numpy(variable.value))))
        self._good_step, self._checked_at = self._step, time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        self._step = None
        for name in ("loss", "val_loss"):
            self._refuse_unless_finite(name, (logs or {}).get(name, 0.0))
        value = logs.get("val_loss", logs.get("loss", math.inf))
        if value < self.best:
            self.best, self.best_epoch = value, epoch + 1
            self.best_weights = [] if self._early_stopping else self.model.get_weights()

    def _refuse_unless_finite(self, name: str, value: float) -> None:
        if math.isfinite(value):
            return
        weights = self.best_weights or self._early_stopping.best_weights
        self.model.set_weights(weights)
        end = f"and {self._step}" if self._step else "and the last"
        where = f"epoch {self._epoch + 1}" + (f", between steps {self._good_step + 1} {end}" if name == "loss" else "")
        best = f"its best weights so far, of epoch {self.best_epoch}" if self.best_epoch else "its weights of the start"
        raise FloatingPointError(
            f"`{name}` must be finite. Received: {name}={value} in {where}. Try a smaller learning rate, `clipnorm=1` "
            f"in the optimizer, or inputs scaled to about [-1, 1]. The model has {best}."
        )


class Report(keras.callbacks.Callback):
    """One line an epoch, for a log file."""

    def __init__(self, epochs: int):
        super().__init__()
        self._epochs = epochs

    def on_epoch_begin(self, epoch, logs=None):
        self._start = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        figures = "  ".join(f"{name} {value:.4g}" for name, value in (logs or {}).items())
        print(f"epoch {epoch + 1}/{self._epochs}  {time.perf_counter() - self._start:.1f} s  {figures}", flush=True)
