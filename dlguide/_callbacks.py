"""Callbacks of `fit`: the order of each epoch, a watch over the loss, one line an epoch."""

import math
import time

import keras
import numpy as np

from dlguide import _batches


class Callbacks(keras.callbacks.CallbackList):
    """Keras's list, which counts the steps of an epoch that is gone on with from where it stands."""

    def __init__(self, callbacks, first: tuple[int, int], **options):
        super().__init__(callbacks, **options)
        self._first, self._skipped = first, 0

    def on_epoch_begin(self, epoch, logs=None):
        self._skipped = self._first[1] if epoch == self._first[0] else 0
        super().on_epoch_begin(epoch, logs)

    def on_train_batch_begin(self, batch, logs=None):
        super().on_train_batch_begin(batch + self._skipped, logs)

    def on_train_batch_end(self, batch, logs=None):
        super().on_train_batch_end(batch + self._skipped, logs)


class Order(keras.callbacks.Callback):
    """Sets the order of each epoch, and the step at which the first one begins."""

    kept = ("_torch_seed",)

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
        began_within = self._epoch == self.first[0] and self.first[1] > 0
        if began_within and batch >= self.steps:
            # Keras's sign for the end of the data. TensorFlow would find it in the middle of one step
            # more, with the seeds already moved on.
            raise StopIteration
        # Keras draws from PyTorch's global generator between epochs, once more or less after a kill.
        if batch == 0 and self._torch_seed is not None:
            import torch

            seeds = np.random.SeedSequence((self._torch_seed % 2**64, self._epoch))
            torch.manual_seed(int(seeds.generate_state(1, "uint64")[0]))


class FiniteLoss(keras.callbacks.Callback):
    """Ends a run whose loss is not finite, with the best weights so far in the model.

    `val_loss` tells of the weights at the end of an epoch, `loss` of those before each step: without
    validation data an epoch's weights count as good once a step from them had a finite loss.
    """

    kept = ("best", "best_epoch", "best_weights", "_next_best", "_next_weights")

    def __init__(self, early_stopping: keras.callbacks.EarlyStopping | None):
        super().__init__()
        self._early_stopping = early_stopping
        self.best, self.best_epoch, self.best_weights = math.inf, 0, None
        self._next_best, self._next_weights = None, None
        self._epoch, self._step, self._good_step = 0, None, None

    def on_train_begin(self, logs=None):
        if self.best_weights is None:
            self.best_weights = self.model.get_weights()

    def on_epoch_begin(self, epoch, logs=None):
        self._epoch, self._step, self._good_step = epoch, None, None
        self._checked_at = time.perf_counter()

    def on_train_batch_begin(self, batch, logs=None):
        begins, self._step = self._step is None, batch
        if begins:
            self._good_step = batch
        # Looking at the loss means waiting for the step: once a second is often enough.
        elif self._next_weights or time.perf_counter() - self._checked_at >= 1:
            self.check()

    def check(self) -> None:
        """Raise if the loss of the epoch so far is not finite."""
        if hasattr(self.model, "jax_state_sync"):
            self.model.jax_state_sync()
        for metric in self.model.metrics:
            if metric.name == "loss":
                for variable in metric.variables:
                    self._refuse_unless_finite("loss", float(np.asarray(keras.ops.convert_to_numpy(variable))))
        self._good_step, self._checked_at = self._step, time.perf_counter()
        if self._step is not None:  # Else the epoch has ended, and its loss is from before the last step.
            self._accept()

    def on_epoch_end(self, epoch, logs=None):
        self._step = None
        for name in ("loss", "val_loss"):
            self._refuse_unless_finite(name, (logs or {}).get(name, 0.0))
        self._accept()
        value = float(logs.get("val_loss", logs.get("loss", math.inf)))
        if value < self.best:
            # Where training stops early, `EarlyStopping` has a copy already.
            self._next_best = [value, epoch + 1]
            self._next_weights = [] if self._early_stopping else self.model.get_weights()
            if "val_loss" in logs:
                self._accept()

    def put_best_back(self) -> None:
        """Give the model its best weights so far."""
        self.model.set_weights(self.best_weights or self._early_stopping.best_weights)

    def _accept(self) -> None:
        if self._next_best:
            (self.best, self.best_epoch), self.best_weights = self._next_best, self._next_weights
            self._next_best = self._next_weights = None

    def _refuse_unless_finite(self, name: str, value: float) -> None:
        if math.isfinite(value):
            return
        end = "the last" if self._step is None else self._step
        where = f"epoch {self._epoch + 1}"
        where += f", between steps {(self._good_step or 0) + 1} and {end}" if name == "loss" else ""
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
