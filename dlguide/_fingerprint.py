"""Whose run it is: what a checkpoint belongs to, and a sentence that says what differs."""

import hashlib
import json
import re

import keras
import numpy as np

from dlguide import _batches

COMPILED = ("optimizer", "loss", "loss_weights", "metrics", "weighted_metrics", "jit_compile")


def of(model, x, y, validation_data) -> dict:
    """Describe a model, as it is compiled, and data, so that two that give other bits differ; plain values only."""
    try:
        layers, compiled = model.get_config(), model.get_compile_config() or {}
    except (NotImplementedError, TypeError):  # A model without a config: its shapes alone.
        layers, compiled = [type(model).__name__, [tuple(v.shape) for v in model.variables]], {}
    names = {layer.name: i for i, layer in enumerate(getattr(model, "layers", ()))}
    text = json.dumps(_numbered(layers, names), default=_without_address, sort_keys=True)
    parts = {"x": x, "y": y, "validation_data": validation_data}
    content = {
        "model": hashlib.sha256(text.encode()).hexdigest()[:16],
        **{name: _numbered(compiled.get(name), {}) for name in COMPILED},
        "data": {name: _digest(part) for name, part in parts.items() if part is not None},
    }
    return json.loads(json.dumps(content, default=_without_address))


def _without_address(value) -> str:
    return re.sub(r" at 0x[0-9a-f]+", "", repr(value))


def _numbered(value, names: dict[str, int]):
    """Leave names out, and put the layer's number where one layer speaks of another."""
    if isinstance(value, dict):
        return {key: _numbered(v, names) for key, v in value.items() if key != "name"}
    if isinstance(value, list | tuple):
        return [_numbered(v, names) for v in value]
    return f"layer {names[value]}" if isinstance(value, str) and value in names else value


def _digest(arrays) -> str:
    digest = hashlib.sha256()
    for array in keras.tree.flatten(arrays):
        if isinstance(array, np.ndarray):
            digest.update(f"{array.dtype} {array.shape}".encode())
            for _, rows in _batches.blocks(array):
                digest.update(np.ascontiguousarray(rows).data)
        elif hasattr(array, "element_spec"):
            digest.update(f"{array.element_spec}".encode())
    return digest.hexdigest()[:16]


def differences(there, here, name: str = ""):
    """Say where two configurations differ, as "epochs 2 there, 3 here"."""
    if isinstance(there, dict) and isinstance(here, dict):
        for key in dict.fromkeys((*here, *there)):
            yield from differences(there.get(key), here.get(key), f"{name}.{key}" if name else key)
    elif isinstance(there, list) and isinstance(here, list) and len(there) == len(here):
        for i, (a, b) in enumerate(zip(there, here, strict=True)):
            yield from differences(a, b, f"{name}[{i}]")
    elif there != here:
        yield f"{name} {there!r} there, {here!r} here"
