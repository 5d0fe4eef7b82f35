"""Question 18: why a variational autoencoder?

python -m recipes.faq vae
"""

import functools
import warnings

import numpy as np

from recipes.faq import _digits, _retraining, _side_by_side, _tuning
from recipes.faq._experiment import NUMBER, Claim, Experiment, Panel, Score, Unit

SIZE = 32  # Numbers of the code.
BETAS = (0.25, 1.0, 4.0)
LAYERS = {"latent_dim": SIZE, "hidden_units": (128, 128), "activation": "swish", "batch_norm": True}
RATES = (0.0005, 0.0015, 0.005, 0.015, 0.05)
SHAPE, BATCH = (28, 28, 1), 100


def measure(seed: int, choice: dict, *, limit=20_000, betas=BETAS, count=5000, judge_limit=10_000, **options) -> dict:
    """Return the distance of drawn digits from real ones for each row and each beta, and the units in use.

    Without beta 1, only the units in use are counted.
    """
    mnist = _retraining.loaded("mnist", limit, seed)
    rates = {row: _tuning.best(tries, lower=True) for row, tries in choice.items()}
    vaes = dict(zip(betas, trained(betas, mnist.train.x, rates["vae"], seed, **options), strict=True))
    means = {beta: np.asarray(model.get_layer("encoder")(mnist.test.x)[0]) for beta, model in vaes.items()}
    # Units whose mean differs between images (Burda et al., 2016).
    in_use = {f"beta_{beta:g}": float((z_mean.var(axis=0) > 0.01).sum()) for beta, z_mean in means.items()}
    scores: dict[str, dict] = {"units": in_use}
    if 1.0 not in betas:
        return scores
    [plain] = trained((None,), mnist.train.x, rates["autoencoder"], seed, **options)
    rng, distance = np.random.default_rng(seed), judge(judge_limit, options.get("is_quick", False))
    codes = drawn_codes(np.asarray(plain.get_layer("encoder")(mnist.train.x), "float64"), count, rng)
    images = {row: _digits.decoded(plain, z) for row, z in codes.items()}
    new = {beta: _digits.decoded(model, codes["standard"]) for beta, model in vaes.items()}
    images["vae"] = new[1.0]
    # Codes drawn from the distributions that the encoder gives.
    z_mean, z_log_var = (np.asarray(part, "float64") for part in vaes[1.0].get_layer("encoder")(mnist.train.x))
    drawn = z_mean + np.exp(z_log_var / 2) * rng.normal(size=z_mean.shape)
    for row, z in drawn_codes(drawn, count, rng).items():
        if row != "standard":
            images[f"vae_{row}"] = _digits.decoded(vaes[1.0], z)
    images["reconstructed"] = _digits.decoded(plain, np.asarray(plain.get_layer("encoder")(mnist.test.x)))
    scores["samples"] = {row: distance(x) for row, x in images.items()}
    scores["beta"] = {
        "drawn": {f"{beta:g}": distance(x) for beta, x in new.items()},
        "reconstructed": {f"{beta:g}": distance(_digits.decoded(vaes[beta], z_mean)) for beta, z_mean in means.items()},
    }
    if seed == 0:
        images |= {f"beta_{beta:g}": x for beta, x in new.items() if beta != 1}
        scores["pictures"] = {row: _digits.packed(x[:12]) for row, x in images.items()}
    return scores


def choose(*, limit: int = 20_000, rates=RATES, **options) -> dict:
    """Return the validation loss of each learning rate for both networks, in nats an image."""
    import keras

    mnist = _retraining.loaded("mnist", limit, 100)
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    betas = {"autoencoder": (None,), "vae": (1.0,)}

    def score(row: str, rate: float) -> float:
        [model] = trained(betas[row], mnist.train.x, rate, 100, **options)
        model.compile(loss=loss, jit_compile=False, run_eagerly=options.get("is_quick", False))
        return mnist.valid.x[0].size * model.evaluate(mnist.valid.x, mnist.valid.x, batch_size=500, verbose=0)

    return _tuning.search(betas, rates, score)


@functools.cache
def trainer(betas: tuple, is_quick: bool):
    """Compile a VAE for each beta (None is an autoencoder), which train side by side, once for all seeds and rates."""
    import keras

    from dlguide import autoencoder, vae

    def new(beta: float | None):
        options = {"name": f"beta_{beta}", **LAYERS}
        return autoencoder(SHAPE, **options) if beta is None else vae(SHAPE, beta=beta, **options)

    def build():
        return _side_by_side.joined([new(beta) for beta in betas], SHAPE)

    loss = [keras.losses.BinaryCrossentropy(from_logits=True)] * len(betas)
    return _retraining.trainer(build, loss=loss, metrics=(), jit_compile=False, run_eagerly=is_quick)


def trained(betas: tuple, images, rate: float, seed: int, *, epochs=12, is_quick=False, **_) -> list:
    """Return a trained network for each beta; the learning rate falls from epoch to epoch as a cosine."""
    falling = _retraining.falling(rate, epochs, is_cosine=True)
    options = {"epochs": epochs, "batch_size": BATCH, "seed": seed, "callbacks": falling}
    targets = (images,) * len(betas) if len(betas) > 1 else images
    together = trainer(betas, is_quick)(images, targets, learning_rate=rate, **options)
    return [together.get_layer(f"beta_{beta}") for beta in betas]


def drawn_codes(codes: np.ndarray, count: int, rng) -> dict[str, np.ndarray]:
    """Return codes from N(0, I), and from two distributions that are fitted to an autoencoder's codes."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.mixture import GaussianMixture

    mixture = GaussianMixture(10, max_iter=30, reg_covar=1e-3, init_params="k-means++", random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # 30 steps are enough here.
        mixture.fit(codes)
    return {
        "standard": rng.normal(size=(count, SIZE)),
        "fitted": rng.multivariate_normal(codes.mean(axis=0), np.cov(codes, rowvar=False), count),
        "mixture": rng.permutation(mixture.sample(count)[0]),
    }


@functools.cache
def judge(limit: int, is_quick: bool):
    """Return the function that measures the distance of images from the test set; the same for all seeds."""
    import keras

    from dlguide import evaluation

    mnist, options = _retraining.loaded("mnist", limit, 0), {"jit_compile": False, "run_eagerly": is_quick}
    features = _digits.features(*mnist.train, keras.optimizers.Adam(0.003), 1 if is_quick else 2, **options)
    features.compile(**options)
    real = features.predict(mnist.test.x, batch_size=500, verbose=0)
    return lambda images: evaluation.frechet_distance(features.predict(images, batch_size=500, verbose=0), real)


def draw(seeds: dict, names):
    """Draw the usual panels, and below them digits of each row."""
    strips = {
        names("row", "samples", row): text for row, text in seeds["0"]["pictures"].items() if row != "reconstructed"
    }
    return _digits.with_strips_below(EXPERIMENT.panels, seeds, names, 5, strips, names("picture", "title"))


DISTANCE = Score("Fréchet distance", NUMBER, higher_is_better=False, format=".1f")
UNITS = Score("units in use", Unit("of 32"), format=".1f")
ROWS = ("standard", "fitted", "mixture", "vae", "vae_fitted", "vae_mixture", "reconstructed")
EXPERIMENT = Experiment(
    measure=measure,
    choose=choose,
    panels={
        "samples": Panel(DISTANCE, ROWS, reference="vae"),
        "units": Panel(UNITS, tuple(f"beta_{beta:g}" for beta in BETAS), reference="beta_1"),
        "beta": Panel(DISTANCE, ("drawn", "reconstructed"), curve="β", logarithmic=True),
    },
    claims=(
        Claim("samples", "vae", "standard", "yes"),
        Claim("samples", "vae", "fitted", "no"),
        Claim("samples", "vae_fitted", "fitted", "no"),
        Claim("units", "beta_1", 32.0, "yes", better=False, known="yes"),
        Claim("units", "beta_4", "beta_1", "yes", better=False, known="yes"),
    ),
    quick={"limit": 100, "epochs": 1, "rates": RATES[:1], "count": 60, "judge_limit": 100, "is_quick": True},
    check={"betas": (0.25,)},
    seeds=tuple(range(8)),
    lower_is_chosen=True,
    draw=draw,
)
