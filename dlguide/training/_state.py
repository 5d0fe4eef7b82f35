"""State as plain values and arrays, and back: of variables, generators, containers, and whatever answers `get_state`.

A code is what JSON has: a plain value, or a dict of one kind and its content. Arrays lie beside it under a name.
"""

import collections
import hashlib
import json
from collections.abc import Callable

import keras
import numpy as np

from dlguide import _private_apis

PLAIN = (type(None), bool, int, float, str)
SEQUENCES = {kind.__name__: kind for kind in (list, tuple, set, frozenset)}
DICTS = {kind.__name__: kind for kind in (dict, collections.OrderedDict, collections.Counter)}
FACTORIES = {kind.__name__: kind for kind in (list, dict, set, int, float, str, bool, tuple)}  # Of a `defaultdict`.


def as_array(variable) -> np.ndarray:
    """Return the value of a variable; of the variable itself NumPy would warn."""
    value = variable.value if isinstance(variable, keras.Variable) else variable
    return np.asarray(keras.ops.convert_to_numpy(value))


def variables_of(value) -> list | None:
    """Return the variables of an optimizer, a metric, a layer, a model or a seed generator; None of anything else."""
    if isinstance(value, keras.Variable):
        return [value]
    if isinstance(value, keras.random.SeedGenerator):
        return [value.state]
    variables = getattr(value, "variables", None)
    is_list = isinstance(variables, list | tuple) and all(isinstance(v, keras.Variable) for v in variables)
    return list(variables) if is_list else None


def has_protocol(value) -> bool:
    """Return whether an object itself gives and takes its state."""
    return callable(getattr(value, "get_state", None)) and callable(getattr(value, "set_state", None))


def encode(value, store: Callable[[np.ndarray], str], known: set[int] = frozenset()):
    """Return the code of a value, or raise TypeError.

    `store` takes an array and returns its name. Variables whose `id` is `known` are kept elsewhere.
    """

    def each(parts):
        return [encode(part, store, known) for part in parts]

    if type(value) in PLAIN:
        return value
    is_array = isinstance(value, np.ndarray | np.generic)
    if is_array and (value.dtype.kind not in "OV" or value.dtype.name == "bfloat16"):
        return {"array": store(np.asarray(value)), "dtype": value.dtype.name, "scalar": isinstance(value, np.generic)}
    for word, function in _private_apis.COMPARISONS.items():
        if value is function:
            return {"comparison": word}
    if isinstance(value, np.random.Generator):
        return {"generator": encode(value.bit_generator.state, store)}
    variables = variables_of(value)
    if variables is not None:
        return {"variables": each(as_array(variable) for variable in variables if id(variable) not in known)}
    if has_protocol(value):
        return {"state": encode(value.get_state(), store, known)}
    if type(value) is collections.deque:
        return {"deque": each(value), "maxlen": value.maxlen}
    if type(value) is collections.defaultdict:
        return {
            "defaultdict": list(map(each, value.items())),
            "factory": getattr(value.default_factory, "__name__", ""),
        }
    if type(value).__name__ in DICTS and isinstance(value, dict):
        return {type(value).__name__: list(map(each, value.items()))}
    if type(value) in SEQUENCES.values():
        return {type(value).__name__: each(value)}
    raise TypeError(type(value).__name__)


def decode(code, arrays: dict, known: set[int] = frozenset(), now=None):
    """Return the value of a code; `now`, the present value in its place, is changed if it cannot be made anew."""
    if not isinstance(code, dict):
        return code
    kind, content = next(iter(code.items()))
    if kind == "array":
        array = arrays[content]
        # A copy: the checkpoint may be used again.
        array = array.astype("bfloat16") if code["dtype"] == "bfloat16" else array.copy()
        return array[()] if code["scalar"] else array
    if kind == "comparison":
        return _private_apis.COMPARISONS[content]
    if kind == "generator":
        return _generator(decode(content, arrays), now)
    if kind == "variables":
        return _assigned(now, content, arrays, known)
    if kind == "state":
        if not has_protocol(now):
            raise _missing("an object with `set_state`", now)
        now.set_state(decode(content, arrays, known))
        return now
    if kind == "defaultdict" or kind in DICTS:
        return _mapping(code, arrays, known, now)
    parts = now if isinstance(now, list | tuple | collections.deque) else ()
    parts = [*parts, *[None] * (len(content) - len(parts))]
    values = [decode(part, arrays, known, old) for part, old in zip(content, parts, strict=False)]
    return collections.deque(values, code["maxlen"]) if kind == "deque" else SEQUENCES[kind](values)


def _generator(state: dict, now) -> np.random.Generator:
    if not isinstance(now, np.random.Generator) or now.bit_generator.state["bit_generator"] != state["bit_generator"]:
        now = np.random.Generator(getattr(np.random, state["bit_generator"])())
    now.bit_generator.state = state
    return now


def _assigned(now, content: list, arrays: dict, known: set[int]):
    variables = [variable for variable in variables_of(now) or () if id(variable) not in known]
    if len(variables) != len(content):
        raise _missing(f"an object with {len(content)} variables, built before the run", now)
    for variable, value in zip(variables, content, strict=True):
        variable.assign(decode(value, arrays))
    return now


def _mapping(code: dict, arrays: dict, known: set[int], now) -> dict:
    kind, content = next(iter(code.items()))
    old = now if isinstance(now, dict) else {}
    keys = [decode(key, arrays) for key, _ in content]
    pairs = [(key, decode(part, arrays, known, old.get(key))) for key, (_, part) in zip(keys, content, strict=True)]
    if type(now).__name__ == kind:  # Also a `defaultdict` whose way to make an entry is a function of the user's.
        now.clear()
        now.update(pairs)
        return now
    if kind in DICTS:
        return DICTS[kind](pairs)
    if code["factory"] not in FACTORIES:
        raise _missing("a defaultdict", now)
    return collections.defaultdict(FACTORIES[code["factory"]], pairs)


def _missing(what: str, now) -> ValueError:
    return ValueError(
        f"The state of a checkpoint must find {what}, in its place. "
        f"Received: {'nothing' if now is None else type(now).__name__}"
    )


def digest(value, known: set[int] = frozenset()) -> str | None:
    """Return a hash of the state of a value; None if it has no code."""
    found = hashlib.sha256()

    def store(array):
        found.update(np.ascontiguousarray(array).tobytes())
        return str(array.shape)

    try:
        found.update(json.dumps(encode(value, store, known)).encode())
    except TypeError:
        return None
    return found.hexdigest()
