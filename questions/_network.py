"""A multilayer perceptron and Keras's `SGD` in NumPy: for small networks that are trained many times.

Softmax regression, whose loss is convex, is the one without hidden units.
A test trains the same network with Keras, to the same weights. All weights lie in one vector; `layers` are its views.
"""

import itertools
import math
import time
from collections.abc import Sequence

import numpy as np
from scipy import optimize

from dlguide import data


def new_weights(sizes: Sequence[int], rng: np.random.Generator) -> np.ndarray:
    """Draw weights as Keras does (Glorot & Bengio, 2010); `sizes` are inputs, hidden units, classes."""
    parts = []
    for inputs, outputs in itertools.pairwise(sizes):
        bound = np.sqrt(6 / (inputs + outputs))
        parts += [rng.uniform(-bound, bound, inputs * outputs), np.zeros(outputs)]
    return np.concatenate(parts).astype("float32")


def layers(weights: np.ndarray, sizes: Sequence[int]) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return the kernel and the bias of each layer: when `weights` changes in place, they do too."""
    found, start = [], 0
    for inputs, outputs in itertools.pairwise(sizes):
        end = start + inputs * outputs
        found.append((weights[start:end].reshape(inputs, outputs), weights[end : end + outputs]))
        start = end + outputs
    return found


def outputs(layers: list, x: np.ndarray) -> list[np.ndarray]:
    """Return the input, the outputs of each hidden layer (ReLU), and the logits."""
    values = [x]
    for kernel, bias in layers[:-1]:
        values.append(np.maximum(values[-1] @ kernel + bias, 0))
    return [*values, values[-1] @ layers[-1][0] + layers[-1][1]]


def scores(layers: list, x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Return the mean cross-entropy and the accuracy; of weights that are not finite, infinity and 0."""
    with np.errstate(all="ignore"):
        logits = outputs(layers, x)[-1]
        losses = -log_softmax(logits)[np.arange(len(y)), y]
    if not np.isfinite(losses).all():
        return float("inf"), 0.0
    return float(losses.mean()), float((logits.argmax(axis=1) == y).mean())


def log_softmax(logits: np.ndarray) -> np.ndarray:
    """Return the logarithms of the probabilities."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


def gradient(layers: list, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the derivative of the mean cross-entropy by each weight: back-propagation."""
    *values, logits = outputs(layers, x)
    error = np.exp(log_softmax(logits))
    error[np.arange(len(y)), y] -= 1
    error /= np.float32(len(y))
    parts = []
    for value, (kernel, _) in zip(reversed(values), reversed(layers), strict=True):
        parts += [error.sum(axis=0), (value.T @ error).ravel()]
        if value is not x:
            error = (error @ kernel.T) * (value > 0)
    return np.concatenate(parts[::-1])


def descend(
    weights: np.ndarray,
    sizes: Sequence[int],
    batches,
    learning_rate: float,
    momentum: float = 0.0,
    nesterov: bool = False,
    velocity: np.ndarray | None = None,
) -> None:
    """Change the weights (and the velocity) in place: a step of Keras's `SGD` for each batch `(x, y)`."""
    views, rate = layers(weights, sizes), np.float32(learning_rate)
    velocity = np.zeros_like(weights) if velocity is None else velocity
    with np.errstate(all="ignore"):  # A learning rate that is too large ends in infinity.
        for x, y in batches:
            step = -rate * gradient(views, x, y)
            if momentum:
                velocity *= momentum
                velocity += step
                step = momentum * velocity + step if nesterov else velocity
            weights += step


def until_target(
    sizes: Sequence[int], train, watched, test, *, target: float, most: int, batch_size: int, seed: int, **settings
) -> tuple[float, float]:
    """Return the steps until the loss of `watched` is at the target, and the accuracy on `test` then.

    The loss is looked at after numbers of steps that grow by √2, with a straight line between them. A training that is
    not at the target after `most` steps counts as `most`, and so does one that is no better than guessing after a
    quarter of them. `settings` are those of `descend`.
    """
    weights = new_weights(sizes, np.random.default_rng(seed))
    views, velocity, done = layers(weights, sizes), np.zeros_like(weights), 0
    loss, accuracy = scores(views, *watched)[0], scores(views, *test)[1]
    for point in sorted({max(1, round(most / 2 ** (k / 2))) for k in range(17)}):
        drawn = batches(*train, batch_size, seed, done, point)
        descend(weights, sizes, drawn, velocity=velocity, **settings)
        new_loss, new_accuracy = scores(views, *watched)[0], scores(views, *test)[1]
        if new_loss <= target:
            share = (loss - target) / (loss - new_loss)
            return done + share * (point - done), accuracy + share * (new_accuracy - accuracy)
        if not new_loss < (np.log(sizes[-1]) if point >= most / 4 else 100):  # No better than guessing.
            break
        done, loss, accuracy = point, new_loss, new_accuracy
    return float(most), accuracy


LINEAR = (40, 10)  # Softmax regression on MNIST-1D.


def linear_losses(
    train,
    batch_size: int,
    rate: float,
    seed: int,
    passes,
    half: float = math.inf,
    is_averaged: bool = False,
    falls_to_zero: bool = False,
) -> dict[int, float]:
    """Return the training loss of softmax regression after each number of passes, in double precision.

    The learning rate is half as large after `half` passes, or it falls in a straight line and is 0 in the end: then
    each number of passes is a training of its own. If averaged, the loss is that of the mean of the weights
    over the last half of the steps (Polyak & Juditsky, 1992); each number of passes is at least twice the one before.
    """
    if falls_to_zero and len(passes) > 1:
        return {n: linear_losses(train, batch_size, rate, seed, (n,), falls_to_zero=True)[n] for n in passes}
    (x, y), weights = train, new_weights(LINEAR, np.random.default_rng(seed)).astype(float)
    x = x.astype(float)
    steps_a_pass, done, found = len(x) / batch_size, 0, {}
    for number in sorted(passes):
        end = max(1, round(number * steps_a_pass))
        total, first = np.zeros_like(weights), max(done, end // 2)
        for step, batch in enumerate(batches(x, y, batch_size, seed, done, end), done):
            factor = 1 - step / end if falls_to_zero else 1 / (1 + step / (half * steps_a_pass))
            descend(weights, LINEAR, [batch], rate * factor)
            if is_averaged and step >= first:
                total += weights
        mean = total / (end - first) if is_averaged else weights
        done, found[number] = end, scores(layers(mean, LINEAR), x, y)[0]
    return found


TO_THE_MINIMUM = {"maxiter": 3000, "maxfun": 3000, "ftol": 0, "gtol": 1e-9}


def quasi_newton(train, first: np.ndarray, sizes=LINEAR, **options) -> tuple[list[float], list[np.ndarray], float]:
    """Return the training loss and the weights at each pass of L-BFGS, and SciPy's own processor time in a pass.

    It starts from the first weights, in their precision. `options` are SciPy's; without any, it goes on to the minimum.
    """
    x, y, losses, tried, seconds = train[0].astype(first.dtype), train[1], [], [], []

    def loss_and_gradient(weights):
        start = time.process_time()
        tried.append(weights.astype(first.dtype))
        views = layers(tried[-1], sizes)
        losses.append(scores(views, x, y)[0])
        slopes = gradient(views, x, y).astype(float)
        seconds.append(time.process_time() - start)
        return losses[-1], slopes

    start = time.process_time()
    optimize.minimize(loss_and_gradient, first, jac=True, method="L-BFGS-B", options=options or TO_THE_MINIMUM)
    return losses, tried, (time.process_time() - start - sum(seconds)) / len(losses)


def batches(x: np.ndarray, y: np.ndarray, batch_size: int, seed: int, first: int, last: int):
    """Give the batches of the steps `first` to `last - 1`, cut from shuffled passes over the examples."""
    n, start, end = len(x), first * batch_size, last * batch_size
    if batch_size == n:
        yield from [(x, y)] * (last - first)
        return
    epochs = range(start // n, -(-end // n))
    order = np.concatenate([np.random.default_rng((seed, epoch)).permutation(n) for epoch in epochs])
    for rows in order[start - epochs[0] * n : end - epochs[0] * n].reshape(-1, batch_size):
        yield x[rows], y[rows]


def mnist1d(seed: int, limit: int | None = None) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return inputs and classes of the training, the validation and the test set of MNIST-1D."""
    return [(part.x[..., 0], part.y) for part in data.load("mnist1d", limit=limit, seed=seed)[:3]]
