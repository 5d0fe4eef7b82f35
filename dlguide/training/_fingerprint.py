"""What a run is: the description that its checkpoints bear, and a sentence that says where two runs differ."""

import hashlib
import json
import re

import keras
import numpy as np

from dlguide import _rows
from dlguide.training import _processes, _state
from dlguide.training._data import Data

FORMAT = 4  # Of a checkpoint, and of the numbers that a run gives.
COMPILED = ("optimizer", "loss", "loss_weights", "metrics", "weighted_metrics", "jit_compile")


def config(model, train: Data, valid: Data | None, callbacks, options: dict) -> dict:
    """Describe a run in plain values: runs that could differ get different descriptions."""
    arrays = train.content if train.is_arrays else (train.content,)
    content = {
        **dict(zip(("x", "y", "sample_weight"), arrays, strict=False)),
        "validation_data": valid and valid.content,
    }
    if not train.is_arrays:  # They change nothing there.
        options = {name: value for name, value in options.items() if name not in ("batch_size", "seed")}
    return model_config(model, options) | {
        "data": {name: _digest(part) for name, part in content.items() if part is not None},
        "callbacks": _plain([_state.description(callback) for callback in callbacks]),
    }


def model_config(model, options: dict) -> dict:
    """Describe the part of a run that does not depend on its data: the compiled model, the options, the backend."""
    try:
        layers, compiled = model.get_config(), model.get_compile_config() or {}
    except (NotImplementedError, TypeError, ValueError) as error:
        raise ValueError(
            "`model` must be one that can be saved where a `run_dir` is given: it needs a `get_config`. "
            f"Received: model={model!r} ({str(error).strip().splitlines()[0]})"
        ) from None
    names = {layer.name: i for i, layer in enumerate(getattr(model, "layers", ()))}
    text = json.dumps(_numbered(layers, names), default=_without_address, sort_keys=True)
    description = {
        "format": FORMAT,
        "backend": keras.backend.backend(),
        "processes": _processes.place()[1],
        **options,
        "model": hashlib.sha256(text.encode()).hexdigest()[:16],
        **{name: _numbered(compiled.get(name), {}) for name in COMPILED},
    }
    return _plain(description)


def _plain(description):
    return json.loads(json.dumps(description, default=_without_address))


def _without_address(value) -> str:
    return re.sub(r" at 0x[0-9a-f]+", "", repr(value))


def _numbered(value, names: dict[str, int]):
    """Leave names out, and put the layer's number where one layer speaks of another."""
    if isinstance(value, dict):
        return {key: _numbered(v, names) for key, v in value.items() if key != "name"}
    if isinstance(value, list | tuple):
        return [_numbered(v, names) for v in value]
    return f"layer {names[value]}" if isinstance(value, str) and value in names else value


def _digest(content) -> str:
    digest = hashlib.sha256()
    for part in keras.tree.flatten(content):
        if isinstance(part, np.ndarray):
            digest.update(f"{part.dtype} {part.shape}".encode())
            for _, rows in _rows.blocks(part):
                digest.update(np.ascontiguousarray(rows).data)
        else:  # Of a data set the kind of its batches alone.
            digest.update(f"{getattr(part, 'element_spec', type(part).__name__)}".encode())
    return digest.hexdigest()[:16]


def difference(there: dict, here: dict) -> str:
    """Say where the configurations of two runs differ, as "epochs 3 there, 2 here"; "" where one can be the other.

    A run of more epochs is the same run, unless its learning rate follows a schedule.
    """
    is_longer = there.get("epochs", 0) < here["epochs"]
    has_schedule = _has_schedule(here["optimizer"])
    if is_longer and not has_schedule:
        there = {**there, "epochs": here["epochs"]}
    text = "; ".join(_differences(there, here))
    if is_longer and has_schedule:
        text += ". A run whose learning rate is a schedule cannot be extended: a schedule is made for a number of steps"
    return text


def _has_schedule(optimizer) -> bool:
    """Tell whether a serialised optimizer, or one within it, has a learning rate that is no number."""
    if isinstance(optimizer, dict):
        rate = optimizer.get("learning_rate", 0.0)
        return isinstance(rate, dict | str) or any(map(_has_schedule, optimizer.values()))
    return isinstance(optimizer, list) and any(map(_has_schedule, optimizer))


def _differences(there, here, name: str = ""):
    if isinstance(there, dict) and isinstance(here, dict):
        for key in dict.fromkeys((*here, *there)):
            yield from _differences(there.get(key), here.get(key), f"{name}.{key}" if name else key)
    elif isinstance(there, list) and isinstance(here, list) and len(there) == len(here):
        for i, (a, b) in enumerate(zip(there, here, strict=True)):
            yield from _differences(a, b, f"{name}[{i}]")
    elif there != here:
        yield f"{name} {there!r} there, {here!r} here"
