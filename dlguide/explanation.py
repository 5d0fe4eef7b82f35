"""Explanation: which parts of an input a model's answer comes from, by four methods."""

import contextlib
import itertools
from collections.abc import Callable, Iterator
from typing import Literal, get_args

import keras
import numpy as np
from keras import ops
from numpy.typing import ArrayLike

from dlguide import _checks, _data_checks

__all__ = ["attribution"]

Method = Literal["gradients", "integrated_gradients", "occlusion", "grad_cam"]
METHODS = get_args(Method)
BATCH = 256
"""Inputs that the model reads at once."""


def attribution(
    model: keras.Model,
    x: ArrayLike,
    *,
    target: ArrayLike | None = None,
    method: Method = "integrated_gradients",
    baseline: ArrayLike = 0.0,
    steps: int = 64,
    window: int = 3,
    stride: int = 1,
) -> np.ndarray:
    """Map how much each value of an input contributes to a model's score of a class.

    The score is the model's output for the class: best a logit, because a probability near 1 hardly changes. The model
    answers as in `predict`, with dropout and augmentation off, and nothing in it changes.

    - `"gradients"`: the gradient of the score, how fast it grows with each value.
    - `"integrated_gradients"`: the mean gradient on the straight line from `baseline` to the input, times the
      difference of the two. The values of a map add up to the score of the input minus that of `baseline`, the more
      exactly the more `steps`.
    - `"occlusion"`: by how much the score falls when a square window of the image is replaced by `baseline`. A pixel
      has the mean over the windows that cover it.
    - `"grad_cam"`: the sum of the feature maps of the last layer with outputs `(height, width, channels)`, each times
      the mean gradient of the score by it, without its negative values, enlarged to the size of the image.

    Args:
        model: A model with one input of floats and one output of shape `(batch, classes)` or `(batch, 1)`.
        x: Inputs of shape `(n, *input_shape)`, at least one. For occlusion and Grad-CAM they are images, of shape
            `(n, height, width, channels)`.
        target: The class to explain: an integer, or one for each example, of shape `(n,)`. None for the class with the
            largest score. A model of one output has the class 0 alone.
        method: One of the four above.
        baseline: An input that says nothing, for integrated gradients and occlusion: a number, such as 0 for black, or
            an array of the shape of one example.
        steps: Points on the line, for integrated gradients, at least 1.
        window: Height and width of the window in pixels, for occlusion, from 1 to those of the image.
        stride: Pixels from one window to the next, for occlusion, from 1 to `window`.

    Returns:
        A float32 array. For gradients and integrated gradients it has the shape of `x`, one signed value for each
        number. For occlusion and Grad-CAM it is of shape `(n, height, width)`, one value for each pixel.

    Raises:
        ValueError: If an argument is out of range, `x` or the model has another shape, or no layer suits Grad-CAM.

    Example:
        >>> from dlguide import cnn
        >>> images = np.random.default_rng(0).random((2, 8, 8, 1))
        >>> attribution(cnn((8, 8, 1), 10), images, method="occlusion").shape
        (2, 8, 8)

    Reference:
        Gradients: Simonyan, Vedaldi & Zisserman, "Deep inside convolutional networks" (2014); integrated: Sundararajan,
        Taly & Yan, "Axiomatic attribution for deep networks" (2017); occlusion: Zeiler & Fergus, "Visualizing and
        understanding convolutional networks" (2014); Selvaraju et al., "Grad-CAM" (2017).
    """
    method, steps = _checks.choice("method", method, METHODS), _checks.integer("steps", steps)
    window, stride = _checks.integer("window", window), _checks.integer("stride", stride)
    x = _inputs(model, x, needs_images=method in ("occlusion", "grad_cam"))
    baseline = _baseline(baseline, x.shape[1:])
    if method == "occlusion" and window > min(x.shape[1:3]):
        raise _checks.error("window", f"from 1 to {min(x.shape[1:3])}, the size of the images", window)
    if stride > window:
        raise ValueError(f"`stride` must be at most `window`. Received: stride={stride}, window={window}")

    rows = [slice(start, start + BATCH) for start in range(0, len(x), BATCH)]
    scores = np.concatenate([_scores(model, x[each]) for each in rows])
    target = _targets(target, scores)
    maps = {
        "gradients": lambda x, target, _: _input_gradient(model, x, target),
        "integrated_gradients": lambda x, target, _: _integrated_gradients(model, x, target, baseline, steps),
        "occlusion": lambda x, target, scores: _occlusion(model, x, target, scores, baseline, window, stride),
        "grad_cam": lambda x, target, _: _grad_cam(model, x, target),
    }
    return np.concatenate([maps[method](x[each], target[each], scores[each]) for each in rows]).astype("float32")


def _integrated_gradients(model, x, target, baseline, steps: int) -> np.ndarray:
    """By the midpoint rule, several points of the line in one call, where the batch has room for them."""
    difference, total = x - baseline, np.zeros(x.shape)
    shares = (np.arange(steps, dtype="float32") + 0.5) / steps
    at_once = max(1, BATCH // len(x))
    for first in range(0, steps, at_once):
        shown = shares[first : first + at_once].reshape(-1, *[1] * x.ndim)
        points = (baseline + shown * difference).reshape(-1, *x.shape[1:])
        gradients = _input_gradient(model, points, np.tile(target, len(shown)))
        total += gradients.reshape(len(shown), *x.shape).sum(axis=0)
    return difference * total / steps


def _occlusion(model, x, target, scores, baseline, window: int, stride: int) -> np.ndarray:
    """Several windows in one call, where the batch has room for them; the last one ends at the border."""
    tops, lefts = ([*range(0, size - window, stride), size - window] for size in x.shape[1:3])
    places = [(slice(top, top + window), slice(left, left + window)) for top in tops for left in lefts]
    total, count, images = np.zeros(x.shape[:3]), np.zeros(x.shape[1:3]), np.arange(len(x))
    at_once = max(1, BATCH // len(x))
    for first in range(0, len(places), at_once):
        shown = places[first : first + at_once]
        changed = np.repeat(x[None], len(shown), axis=0)
        for each, place in zip(changed, shown, strict=True):
            each[:, *place] = baseline[place]
        found = _scores(model, changed.reshape(-1, *x.shape[1:])).reshape(len(shown), len(x), -1)
        for each, place in zip(found, shown, strict=True):
            total[:, *place] += (scores - each)[images, target][:, None, None]
            count[place] += 1
    return total / count


def _grad_cam(model, x, target) -> np.ndarray:
    layer, outputs = _last_image_layer(model), []
    with _changed_output(layer, lambda output: outputs.append(output) or output):
        _total_score(model, ops.convert_to_tensor(x), target)
    features = ops.convert_to_numpy(outputs[-1]).astype("float32")

    def score(change):
        """Return the score with `change`, all zeros, added to the layer's output: both have the same gradient."""
        calls = itertools.count(1)  # Of a layer that is called several times, the last output is changed.

        def changed(output):
            return output + ops.cast(change, output.dtype) if next(calls) == len(outputs) else output

        with _changed_output(layer, changed):
            return _total_score(model, ops.convert_to_tensor(x), target)

    weights = _gradient(score, np.zeros_like(features)).mean(axis=(1, 2), keepdims=True)
    maps = np.maximum((weights * features).sum(axis=-1, keepdims=True), 0)
    return ops.convert_to_numpy(ops.image.resize(maps, x.shape[1:3], data_format="channels_last"))[..., 0]


@contextlib.contextmanager
def _changed_output(layer: keras.layers.Layer, change: Callable) -> Iterator[None]:
    """Let a layer, wherever it lies in a model, give `change(output)`."""
    call = layer.call
    layer.call = lambda *args, **options: change(call(*args, **options))
    try:
        yield
    finally:
        del layer.call  # The method of its class is seen again.


def _input_gradient(model, x, target) -> np.ndarray:
    return _gradient(lambda inputs: _total_score(model, inputs, target), x)


def _total_score(model, x, target):
    """Return the sum of the examples' scores: an example's score depends on no other one."""
    with keras.StatelessScope():  # What a layer would assign is dropped.
        outputs = model(x, training=False)
    return ops.sum(ops.cast(outputs, "float32") * ops.one_hot(target, outputs.shape[-1], dtype="float32"))


def _gradient(function: Callable, x: np.ndarray) -> np.ndarray:
    """Return the gradient of a function with one value: the one place that knows the backends."""
    x = ops.convert_to_tensor(x)
    if keras.backend.backend() == "jax":
        import jax

        gradient = jax.grad(function)(x)
    elif keras.backend.backend() == "torch":
        import torch

        x.requires_grad_()
        with torch.enable_grad():
            [gradient] = torch.autograd.grad(function(x), [x], allow_unused=True, materialize_grads=True)
    else:
        import tensorflow as tf

        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(x)
            value = function(x)
        gradient = tape.gradient(value, x, unconnected_gradients="zero")
    return ops.convert_to_numpy(gradient)


def _scores(model, x) -> np.ndarray:
    scores = model.predict_on_batch(x)
    if not isinstance(scores, np.ndarray) or scores.ndim != 2:
        raise _checks.error("model", "a model with one output of shape (batch, classes)", model.name)
    return scores.astype("float32")


def _last_image_layer(model) -> keras.layers.Layer:
    """Return the last layer with outputs of shape `(batch, height, width, channels)`, in models inside models too."""
    shapes = ((layer, _output_shape(layer)) for layer in _layers(model))
    found = [layer for layer, shape in shapes if len(shape) == 4 and shape[1:3] != (1, 1)]  # Pooled maps have no place.
    if not found:
        must_be = "a model with a layer with outputs (batch, height, width, channels), for 'grad_cam'"
        raise _checks.error("model", must_be, getattr(model, "name", model))
    return found[-1]


def _layers(model) -> Iterator[keras.layers.Layer]:
    for layer in getattr(model, "layers", ()):
        if isinstance(layer, keras.Model):
            yield from _layers(layer)
        elif not isinstance(layer, keras.layers.InputLayer):
            yield layer


def _output_shape(layer: keras.layers.Layer) -> tuple:
    try:
        return tuple(layer.output.shape)
    except (AttributeError, ValueError):  # It has several outputs, or was never called.
        return ()


def _inputs(model, x, *, needs_images: bool) -> np.ndarray:
    """Return the inputs as float32, or raise."""
    inputs = getattr(model, "inputs", None) or ()
    if len(inputs) > 1 or not all(keras.backend.is_float_dtype(each.dtype) for each in inputs):
        raise _checks.error("model", "a model with one input of floats", getattr(model, "name", model))
    x = _data_checks.arrays("x", x, inputs or None)
    if not isinstance(x, np.ndarray):
        raise _checks.error("x", "an array", x)
    _data_checks.check_numbers("x", x)
    if not x.ndim or not len(x):
        raise _checks.shape_error("`x` must have at least one example", x=x)
    x = _data_checks.in_own_shape("x", model, x).astype("float32")
    _data_checks.finite("x", x)
    if needs_images and x.ndim != 4:
        raise _checks.shape_error("`x` must be images of shape (n, height, width, channels)", x=x)
    return x


def _baseline(value, shape: tuple[int, ...]) -> np.ndarray:
    """Return a baseline as an array of the shape of one example, or raise."""
    result = np.asarray(value)
    if result.dtype.kind not in "buif" or result.shape not in ((), shape):
        raise _checks.error("baseline", f"a number or an array of shape {shape}", value)
    _data_checks.finite("baseline", result[None])
    return np.broadcast_to(result.astype("float32"), shape)


def _targets(target, scores: np.ndarray) -> np.ndarray:
    """Return the class of each example that is explained, or raise."""
    n, classes = scores.shape
    if target is None:
        return scores.argmax(axis=1).astype("int32")
    result = np.asarray(target)
    if result.dtype.kind not in "iu" or result.shape not in ((), (n,)):
        raise _checks.error("target", f"None, an integer, or an integer for each of {n} examples", target)
    _data_checks.labels("target", np.broadcast_to(result, n), classes)
    return np.broadcast_to(result, n).astype("int32")
