"""A run that can be gone on with: what a checkpoint holds, when one is written, and how it comes back."""

import contextlib
import copy
import csv
import io
import json
import signal
import threading
import time

import keras
import numpy as np
from keras.src.backend.common import global_state
from keras.src.random import seed_generator

from dlguide import _processes, _run_folder

FORMAT = 2
SHARE = 0.03  # Of the time of training, for checkpoints.
_COMPARISONS = (keras.ops.less, keras.ops.greater)


class Run(keras.callbacks.Callback):
    """Keeps a run's state as it goes, and gives it back when the same run is started again.

    A checkpoint holds all that the next step depends on: weights, seed generators, optimizer, the
    metrics of the epoch so far, the callbacks' own state, the history, and PyTorch's global generator.
    """

    def __init__(self, folder, config: dict, callbacks, check, seconds_between: float):
        super().__init__()
        self._callbacks, self._check, self._seconds_between = callbacks, check, seconds_between
        self.knows_steps = True  # Else an epoch cannot be begun in its middle.
        self._process, self._processes = _processes.place()
        self._config = {
            "format": FORMAT,
            "backend": keras.backend.backend(),
            "processes": self._processes,
            **config,
            "callbacks": [_description(callback) for callback in callbacks],
        }
        self._folder = _run_folder.RunFolder(folder, self._config)
        self.epoch, self.step, self.seconds = 0, 0, 0.0
        self.stopped, self.finished = False, False  # By a callback, before the last epoch; to the very end.
        self._epoch_seconds, self._epoch_start = [], 0.0
        self._saved: dict[str, np.ndarray] | None = None
        self._cost, self._signal = 0.0, None

    # Opening

    def __enter__(self):
        if self._process == 0:
            try:
                content = self._folder.open()
            except ValueError:
                if self._processes > 1:
                    _processes.broadcast(None)
                raise
        if self._processes > 1:
            content = _processes.broadcast(content if self._process == 0 else b"")
            if content is None:
                raise ValueError("`run_dir` was refused by process 0, which says why")
        if content:
            self._saved = _run_folder.read(content)
            state = json.loads(str(self._saved["state"]))
            for name in ("epoch", "step", "seconds", "stopped", "finished"):
                setattr(self, name, state[name])
            self._epoch_seconds, self._epoch_start = state["epoch_seconds"], state["epoch_start"]
        return self

    def __exit__(self, *error):
        self._folder.close()

    @property
    def is_resumed(self) -> bool:
        return self._saved is not None

    def finished_history(self, model) -> keras.callbacks.History:
        """Give a run that is finished its end back."""
        self.restore(model)
        self.finish()
        model.history = self._history_callback()
        model.history.set_model(model)
        model.history.seconds = self.seconds
        return model.history

    # Training

    @contextlib.contextmanager
    def signals(self):
        """Inside, Ctrl-C and SIGTERM take effect after the current step, with a checkpoint; a second one at once.

        In a validation, or in an epoch whose number of steps is not known, after it.
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
        if self._signal:  # It came after the last look.
            signal.raise_signal(self._signal)

    def on_train_begin(self, logs=None):
        if self._saved is not None:
            self.restore(self.model)
        self._first_epoch = self.epoch
        self._start = time.perf_counter() - self.seconds
        self._last_save = time.perf_counter()

    def on_epoch_begin(self, epoch, logs=None):
        self._first_step = self.step if epoch == self._first_epoch else 0
        if self._first_step == 0:
            self._epoch_start = time.perf_counter() - self._start

    def on_train_batch_begin(self, batch, logs=None):
        # The step before has ended. Keras would wait for every step if this were `on_train_batch_end`.
        if batch == self._first_step:
            if batch:
                # Again: since `on_train_begin` the metrics were reset, callbacks have begun the epoch
                # once more, and PyTorch's loader has drawn a number.
                self.restore(self.model)
            self._saved = None  # A large model's would be held to the end.
        elif self.knows_steps:
            self.step = batch
            self._save_if_due(self._seconds_between)

    def on_epoch_end(self, epoch, logs=None):
        self.epoch, self.step = epoch + 1, 0
        self._epoch_seconds.append(time.perf_counter() - self._start - self._epoch_start)
        self._save_if_due(0)

    def on_train_end(self, logs=None):
        self.finished = True
        self._save()

    def _save_if_due(self, seconds: float) -> None:
        asked = self._signal
        if asked or time.perf_counter() - self._last_save >= max(seconds, self._cost / SHARE):
            self._save()
        if asked:
            self._signal = None
            signal.raise_signal(asked)  # The handler before ours is in place again.

    # State

    def finish(self) -> None:
        """Write the trained model; a run killed before this does it when started again."""
        if self._process:
            return
        self._folder.save_model(self.model)

    def restore(self, model) -> None:
        """Give the model, its optimizer, its metrics and the callbacks the state of the checkpoint."""
        self.set_model(model)
        if not model.optimizer.built:
            model.optimizer.build(model.trainable_variables)
        state = json.loads(str(self._saved["state"]))
        for i, variable in enumerate(_variables(model)):
            variable.assign(self._saved[f"variable_{i}"])
        if self.step:
            for i, variable in enumerate(model.metrics_variables):
                variable.assign(self._saved[f"metric_{i}"])
        for i, (callback, values) in enumerate(zip(self._callbacks, state["callbacks"], strict=True)):
            vars(callback).update(values)
            for name, function in state["comparisons"][i].items():
                setattr(callback, name, getattr(keras.ops, function))
            for name, count in state["weights"].get(str(i), {}).items():
                setattr(callback, name, [self._saved[f"callback_{i}_{name}_{k}"] for k in range(count)])
        if "global_seed" in self._saved:
            seed_generator.global_seed_generator().state.assign(self._saved["global_seed"])
        if "torch" in self._saved:
            import torch

            torch.set_rng_state(torch.from_numpy(self._saved["torch"]))

    def _save(self) -> None:
        begin = time.perf_counter()
        self._check()
        self.seconds = begin - self._start
        if self._process == 0:
            self._folder.save(self._arrays(), self._history())
        self._last_save = time.perf_counter()
        self._cost = self._last_save - begin

    def _arrays(self) -> dict[str, np.ndarray]:
        if hasattr(self.model, "jax_state_sync"):
            self.model.jax_state_sync()
        arrays = {f"variable_{i}": _value(variable) for i, variable in enumerate(_variables(self.model))}
        if self.step:
            arrays |= {f"metric_{i}": _value(variable) for i, variable in enumerate(self.model.metrics_variables)}
        weights, values, comparisons = {}, [], []
        for i, callback in enumerate(self._callbacks):
            plain, lists = _state(callback)
            values.append(plain)
            # Keras's callbacks choose less or greater once, and turn `min_delta` round as they do.
            choices = {name: value for name, value in vars(callback).items() if any(value is c for c in _COMPARISONS)}
            comparisons.append({name: value.__name__ for name, value in choices.items()})
            weights[str(i)] = {name: len(value) for name, value in lists.items()}
            arrays |= {
                f"callback_{i}_{name}_{k}": array for name, value in lists.items() for k, array in enumerate(value)
            }
        generator = global_state.get_global_attribute("global_seed_generator")
        if generator is not None:  # Layers that draw without a seed of their own share it.
            arrays["global_seed"] = _value(generator.state)
        if keras.backend.backend() == "torch":
            import torch

            arrays["torch"] = torch.get_rng_state().numpy()
        state = {
            "config": self._config,
            "epoch": self.epoch,
            "step": self.step,
            "stopped": not self.step and bool(self.model.stop_training),
            "finished": self.finished,
            "seconds": self.seconds,
            "epoch_seconds": self._epoch_seconds,
            "epoch_start": self._epoch_start,
            "callbacks": values,
            "comparisons": comparisons,
            "weights": weights,
        }
        return {"state": np.array(json.dumps(state)), **arrays}

    def _history_callback(self) -> keras.callbacks.History:
        return next(c for c in self._callbacks if isinstance(c, keras.callbacks.History))

    def _history(self) -> str:
        columns = {"epoch": range(1, self.epoch + 1), "seconds": [round(s, 3) for s in self._epoch_seconds]}
        columns |= self._history_callback().history
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))
        return text.getvalue()


def _variables(model) -> list:
    # `variables` has the seed generators' states, which `weights` has not.
    return [*model.variables, *model.optimizer.variables]


def _value(variable) -> np.ndarray:
    return _plain_dtype(np.asarray(keras.ops.convert_to_numpy(variable)))


def _plain_dtype(array: np.ndarray) -> np.ndarray:
    # NumPy's files have no bfloat16; float32 holds it exactly, and assigning turns it back.
    return array.astype("float32") if array.dtype.name == "bfloat16" else array


def _state(callback) -> tuple[dict, dict]:
    """Split a callback's own state into plain values and lists of arrays (the best weights)."""
    plain, lists = {}, {}
    attributes = vars(callback)
    for name in getattr(callback, "kept", attributes):
        value = attributes[name]
        if name in ("_model", "_params", "model", "params"):
            continue
        if isinstance(value, np.generic):
            value = value.item()
        if isinstance(value, list) and value and all(isinstance(v, np.ndarray) for v in value):
            lists[name] = [_plain_dtype(array) for array in value]
        elif _is_plain(value):
            plain[name] = value
    return plain, lists


def _is_plain(value) -> bool:
    if isinstance(value, dict):
        return all(isinstance(key, str) and _is_plain(v) for key, v in value.items())
    if isinstance(value, list):
        return all(map(_is_plain, value))
    return value is None or isinstance(value, bool | int | float | str)


def _description(callback) -> dict:
    # Of Keras's own callbacks the options are known to be plain; another's state may differ each time.
    name = type(callback).__name__
    return {name: copy.deepcopy(_state(callback)[0]) if type(callback).__module__.startswith("keras.") else {}}
