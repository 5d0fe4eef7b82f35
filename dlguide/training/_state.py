"""All that the next step of a run depends on: `capture` turns it into arrays, `restore` puts it back."""

import copy
import dataclasses
import json

import keras
import numpy as np

from dlguide import _keras


@dataclasses.dataclass
class Progress:
    """How far a run is."""

    epochs: int = 0  # Of the call that wrote the checkpoint.
    epoch: int = 0
    step: int = 0
    seconds: float = 0.0
    stopped: bool = False  # By a callback, `patience` included, at the end of an epoch.
    epoch_seconds: list[float] = dataclasses.field(default_factory=list)
    epoch_start: float = 0.0


def progress(saved: dict[str, np.ndarray]) -> Progress:
    """Return how far the run of a checkpoint is; a new run is at its start."""
    return Progress(**json.loads(str(saved["state"]))["progress"]) if saved else Progress()


def capture(model: keras.Model, callbacks, config: dict, progress: Progress) -> dict[str, np.ndarray]:
    """Return weights, seeds, optimizer, the metrics of the epoch so far, and the callbacks' own state."""
    _keras.synchronise(model)
    arrays = {f"variable_{i}": _value(variable) for i, variable in enumerate(_variables(model))}
    if progress.step:
        arrays |= {f"metric_{i}": _value(variable) for i, variable in enumerate(model.metrics_variables)}
    values, comparisons, lengths = [], [], []
    for i, callback in enumerate(callbacks):
        plain, lists = _own_state(callback)
        values.append(plain)
        lengths.append({name: len(value) for name, value in lists.items()})
        # Keras's callbacks choose less or greater once, and turn `min_delta` round as they do.
        comparisons.append(
            {
                name: word
                for name, value in vars(callback).items()
                for word, function in _keras.COMPARISONS.items()
                if value is function
            }
        )
        arrays |= {f"callback_{i}_{name}_{k}": array for name, value in lists.items() for k, array in enumerate(value)}
    seed_state = _keras.global_seed_state()
    if seed_state is not None:
        arrays["global_seed"] = _value(seed_state)
    if keras.backend.backend() == "torch":
        import torch

        arrays["torch"] = torch.get_rng_state().numpy()
    state = {
        "config": config,
        "progress": dataclasses.asdict(progress),
        "callbacks": values,
        "comparisons": comparisons,
        "lengths": lengths,
    }
    return {"state": np.array(json.dumps(state)), **arrays}


def restore(model: keras.Model, callbacks, saved: dict[str, np.ndarray]) -> None:
    """Give the model, its optimizer, its metrics and the callbacks the state of a checkpoint."""
    if not model.optimizer.built:
        model.optimizer.build(model.trainable_variables)
    state = json.loads(str(saved["state"]))
    for i, variable in enumerate(_variables(model)):
        variable.assign(saved[f"variable_{i}"])
    if state["progress"]["step"]:
        for i, variable in enumerate(model.metrics_variables):
            variable.assign(saved[f"metric_{i}"])
    for i, callback in enumerate(callbacks):
        vars(callback).update(state["callbacks"][i])
        for name, word in state["comparisons"][i].items():
            setattr(callback, name, _keras.COMPARISONS[word])
        for name, length in state["lengths"][i].items():
            setattr(callback, name, [saved[f"callback_{i}_{name}_{k}"] for k in range(length)])
    if "global_seed" in saved:
        _keras.set_global_seed_state(saved["global_seed"])
    if "torch" in saved:
        import torch

        torch.set_rng_state(torch.from_numpy(saved["torch"]))


def description(callback) -> dict:
    """Return a callback's name and, where they are known to be the same each time, its options."""
    is_kerass = type(callback).__module__.startswith("keras.")
    return {type(callback).__name__: copy.deepcopy(_own_state(callback)[0]) if is_kerass else {}}


def _variables(model) -> list:
    # `variables` has the seed generators' states, which `weights` has not.
    return [*model.variables, *model.optimizer.variables]


def _value(variable) -> np.ndarray:
    return _plain_dtype(np.asarray(keras.ops.convert_to_numpy(variable)))


def _plain_dtype(array: np.ndarray) -> np.ndarray:
    # NumPy's files have no bfloat16; float32 holds it exactly, and assigning turns it back.
    return array.astype("float32") if array.dtype.name == "bfloat16" else array


def _own_state(callback) -> tuple[dict, dict]:
    """Split a callback's attributes (those in `kept`, where it has that) into plain values and lists of arrays."""
    plain, lists = {}, {}
    attributes = vars(callback)
    for name in getattr(callback, "kept", attributes):
        value = attributes[name]
        if name in _keras.CALLBACK_ATTRIBUTES:
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
