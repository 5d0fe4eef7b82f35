"""The folder of a run: what it belongs to, and a checkpoint that is written whole or not at all."""

import csv
import hashlib
import io
import json
import os
import time
from pathlib import Path

import keras
import numpy as np

FORMAT = 1
_COMPARISONS = (keras.ops.less, keras.ops.greater)


class Run(keras.callbacks.Callback):
    """Keeps a run's state after each epoch, and gives it back when the same run is started again.

    A checkpoint holds all that the next epoch depends on: weights, seed generators, optimizer,
    the callbacks' own state, the history, and PyTorch's global generator.
    """

    def __init__(self, folder, model, options: dict, arrays, callbacks):
        super().__init__()
        self.folder, self._callbacks = Path(folder), callbacks
        self.epoch, self.seconds, self.finished = 0, 0.0, False
        self._epoch_seconds: list[float] = []
        self._saved: dict[str, np.ndarray] | None = None
        config = {
            "format": FORMAT,
            "backend": keras.backend.backend(),
            **options,
            "callbacks": [type(callback).__name__ for callback in callbacks],
            "model": _digest_of_model(model),
            "data": _digest_of_arrays(arrays),
        }
        try:
            self._open(config)
        except OSError as error:
            raise ValueError(
                f"`run_dir` must be a folder that can be written. Received: run_dir={str(folder)!r} ({error.strerror})"
            ) from None

    def _open(self, config: dict) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        config_file = self.folder / "config.json"
        if config_file.exists():
            there = json.loads(config_file.read_text())
            unlike = [
                f"{key} {there.get(key)!r} there, {config[key]!r} here"
                for key in config
                if config[key] != there.get(key)
            ]
            if unlike:
                raise ValueError(
                    f"`run_dir` must be new, empty or hold the same run. "
                    f"Received: run_dir={str(self.folder)!r} with {'; '.join(unlike)}"
                )
        else:
            files = ("checkpoint.npz", "history.csv", "model.keras")
            found = [name for name in files if (self.folder / name).exists()]
            if found:
                raise ValueError(
                    f"`run_dir` must be new, empty or hold the same run. "
                    f"Received: run_dir={str(self.folder)!r} with {', '.join(found)}"
                )
            versions = {"keras": keras.__version__, "numpy": np.__version__}
            _write(config_file, json.dumps({**config, "versions": versions}, indent=2).encode())
        if (self.folder / "checkpoint.npz").exists():
            with np.load(self.folder / "checkpoint.npz") as saved:
                self._saved = dict(saved)
            state = json.loads(str(self._saved["state"]))
            self.epoch, self.seconds, self.finished = state["epoch"], state["seconds"], state["finished"]
            self._epoch_seconds = state["epoch_seconds"]

    def on_train_begin(self, logs=None):
        if self._saved is not None:
            self.restore(self.model)
        self._start = time.perf_counter() - self.seconds

    def on_epoch_end(self, epoch, logs=None):
        self.epoch = epoch + 1
        self._save(finished=False)

    def on_train_end(self, logs=None):
        self._save(finished=True)

    def finish(self) -> None:
        """Write the trained model; a run killed before this does it when started again."""
        path = self.folder / "model.keras"
        self.model.save(path.with_name("model.tmp.keras"))
        os.replace(path.with_name("model.tmp.keras"), path)

    def restore(self, model) -> None:
        """Give the model, its optimizer and the callbacks the state of the checkpoint."""
        self.set_model(model)
        if not model.optimizer.built:
            model.optimizer.build(model.trainable_variables)
        state = json.loads(str(self._saved["state"]))
        for i, variable in enumerate(_variables(model)):
            variable.assign(self._saved[f"variable_{i}"])
        for i, (callback, values) in enumerate(zip(self._callbacks, state["callbacks"], strict=True)):
            vars(callback).update(values)
            for name, function in state["comparisons"][i].items():
                setattr(callback, name, getattr(keras.ops, function))
            for name, count in state["weights"].get(str(i), {}).items():
                setattr(callback, name, [self._saved[f"callback_{i}_{name}_{k}"] for k in range(count)])
        if "torch" in self._saved:
            import torch

            torch.set_rng_state(torch.from_numpy(self._saved["torch"]))
        if self.finished and not (self.folder / "model.keras").exists():
            self.finish()

    def _save(self, finished: bool) -> None:
        now = time.perf_counter() - self._start
        if not finished:
            self._epoch_seconds.append(now - self.seconds)
        self.seconds = now
        arrays, weights, values, comparisons = {}, {}, [], []
        for i, variable in enumerate(_variables(self.model)):
            arrays[f"variable_{i}"] = keras.ops.convert_to_numpy(variable)
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
        if keras.backend.backend() == "torch":
            import torch

            arrays["torch"] = torch.get_rng_state().numpy()
        state = {
            "epoch": self.epoch,
            "finished": finished,
            "seconds": self.seconds,
            "epoch_seconds": self._epoch_seconds,
            "callbacks": values,
            "comparisons": comparisons,
            "weights": weights,
        }
        content = io.BytesIO()
        np.savez(content, state=np.array(json.dumps(state)), **arrays)
        _write(self.folder / "checkpoint.npz", content.getbuffer())
        _write(self.folder / "history.csv", self._history().encode())

    def _history(self) -> str:
        columns = {"epoch": range(1, self.epoch + 1), "seconds": [round(s, 3) for s in self._epoch_seconds]}
        columns |= self._callbacks[0].history
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))
        return text.getvalue()


def _variables(model) -> list:
    # `variables` has the seed generators' states, which `weights` has not.
    return [*model.variables, *model.optimizer.variables]


def _state(callback) -> tuple[dict, dict]:
    """Split a callback's own state into plain values and lists of arrays (the best weights)."""
    plain, lists = {}, {}
    for name, value in vars(callback).items():
        if name in ("_model", "_params", "model", "params"):
            continue
        if isinstance(value, np.generic):
            value = value.item()
        if isinstance(value, list) and value and all(isinstance(v, np.ndarray) for v in value):
            lists[name] = value
        elif _is_plain(value):
            plain[name] = value
    return plain, lists


def _is_plain(value) -> bool:
    if isinstance(value, dict):
        return all(isinstance(key, str) and _is_plain(v) for key, v in value.items())
    if isinstance(value, list):
        return all(map(_is_plain, value))
    return value is None or isinstance(value, bool | int | float | str)


def _digest_of_model(model) -> str:
    """Hash what the model computes and how it is compiled; the layers' automatic names do not count."""
    try:
        description = [model.get_config(), model.get_compile_config()]
    except (NotImplementedError, TypeError):  # A model without a config: its shapes alone.
        description = [type(model).__name__, [tuple(v.shape) for v in model.variables]]
    names = {layer.name: i for i, layer in enumerate(getattr(model, "layers", ()))}
    return hashlib.sha256(json.dumps(_numbered(description, names), default=repr, sort_keys=True).encode()).hexdigest()


def _numbered(value, names: dict[str, int]):
    """Leave names out, and put the layer's number where one layer speaks of another."""
    if isinstance(value, dict):
        return {key: _numbered(v, names) for key, v in value.items() if key != "name"}
    if isinstance(value, list | tuple):
        return [_numbered(v, names) for v in value]
    return f"layer {names[value]}" if isinstance(value, str) and value in names else value


def _digest_of_arrays(arrays) -> str:
    digest = hashlib.sha256()
    for array in keras.tree.flatten(arrays):
        if isinstance(array, np.ndarray):
            digest.update(f"{array.dtype} {array.shape}".encode())
            digest.update(np.ascontiguousarray(array).data)
        elif hasattr(array, "element_spec"):
            digest.update(f"{array.element_spec}".encode())
    return digest.hexdigest()


def _write(path: Path, content) -> None:
    beside = path.with_name(f"{path.name}.tmp")
    with open(beside, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(beside, path)
