"""Question 18: why a variational autoencoder? `python -m questions vae`"""

import functools
import warnings

import keras
import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture

import dlguide
from dlguide import evaluation
from questions import _digits, _figure, _retraining, _tuning
from questions._experiment import NATS, NUMBER, Claim, Experiment, Panel, Score
from recipes._lib import representation_scores
from recipes._lib.images import few_labels, image_judge, pixel_chain

SIZE = 32  # Numbers of the code.
LAYERS = {"latent_dim": SIZE, "hidden_units": (128, 128), "activation": "swish", "batch_norm": True}
NETWORKS = ("autoencoder", "vae")
ROWS = (*NETWORKS, "chain")
WAYS = ("drawn", "mixture", "reconstructed")
RATES = (0.0015, 0.005, 0.015, 0.045)
BATCH, PICTURED = 100, 12
FROM, TO = 7, 3  # Digits of the interpolation that is shown.
LOSS = keras.losses.BinaryCrossentropy(from_logits=True)


def measure(
    seed: int, best: dict, *, limit=20_000, count=5000, bounded=1000, judge_limit=10_000, rows=ROWS, **options
) -> dict:
    """Return the distance of drawn and of reconstructed digits, and the bound of the VAE; of seed 0 also pictures."""
    mnist, distance = _retraining.loaded("mnist", limit, seed), judge(judge_limit)
    train, test = binary(mnist.train.x, seed), binary(mnist.test.x[::2], 0)[:count]
    rng = np.random.default_rng(seed)
    noise, samples, bounds, pictures = rng.normal(size=(count, SIZE)), {}, {}, {}
    if "chain" in rows:
        bounds["independent"] = apart(train, test[:bounded])
        bounds["chain"] = nats(trained("chain", train, best["chain"], seed, **options), test[:bounded])
    networks = [row for row in NETWORKS if row in rows]
    for row in networks:
        model = trained(row, train, best[row], seed, **options)
        codes = encoded(model, test)
        drawn = {"drawn": noise, "mixture": mixture_codes(encoded(model, train, rng), count), "reconstructed": codes}
        images = {way: _digits.decoded(model, z) for way, z in drawn.items()}
        samples |= {f"{row}_{way}": distance(images[way]) for way in WAYS}
        if row == "vae":
            found = evaluation.log_likelihood(model, test[:bounded], samples=100, seed=seed)
            bounds |= {"bound": found["elbo_loss"], "tighter": found["nll"]}
        ends = [codes[np.argmax(mnist.test.y[::2] == digit)] for digit in (FROM, TO)]
        path = _digits.decoded(model, np.linspace(*ends, PICTURED))
        pictures |= {f"{row}_drawn": images["drawn"][:PICTURED], f"{row}_path": path}
    scores = {"samples": {f"{row}_{way}": samples[f"{row}_{way}"] for way in WAYS for row in networks}, "bound": bounds}
    if seed == 0:
        shown = [f"{row}_{what}" for what in ("drawn", "path") for row in networks]
        scores["pictures"] = {name: _digits.packed(pictures[name]) for name in shown}
    return scores


def choose(*, limit: int = 20_000, rates=RATES, **options) -> dict:
    """Return the validation loss of each learning rate for each model, in nats an image."""

    def score(row: str, rate: float, seed: int) -> float:
        mnist = _retraining.loaded("mnist", limit, seed)
        model = trained(row, binary(mnist.train.x, seed), rate, seed, **options)
        return nats(model, binary(mnist.valid.x, seed))

    return _tuning.search(ROWS, rates, score)


def nats(model, images: np.ndarray) -> float:
    """Return the loss of an image: the exact negative log-likelihood of the chain, the reconstruction of the others."""
    return images[0].size * model.evaluate(images, images, batch_size=500, verbose=0)


def binary(images: np.ndarray, seed: int) -> np.ndarray:
    """Draw each pixel as 0 or 1, with its grey value as the probability of 1: the cross-entropy is a likelihood."""
    return (np.random.default_rng((seed, 1)).random(images.shape, "float32") < images).astype("float32")


def network(row: str):
    """Return a new network; the chain is a logistic regression of each pixel on those above it and on its left."""
    if row == "chain":
        layer = keras.layers.Dense(28 * 28, kernel_initializer="zeros", kernel_constraint=pixel_chain.Earlier())
        parts = keras.layers.Flatten(), layer, keras.layers.Reshape((28, 28, 1))
        return keras.Sequential([keras.Input((28, 28, 1)), *parts])
    return getattr(dlguide, row)((28, 28, 1), **LAYERS)


def trained(row: str, images, rate: float, seed: int, *, epochs=12, is_quick=False, **_):
    """Return a trained network; the learning rate falls from epoch to epoch as a cosine."""
    falling = _retraining.falling(rate, epochs, is_cosine=True)
    options = {"epochs": epochs, "batch_size": BATCH, "seed": seed, "callbacks": falling}
    train = _retraining.trainer(network, row, loss=LOSS, metrics=(), jit_compile=False, run_eagerly=is_quick)
    return train(images, images, learning_rate=rate, **options)


def encoded(model, images: np.ndarray, rng=None) -> np.ndarray:
    """Return the code of each image; of a VAE its mean, or with a generator a draw from its distribution."""
    codes = model.get_layer("encoder")(images)
    if not isinstance(codes, list | tuple):
        return np.asarray(codes, "float64")
    z_mean, z_log_var = (np.asarray(part, "float64") for part in codes)
    return z_mean if rng is None else z_mean + np.exp(z_log_var / 2) * rng.normal(size=z_mean.shape)


def mixture_codes(codes: np.ndarray, count: int) -> np.ndarray:
    """Draw codes from a mixture of ten normal distributions that is fitted to codes."""
    mixture = GaussianMixture(10, max_iter=30, reg_covar=1e-3, init_params="k-means++", random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # 30 steps are enough here.
        return np.random.default_rng(0).permutation(mixture.fit(codes).sample(count)[0])


def apart(train: np.ndarray, images: np.ndarray) -> float:
    """Return the negative log-likelihood of an image whose pixels are independent, each with its mean."""
    chance = train.mean(axis=0).clip(0.001, 0.999)
    return float(-np.log(np.where(images == 1, chance, 1 - chance)).sum(axis=(1, 2, 3)).mean())


@functools.cache
def judge(limit: int):
    """Return the function that measures the Fréchet distance of images from the test set, the same for all seeds."""
    found = image_judge.train_judge(limit, seed=0)
    features = few_labels.without_head(found.classifier)
    real = features.predict(found.splits.test.x, batch_size=500, verbose=0)

    def distance(images: np.ndarray) -> float:
        drawn = features.predict(images, batch_size=500, verbose=0)
        has_covariance = min(len(drawn), len(real)) > real.shape[1]  # Not so in a quick look.
        return representation_scores.frechet_distance(drawn, real) if has_covariance else 0.0

    return distance


@_figure.of_size(6.4, 1.05)
def draw(figure, seeds: dict, names) -> None:
    """Draw digits from random codes."""
    _digits.draw_strips(figure, strips("drawn", seeds, names))


def draw_panels(seeds: dict, names):
    """Draw all panels, and below them digits on the way from one to another."""
    path = strips("path", seeds, names)
    return _figure.with_part_below(EXPERIMENT.panels, seeds, names, 1.15, lambda part: _digits.draw_strips(part, path))


def strips(what: str, seeds: dict, names) -> dict[str, str]:
    """Return the packed digits of both networks by name."""
    return {names("picture", f"{row}_{what}"): seeds["0"]["pictures"][f"{row}_{what}"] for row in NETWORKS}


DISTANCE = Score("Fréchet distance", NUMBER, False, format=".1f", logarithmic=True, margin=0.1, is_ratio=True)
NLL = Score("negative log-likelihood of an image", NATS, higher_is_better=False, format=".1f")
EXPERIMENT = Experiment(
    measure=measure,
    choose=choose,
    panels={
        "samples": Panel(DISTANCE, tuple(f"{row}_{way}" for way in WAYS for row in NETWORKS)),
        "bound": Panel(NLL, ("independent", "chain", "bound", "tighter")),
    },
    claims=(
        Claim("samples", "vae_drawn", "autoencoder_drawn", "yes"),
        Claim("samples", "vae_drawn", "autoencoder_mixture", "no"),
        Claim("bound", "bound", "chain", "no"),
        Claim("samples", "vae_reconstructed", "autoencoder_reconstructed", "no"),
        Claim("bound", "tighter", "chain", "yes"),
    ),
    quick={"limit": 100, "epochs": 1, "rates": RATES[:1], "count": 120, "bounded": 120, "judge_limit": 100}
    | {"is_quick": True},
    recheck_options={"rows": ("vae",)},
    lower_is_chosen=True,
    draw=draw,
    draw_panels=draw_panels,
)
