"""A regression model of `linear_regression` or `polynomial_regression` as coefficients and as a formula."""

import itertools
import math
from collections import defaultdict
from collections.abc import Sequence

import keras
import numpy as np

from dlguide import _checks


def coefficients(model: keras.Model, feature_names: Sequence[str] = ()) -> dict[tuple[str, ...], float]:
    """Read a `linear_regression` or `polynomial_regression` back, in the units of its input.

    Args:
        model: A model of one of those builders.
        feature_names: A name for each input variable; `x1, x2, ...` where it is empty.

    Returns:
        The coefficient of each product of variables: `()` for the constant, `("weight",)`,
        `("weight", "weight")` for its square, and so on, computed in float64.

    Raises:
        ValueError: If the model is another one, or there are too few or too many names.

    Example:
        >>> from dlguide import linear_regression
        >>> coefficients(linear_regression((1,)), ["weight"])
        {(): 0.0, ('weight',): 0.0}
    """
    layers = {layer.name: layer for layer in model.layers}
    if not {"features", "output"} <= set(layers):
        raise _checks.error("model", "made by `linear_regression` or `polynomial_regression`", model.name)
    features = layers["features"]
    mean, scale, centre, rotation = (
        keras.ops.convert_to_numpy(w).astype("float64")
        for w in (features.mean, features.scale, features.centre, features.rotation)
    )
    kernel, bias = (np.asarray(w, "float64") for w in layers["output"].get_weights())
    names = list(feature_names) or [f"x{i + 1}" for i in range(len(mean))]
    if len(names) != len(mean):
        raise _checks.error("feature_names", f"{len(mean)} names, one for each variable", feature_names)

    of_products = rotation @ kernel[:, 0]
    total = defaultdict(float, {(): bias[0] - centre @ of_products})
    total |= {(name,): 0.0 for name in names}
    # A product of (x_i - mean_i) / scale_i, multiplied out: from each factor either x_i or the constant.
    for term, coefficient in zip(features.terms, of_products, strict=True):
        factor = coefficient / math.prod(scale[i] for i in term)
        for taken in itertools.product((True, False), repeat=len(term)):
            key = tuple(names[i] for i, take in zip(term, taken, strict=True) if take)
            total[key] += factor * math.prod(-mean[i] for i, take in zip(term, taken, strict=True) if not take)
    return {key: float(value) for key, value in total.items()}


def formula(model: keras.Model, feature_names: Sequence[str] = (), target_name: str = "y") -> str:
    """Write a `linear_regression` or `polynomial_regression` as a formula.

    Args:
        model: A model of one of those builders.
        feature_names: A name for each input variable; `x1, x2, ...` where it is empty.
        target_name: Name of the output.

    Returns:
        A line such as `mpg = 46.22 - 0.007647 · weight`, four significant digits.

    Raises:
        ValueError: As `coefficients`.

    Example:
        >>> from dlguide import linear_regression
        >>> formula(linear_regression((1,)), ["weight"], "mpg")
        'mpg = 0 + 0 · weight'
    """
    terms = coefficients(model, feature_names)
    text = f"{target_name} = {terms.pop(()):.4g}"
    for key, value in terms.items():
        powers = [name if (n := key.count(name)) == 1 else f"{name}^{n}" for name in dict.fromkeys(key)]
        text += f" {'-' if value < 0 else '+'} {abs(value):.4g} · {' · '.join(powers)}"
    return text
