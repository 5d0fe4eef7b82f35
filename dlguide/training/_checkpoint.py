"""What a checkpoint holds: all that the next step of a run depends on. `capture` reads it, `restore` sets it."""

import collections
import dataclasses
import inspect
import json
from typing import Any

import keras
import numpy as np

from dlguide import _keras
from dlguide.errors import ArgumentError
from dlguide.training import _fingerprint

PLAIN = (type(None), bool, int, float, str)
SEQUENCES = {kind.__name__: kind for kind in (list, tuple, set, frozenset, collections.deque)}


@dataclasses.dataclass
class Progress:
    """How far a run is."""

    epochs: int = 0  # Of the call that wrote the checkpoint.
    epoch: int = 0
    step: int = 0
    seconds: float = 0.0
    stopped: bool = False  # By a callback, `patience` included, at the end of an epoch.
    epoch_seconds: list[float] = dataclasses.field(default_factory=list)


def progress(saved: dict[str, np.ndarray]) -> Progress:
    """Return how far the run of a checkpoint is; a new run is at its start."""
    return Progress(**json.loads(str(saved["state"]))["progress"]) if saved else Progress()


def capture(model: keras.Model | None, kept, progress: Progress) -> tuple[dict, list[str]]:
    """Return weights, seeds, optimizer, the metrics of the epoch so far, and the attributes of the `kept` objects.

    Beside the arrays, return what could not be kept, such as "Counter.writer (object)".
    """
    arrays: dict[str, np.ndarray] = {}
    variables = _variables(model)
    if model is not None:
        _keras.synchronise(model)
        arrays |= {f"variable_{i}": _value(variable) for i, variable in enumerate(variables)}
        if progress.step:
            arrays |= {f"metric_{i}": _value(variable) for i, variable in enumerate(model.metrics_variables)}
    known, attributes, unkept = set(map(id, variables)), [], []
    for owner in kept:
        attributes.append({})
        for name, value in _attributes(owner).items():
            new: dict[str, np.ndarray] = {}
            try:
                attributes[-1][name] = _encoded(value, new, known, f"array_{len(arrays)}_")
                arrays |= new
            except TypeError:
                is_code = callable(value) or inspect.ismodule(value)  # The same in each process.
                # Keras's own callbacks open their files anew in each `fit`.
                if not is_code and not type(owner).__module__.startswith(("keras.", "dlguide.")):
                    unkept.append(f"{type(owner).__name__}.{name} ({type(value).__name__})")
    seed_state = _keras.global_seed_state()
    if seed_state is not None:
        arrays["global_seed"] = _value(seed_state)
    if keras.backend.backend() == "torch":
        import torch

        arrays["torch"] = torch.get_rng_state().numpy()
    state = {"progress": dataclasses.asdict(progress), "kept": attributes}
    return {"state": np.array(json.dumps(state)), **arrays}, unkept


def restore(model: keras.Model | None, kept, saved: dict[str, np.ndarray]) -> None:
    """Give the model, its optimizer, its metrics and the `kept` objects the state of a checkpoint."""
    state = json.loads(str(saved["state"]))
    variables = _variables(model)
    if f"variable_{len(variables)}" in saved:  # Those of an optimizer that has made no step in this process.
        model.optimizer.build(model.trainable_variables)
        variables = _variables(model)
    for i, variable in enumerate(variables):
        variable.assign(saved[f"variable_{i}"])
    if model is not None and state["progress"]["step"]:
        for i, variable in enumerate(model.metrics_variables):
            variable.assign(saved[f"metric_{i}"])
    known = set(map(id, variables))
    for owner, attributes in zip(kept, state["kept"], strict=True):
        for name, encoded in attributes.items():
            value = _decoded(encoded, saved, known, getattr(owner, name, None) if name else owner)
            if name:
                setattr(owner, name, value)
    if "global_seed" in saved:
        _keras.set_global_seed_state(saved["global_seed"])
    if "torch" in saved:
        import torch

        torch.set_rng_state(torch.from_numpy(saved["torch"]))


def _further_optimizers(model) -> list[keras.optimizers.Optimizer]:
    """Return the optimizers that a model with a `train_step` of its own has beside `optimizer`."""
    known = getattr(model, "optimizer", None)
    values = vars(model).values()
    return [value for value in values if isinstance(value, keras.optimizers.Optimizer) and value is not known]


def _variables(model) -> list:
    if model is None:
        return []
    optimizer = getattr(model, "optimizer", None)
    optimizers = [*([] if optimizer is None else [optimizer]), *_further_optimizers(model)]
    # `variables` has the seed generators' states, which `weights` has not.
    return [*model.variables, *(variable for each in optimizers for variable in each.variables)]


def _value(variable) -> np.ndarray:
    return _plain_dtype(np.asarray(keras.ops.convert_to_numpy(variable)))


def _plain_dtype(array: np.ndarray) -> np.ndarray:
    # NumPy's files have no bfloat16; float32 holds it exactly, and assigning turns it back.
    return array.astype("float32") if array.dtype.name == "bfloat16" else array


def _attributes(owner) -> dict[str, Any]:
    """Return the attributes of an object that a checkpoint keeps: those that its class names, else all.

    Of an optimizer, a metric or a model, the variables: the object itself, under no name.
    """
    if hasattr(owner, "checkpoint_attributes"):
        return {name: getattr(owner, name) for name in owner.checkpoint_attributes}
    if _variables_of(owner) is not None:
        return {"": owner}
    # Where it writes may be another place now.
    places = _fingerprint.OF_OUTPUT.intersection(inspect.signature(type(owner).__init__).parameters)
    left_out = places.union(_keras.CALLBACK_ATTRIBUTES)
    return {name: value for name, value in vars(owner).items() if name not in left_out}


def _variables_of(value) -> list | None:
    """Return the variables of an optimizer, a metric, a layer, a model or a seed generator; None of anything else."""
    if isinstance(value, keras.Variable):
        return [value]
    if isinstance(value, keras.random.SeedGenerator):
        return [value.state]
    variables = getattr(value, "variables", None)
    is_list = isinstance(variables, list | tuple) and all(isinstance(v, keras.Variable) for v in variables)
    return list(variables) if is_list else None


def _encoded(value, arrays: dict, known: set[int], prefix: str) -> dict:
    """Return a value as JSON has it, with its arrays in `arrays`, or raise TypeError."""

    def each(parts):
        return [_encoded(part, arrays, known, prefix) for part in parts]

    if type(value) in PLAIN:
        return {"plain": value}
    is_array = isinstance(value, np.ndarray | np.generic)
    if is_array and (value.dtype.kind not in "OV" or value.dtype.name == "bfloat16"):
        name = f"{prefix}{len(arrays)}"
        arrays[name] = _plain_dtype(np.asarray(value))
        return {"array": name, "dtype": value.dtype.name, "is_scalar": isinstance(value, np.generic)}
    for word, function in _keras.COMPARISONS.items():
        if value is function:
            return {"comparison": word}
    if isinstance(value, np.random.Generator):
        return {"generator": each([value.bit_generator.state])[0]}
    variables = _variables_of(value)
    if variables is not None:
        return {"variables": each(_value(variable) for variable in variables if id(variable) not in known)}
    if isinstance(value, dict):
        return {"dict": [each(pair) for pair in value.items()]}
    if type(value) in SEQUENCES.values():
        return {type(value).__name__: each(value)}
    raise TypeError


def _decoded(code: dict, saved: dict, known: set[int], now=None):
    """Return the value of a code; `now`, the present value, is changed in place if it cannot be made anew."""

    def each(parts):
        return [_decoded(part, saved, known) for part in parts]

    kind, content = next(iter(code.items()))
    if kind == "plain":
        return content
    if kind == "array":
        array = saved[content]
        # A copy: the checkpoint may be used again.
        array = array.astype("bfloat16") if code["dtype"] == "bfloat16" else array.copy()
        return array[()] if code["is_scalar"] else array
    if kind == "comparison":
        return _keras.COMPARISONS[content]
    if kind == "generator":
        now = np.random.default_rng() if now is None else now
        [now.bit_generator.state] = each([content])
    elif kind == "variables":
        variables = [variable for variable in _variables_of(now) or () if id(variable) not in known]
        if len(variables) != len(content):
            raise ArgumentError(
                f"`keep` must have objects with the variables of the checkpoint: build them before the run. Received: "
                f"{type(now).__name__} with {len(variables)} variables, {len(content)} in the checkpoint"
            )
        for variable, value in zip(variables, each(content), strict=True):
            variable.assign(value)
    elif kind == "dict":
        pairs = dict(map(each, content))
        if not isinstance(now, dict) or type(now) is dict:
            return pairs
        now.clear()  # A `defaultdict` keeps its way to make a new entry.
        now.update(pairs)
    elif kind == "deque":
        return collections.deque(each(content), now.maxlen if isinstance(now, collections.deque) else None)
    else:
        return SEQUENCES[kind](each(content))
    return now
