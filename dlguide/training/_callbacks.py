"""The callbacks of `fit`, and the order in which they are called."""

import math
import time

import keras
import numpy as np

from dlguide import _keras
from dlguide.training._log import Log
from dlguide.training._run import Run


def early_stopping(patience: int | None) -> list[keras.callbacks.EarlyStopping]:
    """Return the callback that stops after `patience` epochs and restores the best weights; none without patience."""
    return [keras.callbacks.EarlyStopping(patience=patience, restore_best_weights=True)] if patience else []


class Callbacks(keras.callbacks.CallbackList):
    """What Keras calls in `model.fit`; the order is a contract.

    1. The epoch of the batches is begun, a resumed one at its step: the callbacks may read the data.
    2. `own`, the caller's callbacks. They may add values to the logs, which all others read.
    3. `stopping`, the `EarlyStopping` of `patience`. `NonFiniteGuard` uses its copy of the best weights.
    4. The history of the run notes the epoch.
    5. `NonFiniteGuard` ends a run with a non-finite loss before a checkpoint keeps it.
    6. `reports` print and log what is in the logs at last.
    7. A checkpoint keeps what all callbacks have after the epoch.

    In a resumed epoch the callbacks get the true numbers of the steps. Vectors among the logs are arrays.
    """

    checkpoint_attributes = ("_torch_seed", "_loader_states")

    def __init__(self, run: Run, batches, loaders: list, own: list, stopping: list, guard, reports: list, **options):
        super().__init__([*own, *stopping, run.history, guard, *reports], model=run.model, **options)
        run.keep(self, *own, *stopping, guard, check=guard.check)
        self._run, self._batches = run, batches
        self._loggers = [report for report in reports if isinstance(report, Log)]
        self._torch_seed, self._generators, self._loader_states = None, _generators(loaders), []

    def on_train_begin(self, logs=None):
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
        self._batches.begin(epoch, self._first_step)
        for generator, state in zip(self._generators, self._loader_states, strict=bool(self._loader_states)):
            import torch

            generator.set_state(torch.from_numpy(state))
        super().on_epoch_begin(epoch, logs)

    def on_train_batch_begin(self, batch, logs=None):
        step = batch + self._first_step
        if self._first_step and step >= self._batches.steps:
            # TensorFlow would find the end of the data in the middle of one step more, with the seeds already moved on.
            _keras.end_epoch()
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
        super().on_train_batch_end(batch + self._first_step, logs)

    def on_epoch_end(self, epoch, logs=None):
        self._loader_states = [generator.get_state().numpy() for generator in self._generators]
        # Keras turns what it can into a float, and leaves a vector as a tensor of the backend.
        logs = {n: keras.ops.convert_to_numpy(v) if keras.ops.is_tensor(v) else v for n, v in (logs or {}).items()}
        super().on_epoch_end(epoch, logs)
        self._run.save_epoch(stop=bool(self._run.model.stop_training))


def _generators(loaders: list) -> list:
    """Return the generators from which PyTorch's data loaders draw their order; none without loaders."""
    if not loaders:
        return []
    import torch

    owners = [o for x in loaders for o in (x, x.sampler, x.batch_sampler, getattr(x.batch_sampler, "sampler", x))]
    own = {id(o.generator): o.generator for o in owners if getattr(o, "generator", None) is not None}
    return [torch.default_generator, *own.values()]


class NonFiniteLossError(FloatingPointError):
    """The loss is not finite."""


class NonFiniteGuard(keras.callbacks.Callback):
    """Ends a run whose loss is not finite; `restore_best` gives the model its best weights so far.

    `val_loss` describes the weights after the epoch, `loss` those before each step: without validation data, an
    epoch's weights are accepted after the next step's loss was finite.
    """

    checkpoint_attributes = ("best", "best_epoch", "best_weights", "_pending")

    def __init__(self, stopping: list[keras.callbacks.EarlyStopping]):
        super().__init__()
        self._stopping = stopping
        self.best, self.best_epoch, self.best_weights = math.inf, 0, None
        self._pending = None  # The same three, not yet accepted.

    def on_train_begin(self, logs=None):
        if self.best_weights is None:
            self.best_weights = self.model.get_weights()

    def on_epoch_begin(self, epoch, logs=None):
        self._epoch, self._step, self._checked_at = epoch, None, time.perf_counter()

    def on_train_batch_begin(self, batch, logs=None):
        is_first, self._step = self._step is None, batch
        # Looking at the loss means waiting for the step: once a second is often enough.
        if not is_first and (self._pending or time.perf_counter() - self._checked_at >= 1):
            self.check()

    def check(self) -> None:
        """Raise if the loss of the epoch so far is not finite."""
        _keras.synchronise(self.model)
        for metric in self.model.metrics:
            if metric.name == "loss":
                for variable in metric.variables:
                    self._check_finite("loss", float(np.asarray(keras.ops.convert_to_numpy(variable))))
        self._checked_at = time.perf_counter()
        if self._step is not None:  # Else the epoch has ended, and its loss is from before the last step.
            self._accept()

    def on_epoch_end(self, epoch, logs=None):
        self._step = None
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
        self.model.set_weights(self.best_weights or self._stopping[0].best_weights)

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
