"""Callbacks of `fit`: the order of each epoch, a watch over the loss, the checkpoints of its run, one line an epoch.

`fit` puts them into a list in this order: `Order` and `LoaderState`, since the others may read the data; the caller's;
`EarlyStopping`, whose copy of the weights `FiniteLoss` uses; the history; `FiniteLoss`; `Checkpoints`, which keeps what
all of these have after the epoch; `Report`, which prints what is kept.
"""

import math
import time

import keras
import numpy as np

from dlguide import _keras
from dlguide.training import _batches
from dlguide.training._data import Data
from dlguide.training._run import Run


class NonFiniteLossError(FloatingPointError):
    """The loss is not finite."""


class Callbacks(keras.callbacks.CallbackList):
    """Keras's list, with the true numbers of the steps in a resumed epoch, and vectors among the logs as arrays."""

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

    def on_epoch_end(self, epoch, logs=None):
        # Keras turns what it can into a float, and leaves a vector as a tensor of the backend.
        arrays = {n: keras.ops.convert_to_numpy(v) if keras.ops.is_tensor(v) else v for n, v in (logs or {}).items()}
        super().on_epoch_end(epoch, arrays)


class Order(keras.callbacks.Callback):
    """Begins each epoch of the batches, the first one at the step where the run is resumed."""

    checkpoint_attributes = ("_torch_seed",)

    def __init__(self, batches: _batches.Batches, first: tuple[int, int]):
        super().__init__()
        self._batches, self._first = batches, first
        self._torch_seed = None

    def on_train_begin(self, logs=None):
        if keras.backend.backend() == "torch":
            import torch

            self._torch_seed = torch.initial_seed()

    def on_epoch_begin(self, epoch, logs=None):
        self._epoch = epoch
        self._begins_within = epoch == self._first[0] and self._first[1] > 0
        self._batches.begin(epoch, self._first[1] if self._begins_within else 0)

    def on_train_batch_begin(self, batch, logs=None):
        if self._begins_within and batch >= self._batches.steps:
            # TensorFlow would find the end of the data in the middle of one step more, with the seeds already moved on.
            _keras.end_epoch()
        # Keras draws from PyTorch's global generator between epochs, once more or less after a kill.
        if batch == 0 and self._torch_seed is not None:
            import torch

            seeds = np.random.SeedSequence((self._torch_seed % 2**64, self._epoch))
            torch.manual_seed(int(seeds.generate_state(1, "uint64")[0]))


class LoaderState(keras.callbacks.Callback):
    """Puts the generators that PyTorch's data loaders draw their order from back to where the last epoch left them."""

    checkpoint_attributes = ("states",)

    def __init__(self, loaders):
        super().__init__()
        import torch

        owners = [o for x in loaders for o in (x, x.sampler, x.batch_sampler, getattr(x.batch_sampler, "sampler", x))]
        own = {id(o.generator): o.generator for o in owners if getattr(o, "generator", None) is not None}
        self._generators, self.states = [torch.default_generator, *own.values()], []

    def on_epoch_begin(self, epoch, logs=None):
        import torch

        for generator, state in zip(self._generators, self.states, strict=bool(self.states)):
            generator.set_state(torch.from_numpy(state))

    def on_epoch_end(self, epoch, logs=None):
        self.states = [generator.get_state().numpy() for generator in self._generators]


def order_callbacks(batches: _batches.Batches, first: tuple[int, int], *data: Data | None) -> list:
    """Return the callbacks that set the order of a run that begins at the epoch and step `first`."""
    loaders = [part.content for part in data if part is not None and part.kind == "DataLoader"]
    return [Order(batches, first), *([LoaderState(loaders)] if loaders else [])]


class FiniteLoss(keras.callbacks.Callback):
    """Ends a run whose loss is not finite, with the best weights so far in the model.

    `val_loss` describes the weights after the epoch, `loss` those before each step: without
    validation data an epoch's weights count as good once a step from them had a finite loss.
    """

    checkpoint_attributes = ("best", "best_epoch", "best_weights", "_next_best", "_next_weights")

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
        _keras.synchronise(self.model)
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
        raise NonFiniteLossError(
            f"`{name}` must be finite. Received: {name}={value} in {where}. Try a smaller learning rate, `clipnorm=1` "
            f"in the optimizer, or inputs scaled to about [-1, 1]. The model has {best}."
        )


class Checkpoints(keras.callbacks.Callback):
    """Tells a run of the epochs and steps of `model.fit`."""

    def __init__(self, run: Run, can_resume_at_step: bool):
        super().__init__()
        self._run, self._can_resume_at_step = run, can_resume_at_step

    def on_train_begin(self, logs=None):
        self._run.restore()

    def on_epoch_begin(self, epoch, logs=None):
        self._run.begin_epoch()

    def on_train_batch_begin(self, batch, logs=None):
        # The step before has ended. Keras would wait for every step if this were `on_train_batch_end`.
        if self._can_resume_at_step:
            self._run.begin_step(batch)

    def on_epoch_end(self, epoch, logs=None):
        self._run.save_epoch(stop=bool(self.model.stop_training))


class Report(keras.callbacks.Callback):
    """One line an epoch, for a log file."""

    def __init__(self, epochs: int):
        super().__init__()
        self._epochs = epochs

    def on_epoch_begin(self, epoch, logs=None):
        self._start = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        metrics = "  ".join(f"{name} {_written(value)}" for name, value in (logs or {}).items())
        print(f"epoch {epoch + 1}/{self._epochs}  {time.perf_counter() - self._start:.1f} s  {metrics}", flush=True)


def _written(value) -> str:
    """Return a number in four digits, a vector as numbers in brackets."""
    if isinstance(value, float | int):
        return f"{value:.4g}"
    if isinstance(value, np.ndarray):
        return np.array2string(value, precision=3, threshold=12, max_line_width=10_000)
    return str(value)
