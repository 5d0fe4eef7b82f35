"""What a checkpoint holds: all that the next step of a run depends on. `capture` reads it, `restore` sets it."""

import dataclasses
import inspect
import json

import keras
import numpy as np

from dlguide import _private_apis
from dlguide._identity import ByIdentity
from dlguide.training import _fingerprint, _state


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


LARGE = 2**16  # Bytes.
# Of each callback: hashes of its attributes when a run first got it.
_FIRST = ByIdentity()


def check_owner(owner) -> None:
    """Refuse an object whose state cannot be kept; note the attributes of a callback before a run changes them."""
    if isinstance(owner, keras.callbacks.Callback) and not _state.has_protocol(owner):
        if _FIRST.get(owner) is None:
            _FIRST.set(owner, {name: _state.digest(value) for name, value in _attributes(owner).items()})
        return
    is_kept = _state.variables_of(owner) is not None or isinstance(owner, np.random.Generator)
    if not is_kept and not _state.has_protocol(owner):
        raise ValueError(
            "`keep` must get objects with `get_state` and `set_state`, NumPy generators, or objects of Keras's with "
            f"variables. Received: {type(owner).__name__}"
        )


def capture(model: keras.Model | None, owners, progress: Progress) -> tuple[dict, list[str]]:
    """Return weights, seeds, optimizers, the metrics of the epoch so far, and the states of the `owners`.

    Beside the arrays, return what could not be kept, such as "Counter.writer (object)".
    """
    arrays: dict[str, np.ndarray] = {}

    def store(array: np.ndarray) -> str:
        name = f"array_{len(arrays)}"
        # NumPy's files have no bfloat16; float32 holds it exactly, and assigning turns it back.
        arrays[name] = array.astype("float32") if array.dtype.name == "bfloat16" else array
        return name

    state = {"progress": dataclasses.asdict(progress), "owners": [], "unkept": []}
    variables = _variables(model)
    state["variables"] = [_state.encode(_state.as_array(variable), store) for variable in variables]
    if model is not None:
        places = {id(variable): place for place, variable in enumerate(model.variables)}
        built_for = [_private_apis.optimized_variables(optimizer) for optimizer in _optimizers(model)]
        state["optimizers"] = [[places[id(v)] for v in weights if id(v) in places] for weights in built_for]
    if model is not None and progress.step:
        state["metrics"] = [_state.encode(_state.as_array(variable), store) for variable in model.metrics_variables]
    known = set(map(id, variables))
    for owner in owners:
        if isinstance(owner, keras.callbacks.Callback) and not _state.has_protocol(owner):
            state["owners"].append(_attribute_codes(owner, store, known, state["unkept"]))
        else:
            state["owners"].append(_state.encode(owner, store, known))
    seed_state = _private_apis.global_seed_state()
    state["global_seed"] = None if seed_state is None else _state.encode(_state.as_array(seed_state), store)
    if keras.backend.backend() == "torch":
        import torch

        state["torch"] = _state.encode(torch.get_rng_state().numpy(), store)
    unkept = state.pop("unkept")
    return {"state": np.array(json.dumps(state)), **arrays}, unkept


def restore(model: keras.Model | None, owners, saved: dict[str, np.ndarray]) -> None:
    """Give the model, its optimizers, its metrics and the `owners` the state of a checkpoint."""
    state = json.loads(str(saved["state"]))
    if model is not None:
        lacks_variables(model, saved)
    variables = _variables(model)
    _assign(variables, state["variables"], saved)
    if "metrics" in state:
        # A loop of one's own may make them in its first step.
        metrics = model.metrics_variables
        _assign(metrics, state["metrics"][: len(metrics)], saved)
    known = set(map(id, variables))
    for owner, code in zip(owners, state["owners"], strict=True):
        if isinstance(owner, keras.callbacks.Callback) and not _state.has_protocol(owner):
            _set_attributes(owner, code, saved, known)
        else:
            _state.decode(code, saved, known, owner)
    if state["global_seed"] is not None:
        _private_apis.set_global_seed_state(_state.decode(state["global_seed"], saved))
    if "torch" in state:
        import torch

        torch.set_rng_state(torch.from_numpy(_state.decode(state["torch"], saved)))


def _assign(variables: list, codes: list, saved: dict) -> None:
    if len(variables) != len(codes):
        raise ValueError(
            f"`model` must have the variables of the checkpoint: build it, its metrics and its optimizers before the "
            f"run. Received: {len(variables)} variables, {len(codes)} in the checkpoint"
        )
    for variable, code in zip(variables, codes, strict=True):
        variable.assign(_state.decode(code, saved))


def lacks_variables(model: keras.Model, saved: dict[str, np.ndarray]) -> bool:
    """Build a model's optimizers as they were, and return whether it has fewer variables than the checkpoint."""
    state = json.loads(str(saved["state"]))
    for optimizer, places in zip(_optimizers(model), state["optimizers"], strict=False):
        if places and not optimizer.built and max(places) < len(model.variables):  # It has made no step here.
            optimizer.build([model.variables[place] for place in places])
    is_short = len(_variables(model)) < len(state["variables"])
    return is_short or len(model.metrics_variables) < len(state.get("metrics", ()))


def other_shapes(model: keras.Model, saved: dict[str, np.ndarray]) -> str:
    """Say which weight of a built model has another shape in the checkpoint; "" if none has."""
    codes = json.loads(str(saved["state"]))["variables"]
    for variable, code in zip(model.variables, codes, strict=False):
        there, here = saved[code["array"]].shape, tuple(variable.shape)
        if there != here:
            return f"{variable.path} of shape {there} there, {here} here"
    return ""


def _optimizers(model) -> list[keras.optimizers.Optimizer]:
    """Return a model's optimizer, and those that one with a `train_step` of its own has beside it."""
    if model is None:
        return []
    first = getattr(model, "optimizer", None)
    others = [value for value in vars(model).values() if isinstance(value, keras.optimizers.Optimizer)]
    return [each for each in (first, *(other for other in others if other is not first)) if each is not None]


def _variables(model) -> list:
    # `variables` has the seed generators' states, which `weights` has not.
    optimizers = _optimizers(model)
    return [] if model is None else [*model.variables, *(v for each in optimizers for v in each.variables)]


def _attributes(callback) -> dict:
    # Where it writes may be another place now.
    places = _fingerprint.OF_OUTPUT.intersection(inspect.signature(type(callback).__init__).parameters)
    left_out = places.union(_private_apis.CALLBACK_ATTRIBUTES)
    return {name: value for name, value in vars(callback).items() if name not in left_out}


def _attribute_codes(callback, store, known: set[int], unkept: list[str]) -> dict:
    """Return the codes of a callback's attributes; of large arrays that no run has changed only a hash."""
    codes = {}
    for name, value in _attributes(callback).items():
        new: list[np.ndarray] = []
        try:
            _state.encode(value, lambda array, new=new: new.append(array), known)
        except TypeError:
            is_code = callable(value) or inspect.ismodule(value)  # The same in each process.
            # Keras's own callbacks open their files anew in each `fit`.
            if not is_code and not type(callback).__module__.startswith(("keras.", "dlguide.")):
                unkept.append(f"{type(callback).__name__}.{name} ({type(value).__name__})")
            continue
        first = _FIRST.get(callback).get(name)
        if sum(array.nbytes for array in new) >= LARGE and first == _state.digest(value, known):
            codes[name] = {"unchanged": first}
        else:
            codes[name] = _state.encode(value, store, known)
    return codes


def _set_attributes(callback, codes: dict, saved: dict, known: set[int]) -> None:
    for name, code in codes.items():
        now = getattr(callback, name, None)
        if not isinstance(code, dict) or "unchanged" not in code:
            setattr(callback, name, _state.decode(code, saved, known, now))
        elif _FIRST.get(callback).get(name) == code["unchanged"] != _state.digest(now, known):
            raise ValueError(
                f"`callbacks` must have a new {type(callback).__name__}: a run has changed `{name}` of this one since "
                "the checkpoint, which has a hash of it only."
            )
