"""Checks of arguments: each returns a plain Python value, or raises an `ValueError` with the same wording."""

import difflib
import math
import numbers
import operator
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

FLIPS = ("horizontal", "vertical", "horizontal_and_vertical")
CHANGES = ("flip", "shift", "rotation", "zoom", "shear")


def error(name: str, must_be: str, value: Any) -> ValueError:
    """Return (not raise) the error for one bad argument."""
    return ValueError(f"`{name}` must be {must_be}. Received: {name}={value!r}")


def shape_error(must: str, **arrays) -> ValueError:
    """Return (not raise) the error for arrays of wrong shapes; `must` says which ones they must have."""
    received = ", ".join(f"{name} of shape {np.shape(array)}" for name, array in arrays.items())
    return ValueError(f"{must}. Received: {received}")


def integer(name: str, value: Any, *, at_least: int = 1, optional: bool = False) -> int | None:
    """Return `value` as an `int`, or raise; NumPy integers pass, booleans and floats do not."""
    if optional and value is None:
        return None
    number = _as_integer(value)
    if number is None or number < at_least:
        raise error(name, f"an integer of at least {at_least}{' or None' if optional else ''}", value)
    return number


def integers(name: str, values: Any, *, at_least_one: bool = False) -> tuple[int, ...]:
    """Return `values` as a tuple of `int` above 0, or raise."""
    some = "one or more integers" if at_least_one else "integers"
    wrong = error(name, f"a sequence of {some}, each at least 1", values)
    if isinstance(values, str | bytes | dict) or not isinstance(values, Iterable):
        raise wrong
    checked = tuple(_as_integer(value) for value in values)
    if any(number is None or number < 1 for number in checked) or (at_least_one and not checked):
        raise wrong
    return checked


def shape(name: str, value: Any) -> tuple[int, ...]:
    """Return the shape of one example, without the batch axis."""
    return integers(name, value, at_least_one=True)


def text_of_shape(sizes: Sequence[int | None]) -> str:
    """Return the text for the shape of examples of these sizes, such as `(n, 28, 28)`."""
    text = ", ".join(["n", *("any" if size is None else str(size) for size in sizes)])
    return f"({text})" if len(sizes) else f"({text},)"


def fits(sizes: Sequence[int], wanted: Sequence[int | None]) -> bool:
    """Return whether sizes are the wanted ones, None for any."""
    return len(sizes) == len(wanted) and all(a in (None, b) for a, b in zip(wanted, sizes, strict=True))


def image_shape(name: str, value: Any, *, halvings: int) -> tuple[int, ...]:
    """Return `(height, width, channels)`, or raise if height and width cannot be halved that often."""
    sizes = shape(name, value)
    if len(sizes) != 3 or any(size % 2**halvings for size in sizes[:2]):
        must_be = f"(height, width, channels), height and width multiples of {2**halvings} for {halvings} halvings"
        raise error(name, must_be, value)
    return sizes


def number(name: str, value: Any, *, above: float = -math.inf, at_least: float = -math.inf) -> float:
    """Return `value` as a finite `float` inside its range, or raise."""
    limit = f" of at least {at_least}" if at_least > -math.inf else f" above {above}" if above > -math.inf else ""
    if not _is_real(value) or not above < value < math.inf or value < at_least:
        raise error(name, f"a number{limit}", value)
    return float(value)


def rate(name: str, value: Any) -> float:
    """Return a dropout rate in [0, 1), or raise."""
    if not _is_real(value) or not 0 <= value < 1:
        raise error(name, "a number in [0, 1)", value)
    return float(value)


def flag(name: str, value: Any) -> bool:
    """Return a `bool`, or raise."""
    if not isinstance(value, bool | np.bool_):
        raise error(name, "True or False", value)
    return bool(value)


def choice(name: str, value: Any, choices: Sequence[str]) -> str:
    """Return `value` if it is one of `choices`, or raise; the error suggests the nearest one."""
    if value in choices:
        return value
    near = difflib.get_close_matches(str(value), choices, n=1)
    hint = f". Did you mean {near[0]!r}?" if near else ""
    raise ValueError(f"{error(name, 'one of ' + ', '.join(map(repr, choices)), value)}{hint}")


def changes(name: str, value: Any, *, optional: bool = False) -> dict | None:
    """Return random changes of images, as in `Augmentation`, as plain values, or raise."""
    if optional and value is None:
        return None
    if not isinstance(value, Mapping) or not value or not set(value) <= set(CHANGES):
        must_be = f"a mapping with some of {', '.join(map(repr, CHANGES))}"
        raise error(name, f"{must_be}{', or None' if optional else ''}", value)
    checked = {}
    for kind, size in value.items():
        full_name = f"{name}[{kind!r}]"
        if kind == "flip":
            checked[kind] = choice(full_name, size, FLIPS)
        elif kind == "rotation":
            checked[kind] = number(full_name, size, at_least=0)
        elif kind == "shift" and isinstance(size, tuple | list) and len(size) == 2:
            checked[kind] = tuple(rate(full_name, share) for share in size)
        else:
            checked[kind] = rate(full_name, size)
    return checked


def _as_integer(value: Any) -> int | None:
    if isinstance(value, bool | np.bool_):
        return None
    try:
        return operator.index(value)
    except TypeError:
        return None


def _is_real(value: Any) -> bool:
    return isinstance(value, numbers.Real) and not isinstance(value, bool)
