"""A regression model as coefficients and as a formula."""

import itertools
import math
from collections import defaultdict
from collections.abc import Sequence

import keras
import numpy as np

from dlguide import _checks, _layer_names
from dlguide.feedforward import PolynomialFeatures


def coefficients(model: keras.Model, feature_names: Sequence[str] = ()) -> dict[tuple[str, ...], float]:
    """Return the coefficients of a `linear_regression` or `polynomial_regression`, in the units of its input.

    Args:
        model: A model of one of those builders.
        feature_names: A name for each input variable. If empty, `x1, x2, ...`.

    Returns:
        The coefficient of each product of variables: `()` for the constant, `("weight",)` for a variable,
        `("weight", "weight")` for its square. They are computed in float64.

    Raises:
        ValueError: If the model was made by another builder, or the number of names differs.

    Example:
        >>> from dlguide import linear_regression
        >>> coefficients(linear_regression((1,)), ["weight"])
        {(): 0.0, ('weight',): 0.0}
    """
    layers = _layer_names.layers_by_name(model)
    features = layers.get(_layer_names.POLYNOMIAL)
    if not isinstance(features, PolynomialFeatures) or _layer_names.OUTPUT not in layers:
        raise _checks.error("model", "made by `linear_regression` or `polynomial_regression`", model.name)
    mean, scale, centre, rotation = (np.asarray(w, "float64") for w in features.get_weights())
    kernel, bias = (np.asarray(w, "float64") for w in layers[_layer_names.OUTPUT].get_weights())
    names = [str(name) for name in feature_names] or [f"x{i + 1}" for i in range(len(mean))]
    if len(names) != len(mean) or len(set(names)) < len(names):
        raise _checks.error("feature_names", f"{len(mean)} different names, one for each variable", feature_names)

    of_products = rotation @ kernel[:, 0]
    total = defaultdict(float, {(): bias[0] - centre @ of_products})
    total |= {(name,): 0.0 for name in names}
    # Expand the product of (x_i - mean_i) / scale_i: each factor contributes either x_i or the constant.
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
        feature_names: A name for each input variable. If empty, `x1, x2, ...`.
        target_name: Name of the output.

    Returns:
        A line such as `mpg = 46.22 - 0.007647 · weight`, with four significant digits.

    Raises:
        ValueError: If the model was made by another builder, or the number of names differs.

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
