"""Scores of generated images and of a VAE; `evaluation` exports them."""

import math

import keras
import numpy as np
from keras import ops

from dlguide import _checks, _data_checks


def frechet_distance(features, reference) -> float:
    """Measure how far two sets of feature vectors are apart: the Fréchet distance of two normal distributions.

    With the features of generated and of real images in a classifier of one's own. Such a figure is
    no Inception FID; it compares generators that were judged by the same classifier and the same
    number of images alone.

    Args:
        features: Feature vectors of generated images, of shape `(n, dimensions)`.
        reference: Feature vectors of real images, of shape `(m, dimensions)`.

    Returns:
        The squared distance, at least 0; 0 for equal means and covariances.

    Raises:
        ValueError: If there are not more images than dimensions, or the dimensions differ.

    Example:
        >>> x = np.random.default_rng(0).normal(size=(500, 2))
        >>> round(frechet_distance(x + [3, 0], x), 6)
        9.0

    Reference:
        Dowson & Landau, "The Fréchet distance between multivariate normal distributions" (1982);
        Heusel et al., "GANs trained by a two time-scale update rule converge to a local Nash
        equilibrium" (2017).
    """
    means, covariances = [], []
    for name, array in (("features", features), ("reference", reference)):
        array = _data_checks.array(name, array, (2,)).astype("float64")
        if len(array) <= array.shape[1]:
            raise ValueError(
                f"`{name}` must be of more images than dimensions, for their covariance. "
                f"Received: {name} of shape {array.shape}"
            )
        means.append(array.mean(axis=0))
        covariances.append(np.cov(array, rowvar=False).reshape(array.shape[1], array.shape[1]))
    _same_width(features, reference)
    # By way of symmetric matrices, whose roots are real: SciPy's `sqrtm` warns where a feature never changes.
    values, vectors = np.linalg.eigh(covariances[0])
    root = vectors * np.sqrt(np.maximum(values, 0)) @ vectors.T
    between = np.linalg.eigvalsh(root @ covariances[1] @ root)
    trace = np.trace(covariances[0]) + np.trace(covariances[1]) - 2 * np.sqrt(np.maximum(between, 0)).sum()
    return float(max(0.0, ((means[0] - means[1]) ** 2).sum() + trace))


def precision_recall(features, reference, *, neighbours: int = 3) -> tuple[float, float]:
    """Measure how many generated images look real, and how much of the real ones is generated.

    An image counts as lying inside a set if it is nearer to some image of the set than that one is to
    its `neighbours`-th nearest of the same set.

    Args:
        features: Feature vectors of generated images, of shape `(n, dimensions)`.
        reference: Feature vectors of real images, of shape `(m, dimensions)`, about as many.
        neighbours: Which neighbour makes the radius, at least 1 and below `n` and `m`.

    Returns:
        Precision, the share of generated images inside the real set, and recall, the share of real
        images inside the generated set, both in [0, 1].

    Raises:
        ValueError: If there are too few images, or the dimensions differ.

    Example:
        >>> x = np.random.default_rng(0).normal(size=(500, 2))
        >>> precision_recall(x[:50], x[:50]), precision_recall(x[:50] + 99, x[50:])
        ((1.0, 1.0), (0.0, 0.0))

    Reference:
        Kynkäänniemi et al., "Improved precision and recall metric for assessing generative models"
        (2019).
    """
    from sklearn.metrics.pairwise import euclidean_distances
    from sklearn.neighbors import NearestNeighbors

    neighbours = _checks.integer("neighbours", neighbours)
    features, reference = (
        _data_checks.array(name, array, (2,)).astype("float64")
        for name, array in (("features", features), ("reference", reference))
    )
    _same_width(features, reference)
    if min(len(features), len(reference)) <= neighbours:
        raise ValueError(
            f"`features` and `reference` must be of more than {neighbours} images, for their neighbours. "
            f"Received: features of length {len(features)}, reference of length {len(reference)}"
        )
    middle = reference.mean(axis=0)  # Far from it, distances would be rounded too much.
    features, reference = features - middle, reference - middle

    def share_inside(points, of) -> float:
        # The first neighbour of a point of the set is itself.
        radius = NearestNeighbors(n_neighbors=neighbours + 1).fit(of).kneighbors(of)[0][:, -1]
        slack = 1e-9 * (of**2).sum(axis=1).max()  # Rounding may put a point a little way from itself.
        inside = [
            (euclidean_distances(block, of, squared=True) <= radius**2 + slack).any(axis=1)
            for block in np.array_split(points, -(-len(points) // 1000))
        ]
        return float(np.concatenate(inside).mean())

    return share_inside(features, reference), share_inside(reference, features)


def class_histogram(labels, num_classes: int) -> tuple[list[float], float]:
    """Count how often each class was generated.

    Args:
        labels: Class of each generated image, as a classifier sees it: integers of shape `(n,)`.
        num_classes: Number of classes, at least 2.

    Returns:
        The share of each class, a list of floats that sum to 1, and the distance of the histogram
        from uniform: the largest difference of a share from `1 / num_classes`.

    Raises:
        ValueError: If a label is no class, or there is none.

    Example:
        >>> class_histogram([0, 0, 0, 1], 2)
        ([0.75, 0.25], 0.25)
    """
    num_classes = _checks.integer("num_classes", num_classes, at_least=2)
    labels = _data_checks.array("labels", labels, (1,))
    if not len(labels):
        raise _checks.error("labels", "one label or more", labels)
    _data_checks.labels("labels", labels, num_classes)
    shares = np.bincount(labels.astype("int64"), minlength=num_classes) / len(labels)
    return shares.tolist(), float(np.abs(shares - 1 / num_classes).max())


def nearest_distances(images, train) -> tuple[np.ndarray, np.ndarray]:
    """Find each image's nearest training image, to see whether a generator repeats what it was shown.

    Compare with the distances of real images that were not shown: memorised images are much nearer.

    Args:
        images: Images of shape `(n, ...)`.
        train: Images of the training set, of shape `(m, ...)`.

    Returns:
        The distance of each image from its nearest training image (Euclidean, over all pixels), of
        shape `(n,)`, and the row of that training image, of shape `(n,)`.

    Raises:
        ValueError: If the images of both are of different size, or there is none.

    Example:
        >>> nearest_distances(np.ones((1, 2, 2)), np.zeros((3, 2, 2)))[0].tolist()
        [2.0]
    """
    from sklearn.metrics import pairwise_distances_argmin_min

    images, train = np.asarray(images), np.asarray(train)
    if images.shape[1:] != train.shape[1:] or not len(images) or not len(train):
        raise ValueError(
            "`images` and `train` must be images of one size, at least one of each. "
            f"Received: images of shape {images.shape}, train of shape {train.shape}"
        )
    rows, distances = pairwise_distances_argmin_min(images.reshape(len(images), -1), train.reshape(len(train), -1))
    return distances, rows


def log_likelihood(
    model: keras.Model, x, *, samples: int = 100, seed: int = 0, batch_size: int = 1000
) -> dict[str, float]:
    """Estimate the log-likelihood of examples under a `vae` by importance sampling.

    The mean over `samples` codes of the encoder of `p(x | z) p(z) / q(z | x)`, whose logarithm is a
    lower bound of the log-likelihood that rises towards it with more samples. Values are taken as
    independent coin flips given the code, so `x` should be 0 or 1.

    Args:
        model: A model of `vae`.
        x: Examples with values in [0, 1], an array of shape `(n, *input_shape)`.
        samples: Codes an example, at least 1.
        seed: Seed of the codes, at least 0.
        batch_size: Codes decoded at once, at least 1: more take more memory. Another number draws other noise, so
            the results differ a little, as with another seed.

    Returns:
        In nats, means over the examples: `"nll"`, the negative log-likelihood; `"nll_error"`, its
        standard error over the examples; `"nll_tenth"`, the same from a tenth of the codes, for what
        more of them would do; `"elbo_loss"`, the negative evidence lower bound, the sum of
        `"reconstruction"` and `"kl"`, the latter in closed form; `"log_weight_std"`, the spread of
        the logarithms of an example's weights: the larger, the farther the bound lies below.

    Raises:
        ValueError: If an argument is out of range, or the model is another one.

    Example:
        >>> from dlguide import vae
        >>> model = vae((4, 1), latent_dim=2)
        >>> figures = log_likelihood(model, np.ones((3, 4, 1)), samples=500)
        >>> figures["nll"] < figures["elbo_loss"]
        True

    Reference:
        Burda, Grosse & Salakhutdinov, "Importance weighted autoencoders" (2016).
    """
    layers = {layer.name: layer for layer in getattr(model, "layers", ())}
    has_parts = all(isinstance(layers.get(name), keras.Model) for name in ("encoder", "decoder"))
    if not has_parts or "sampling" not in layers:
        raise _checks.error("model", "made by `vae`", getattr(model, "name", model))
    samples = _checks.integer("samples", samples)
    batch_size = _checks.integer("batch_size", batch_size)
    rng = np.random.default_rng(_checks.integer("seed", seed, at_least=0))
    x = np.asarray(x, "float32")
    if not len(x):
        raise ValueError(f"`x` must have at least one example. Received: x of shape {x.shape}")
    _data_checks.unit_range("x", x)

    z_mean, z_log_var = (
        a[:, None].astype(np.result_type(a, np.float32))  # In mixed precision they are in half of it.
        for a in layers["encoder"].predict(x, batch_size=256, verbose=0)
    )
    codes_a_call = min(samples, batch_size, max(50, batch_size // len(x)))
    log_p = _log_p(layers["decoder"], codes_a_call)
    weights, loss = [], 0.0
    for start in range(0, samples, codes_a_call):
        noise = rng.standard_normal((len(x), codes_a_call, z_mean.shape[-1]), "float32")
        codes = z_mean + np.exp(z_log_var / 2) * noise
        flat = x.reshape(len(x), -1)
        log_px = log_p.predict([codes, flat], batch_size=batch_size // codes_a_call, verbose=0)
        log_weight = log_px + ((noise**2 - codes**2 + z_log_var) / 2).sum(axis=2)
        weights.append(log_weight[:, : samples - start])
        loss -= log_px[:, : samples - start].sum(dtype="float64") / (samples * len(x))
    log_weights = np.concatenate(weights, axis=1, dtype="float64")
    kl = float((np.exp(z_log_var) + z_mean**2 - 1 - z_log_var).sum(axis=(1, 2)).mean() / 2)

    def nll(log_weights):
        return -(np.logaddexp.reduce(log_weights, axis=1) - math.log(log_weights.shape[1]))

    return {
        "nll": float(nll(log_weights).mean()),
        "nll_error": float(nll(log_weights).std() / math.sqrt(len(x))),
        "nll_tenth": float(nll(log_weights[:, : max(1, samples // 10)]).mean()),
        "elbo_loss": float(loss) + kl,
        "reconstruction": float(loss),
        "kl": kl,
        "log_weight_std": float(log_weights.std(axis=1).mean()),
    }


def _log_p(decoder, codes_a_call: int) -> keras.Model:
    """Return a model from `(batch, codes, latent_dim)` and `(batch, values)` to `log p(x | z)` of each code."""
    dim, values = decoder.input_shape[-1], math.prod(decoder.output_shape[1:])
    codes, x = keras.Input((codes_a_call, dim)), keras.Input((values,))
    logits = ops.reshape(decoder(ops.reshape(codes, (-1, dim))), (-1, codes_a_call, values))
    logits = ops.cast(logits, keras.backend.result_type(logits.dtype, "float32"))
    return keras.Model([codes, x], ops.sum(x[:, None] * logits - ops.softplus(logits), axis=-1))


def _same_width(features, reference) -> None:
    shapes = np.shape(features), np.shape(reference)
    if shapes[0][1] != shapes[1][1]:
        raise ValueError(
            "`features` and `reference` must have the same dimensions. "
            f"Received: features of shape {shapes[0]}, reference of shape {shapes[1]}"
        )
