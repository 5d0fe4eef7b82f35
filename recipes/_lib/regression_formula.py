"""A polynomial regression as coefficients and as a formula."""

import itertools
import math
from collections import defaultdict
from collections.abc import Sequence

import keras
import numpy as np


def coefficients(model: keras.Model, feature_names: Sequence[str] = ()) -> dict[tuple[str, ...], float]:
    """Return the coefficients of a `linear_regression` or `polynomial_regression`, in the units of its input.

    The key is `()` for the constant, `("weight",)` for a variable, `("weight", "weight")` for its square. Without
    names the variables are `x1, x2, ...`.
    """
    features = model.get_layer("features")
    mean, scale, centre, rotation = (np.asarray(w, "float64") for w in features.get_weights())
    kernel, bias = (np.asarray(w, "float64") for w in model.get_layer("output").get_weights())
    names = list(feature_names) or [f"x{i + 1}" for i in range(len(mean))]

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


def formula(model: keras.Model, feature_names: Sequence[str], target_name: str) -> str:
    """Return a line such as `mpg = 46.22 - 0.007647 · weight`, with four significant digits."""
    terms = coefficients(model, feature_names)
    text = f"{target_name} = {terms.pop(()):.4g}"
    for key, value in terms.items():
        powers = [name if (n := key.count(name)) == 1 else f"{name}^{n}" for name in dict.fromkeys(key)]
        text += f" {'-' if value < 0 else '+'} {abs(value):.4g} · {' · '.join(powers)}"
    return text
