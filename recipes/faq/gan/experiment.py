"""Question 17: why a GAN?

python -m recipes.faq gan
"""

import base64
import functools
import math
import time

import numpy as np

from recipes.faq import _digits, _figure, _retraining, _tuning
from recipes.faq._experiment import NUMBER, PERCENT, Claim, Experiment, Panel, Score

# A GAN whose slow discriminator had a learning rate of its own found eight modes with one seed, none with another.
MODES, DEVIATION = 8, 0.05  # Of the ring with radius 1: Gaussians, and the standard deviation of each.
ANGLES = 2 * np.pi * np.arange(MODES) / MODES
CENTRES = np.stack([np.cos(ANGLES), np.sin(ANGLES)], axis=1)
STEPS, LIMIT = 4000, 15_000  # On the ring, and images of the data set.
POINTS, PICTURED = 2000, 12
RING_ROWS = ("normal", "vae", "gan", "gan_slow")
TUNED_ON_RING = RING_ROWS[1:3]
EPOCHS = {"vae_digits": 15, "gan_digits": 2}  # An epoch of the GAN takes about seven times as long.
DIGIT_ROWS = tuple(EPOCHS)
RATES = (0.0001, 0.0004, 0.0016, 0.0064, 0.0256, 0.1024)


def measure(seed: int, choice: dict, *, rows=(*RING_ROWS, *DIGIT_ROWS), **options) -> dict:
    """Return the modes found, the shares and the Fréchet distances; of seed 0 also samples."""
    scores: dict[str, dict] = {"modes": {}, "shares": {}, "frechet": {}, "seconds": {}}
    points, pictures, recalls = {"data": ring(POINTS, np.random.default_rng(0))}, {}, {}
    chosen = {row: _tuning.best(tries, lower=True) for row, tries in choice.items()}
    chosen["gan_slow"] = chosen["gan"]
    for row in rows:
        if row in DIGIT_ROWS:
            images, real, scores["seconds"][row] = digit_samples(row, chosen[row], seed, "test", **options)
            pictures |= {"real": _digits.packed(real[:PICTURED]), row: _digits.packed(images[:PICTURED])}
            scores["frechet"][row], precision, recalls[f"recall_{row}"] = digit_scores(images, real, **options)
            scores["shares"][f"precision_{row}"] = precision
        else:
            points[row] = ring_samples(row, chosen.get(row), seed, **options)
            scores["modes"][row], scores["shares"][f"near_{row}"], _ = ring_scores(points[row])
    scores["shares"] |= recalls
    if seed == 0:
        packed = {row: _digits.packed(each[:500].clip(-3, 3), 1000, "<i2") for row, each in points.items()}
        scores |= {"points": packed, "pictures": pictures}
    return scores


def choose(*, rates=RATES, **options) -> dict:
    """Return the score of each learning rate with seeds that are not published.

    On the ring it is the share of the data that the samples miss, in the mean of three seeds; on digits the Fréchet
    distance from the validation set.
    """

    def score(row: str, rate: float) -> float:
        if row in TUNED_ON_RING:
            samples = [ring_samples(row, rate, seed, **options) for seed in (100, 101, 102)]
            return float(np.mean([ring_scores(points)[2] for points in samples]))
        images, real, _ = digit_samples(row, rate, 100, "valid", **options)
        return digit_scores(images, real, **options)[0]

    return _tuning.search([*TUNED_ON_RING, *DIGIT_ROWS], rates, score)


def ring(number: int, rng: np.random.Generator) -> np.ndarray:
    """Draw points of the ring."""
    return (CENTRES[rng.integers(MODES, size=number)] + DEVIATION * rng.normal(size=(number, 2))).astype("float32")


def ring_scores(points: np.ndarray) -> tuple[float, float, float]:
    """Return the number of modes found, the share of points near a mode, and the share of the data that is missed.

    A point is near a mode within three standard deviations, and a mode is found that gets a fifth of its due share of
    the points. Missed is what the modes lack of their due shares: 0 for perfect samples without outliers.
    """
    distances = np.linalg.norm(points[:, None] - CENTRES, axis=2)
    near = distances.argmin(axis=1)[distances.min(axis=1) < 3 * DEVIATION]
    shares = np.bincount(near, minlength=MODES) / len(points)
    missed = 1 - np.minimum(shares, 1 / MODES).sum()
    return float((shares >= 0.2 / MODES).sum()), float(shares.sum()), float(missed)


def compiled(row: str, rate: float, steps: int, is_quick: bool):
    """Return a new model of a row that is ready to be trained for some steps."""
    import keras
    from keras.layers import Dense
    from keras.optimizers import Adam, MultiOptimizer, OptimizerMap
    from keras.optimizers.schedules import PolynomialDecay

    from dlguide import gan, vae
    from dlguide.adversarial import GAN
    from recipes._lib import schedules

    def dense(outputs: int, name: str):
        hidden = [Dense(64, activation="relu") for _ in range(2)]
        return keras.Sequential([keras.Input((2,)), *hidden, Dense(outputs)], name=name)

    loss = None
    if row == "vae":
        # Twice the variance makes the squared error, a mean over two values, the likelihood of a normal distribution.
        model, loss = vae((2,), latent_dim=2, hidden_units=(64, 64), beta=2 * DEVIATION**2), "mse"
    elif row == "vae_digits":
        model = vae((28, 28, 1), hidden_units=(256, 128), activation="swish", batch_norm=True)
        loss = keras.losses.BinaryCrossentropy(from_logits=True)
    elif row == "gan_digits":
        model = gan((28, 28, 1), latent_dim=32, filters=(16, 32))
    else:  # Points of the plane need not lie in [0, 1], as the images of `gan` do.
        model = GAN(dense(2, "generator"), dense(1, "discriminator"))
    if loss:
        optimizer = Adam(schedules.one_cycle(rate, steps))
    else:  # Each player has its own.
        slower = rate / 10 if row == "gan_slow" else rate
        first, second = (Adam(PolynomialDecay(each, steps, 0), beta_1=0.5) for each in (rate, slower))
        optimizer = MultiOptimizer(OptimizerMap(first, {"discriminator.*": second}))
    model.compile(optimizer, loss, **_retraining.graph(is_quick, 20 if row in DIGIT_ROWS else 100))
    return model


def ring_samples(row: str, rate: float | None, seed: int, *, steps=STEPS, is_quick=False, **_) -> np.ndarray:
    """Train the model of a row with 100 new points in each step, and return points that it draws."""
    import keras

    if row == "normal":  # One distribution with the mean and the covariance of the ring.
        rng = np.random.default_rng((seed, 2))
        x = ring(10_000, rng)
        return rng.multivariate_normal(x.mean(axis=0), np.cov(x, rowvar=False), size=POINTS)
    keras.utils.set_random_seed(seed)
    x, model = ring(100 * steps, np.random.default_rng((seed, 0))), compiled(row, rate, steps, is_quick)
    model.fit(x, x if row == "vae" else None, batch_size=100, shuffle=False, verbose=0)
    generator = model.get_layer("decoder" if row == "vae" else "generator")
    return _retraining.outputs(generator, np.random.default_rng((seed, 1)).normal(size=(POINTS, 2)).astype("float32"))


def digit_samples(row: str, rate: float, seed: int, part: str, *, limit: int = LIMIT, is_quick: bool = False, **_):
    """Train the model of a row; return images that it draws, as many real ones of a part, and the training's seconds.

    The seconds are processor time, without the time in which other programs have the core.
    """
    import keras

    from dlguide import generation, training

    mnist = _retraining.loaded("mnist", limit, seed)
    real = mnist.valid.x if part == "valid" else mnist.test.x[::2]  # 5,000 of each.
    keras.utils.set_random_seed(seed)
    x, epochs, batch_size = mnist.train.x, EPOCHS[row], 50 if row == "gan_digits" else 100
    model = compiled(row, rate, epochs * len(x) // batch_size, is_quick)
    targets, start = x if row == "vae_digits" else None, time.process_time()
    training.fit(model, x, targets, epochs=epochs, batch_size=batch_size, seed=seed, verbose=0)
    seconds = time.process_time() - start
    return generation.sample(model, len(real), seed=seed), real, seconds


def digit_scores(images, real, *, limit: int = LIMIT, is_quick: bool = False, **_) -> tuple[float, float, float]:
    """Return the Fréchet distance in the judge's features, the precision and the recall."""
    from dlguide import evaluation
    from recipes._lib.images import image_judge

    features, reference = (judge(limit, is_quick).predict(part, batch_size=250, verbose=0) for part in (images, real))
    return evaluation.frechet_distance(features, reference), *image_judge.precision_recall(features, reference)


@functools.cache
def judge(limit: int, is_quick: bool):
    """Return a network from images to 48 features, the same for all seeds."""
    import keras

    from recipes._lib import schedules

    x, y = _retraining.loaded("mnist", min(limit, 10_000), 0).train
    optimizer = keras.optimizers.Adam(schedules.one_cycle(0.004, max(2, len(x) // 100)))
    return _digits.features(x, y, optimizer, 1, **_retraining.graph(is_quick, 20))


def draw(seeds: dict, names):
    """Draw the usual panels, and below them points and digits that the models of seed 0 drew."""
    points = {row: text for row, text in seeds["0"]["points"].items() if row != "normal"}
    strips = {names("row", row): text for row, text in seeds["0"]["pictures"].items()}

    def draw_below(part):
        upper, lower = part.subfigures(2, height_ratios=[2.0, 2.2])
        for axes, (row, text) in zip(upper.subplots(1, len(points)), points.items(), strict=True):
            axes.plot(
                *np.frombuffer(base64.b64decode(text), "<i2").reshape(-1, 2).T / 1000, ".", markersize=2, alpha=0.5
            )
            axes.set(xlim=(-1.6, 1.6), ylim=(-1.6, 1.6), xticks=[], yticks=[], aspect="equal")
            axes.set_title(names("row", row), fontsize=9)
        _digits.draw_strips(lower, strips)

    return _figure.with_part_below(EXPERIMENT.panels, seeds, names, 4.2, draw_below)


MODES_FOUND = Score("modes found, of eight", NUMBER, format=".1f", bounds=(0, 8))
FRECHET = Score("Fréchet distance", NUMBER, higher_is_better=False, format=".1f", bounds=(0, math.inf))
SHARES = (
    *[f"near_{row}" for row in RING_ROWS],
    *[f"{share}_{row}" for share in ("precision", "recall") for row in DIGIT_ROWS],
)
EXPERIMENT = Experiment(
    measure=measure,
    choose=choose,
    panels={
        "modes": Panel(MODES_FOUND, RING_ROWS, reference="vae"),
        "shares": Panel(Score("share", PERCENT, format=".1f"), SHARES),
        "frechet": Panel(FRECHET, DIGIT_ROWS, reference="vae_digits"),
    },
    claims=(
        Claim("modes", "gan_slow", 8.0, "yes", better=False, known="yes"),
        Claim("shares", "near_gan", "near_vae", "same"),
        Claim("frechet", "gan_digits", "vae_digits", "same"),
        Claim("shares", "recall_gan_digits", "recall_vae_digits", "same", better=False),
    ),
    quick={"steps": 1, "limit": 100, "rates": (0.0016,), "is_quick": True},
    check={"rows": ("normal", "vae")},
    seeds=tuple(range(8)),
    lower_is_chosen=True,
    draw=draw,
)
