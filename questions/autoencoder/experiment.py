"""Question 16: why do we need autoencoders? `python -m questions autoencoder`"""

import keras
import numpy as np
from scipy.linalg import subspace_angles
from sklearn.cluster import KMeans

from dlguide import autoencoder
from questions import _digits, _figure, _retraining, _side_by_side, _tuning
from questions._experiment import NUMBER, Claim, Experiment, Panel, Score, Unit

SIZES = (2, 8, 32)
MAIN = 8  # Numbers of the code in the answer and in the pictures; the learning rates are chosen with it.
MORE = (22, 64, 128)  # Sizes of PCA alone: with the first one it is as good as the deep autoencoder with `MAIN`.
GROUPS = 32  # Of local PCA: with `MAIN` numbers it has about as many weights as the deep autoencoder.
HIDDEN = {"linear": (), "deep": (128, 128)}
EPOCHS = {"linear": 12, "deep": 8}  # An epoch of the linear one is cheap, and its space turns slowly.
ROWS = ("pca", *HIDDEN, "local")
RATES = (0.0003, 0.001, 0.003, 0.01, 0.03)


def measure(seed: int, best: dict, *, limit=10_000, epochs: dict = EPOCHS, sizes=SIZES, rows=ROWS, **_) -> dict:
    """Return the error of each row and the angle between two spaces, over the size of the code."""
    mnist = _retraining.loaded("mnist", limit, seed)
    mean, components = _digits.principal_components(mnist.train.x)
    train, test = mnist.train.x - mean, mnist.test.x - mean
    flat, decoded, angles = test.reshape(len(test), -1), {}, {}
    for row in rows:
        if row == "pca":
            for size, kept in {size: components[:, :size] for size in (*sizes, *MORE)}.items():
                decoded.setdefault(row, {})[size] = (flat @ kept @ kept.T).reshape(test.shape)
            continue
        if row == "local":
            decoded[row] = {n: x.reshape(test.shape) for n, x in locally_decoded(train, flat, sizes, seed).items()}
            continue
        models = built(row, sizes, seed)
        if row == "linear":
            angles["untrained"] = {str(size): angle(model, components) for size, model in models.items()}
        rate = best[row]
        _side_by_side.train(list(models.values()), train, "mse", rate=rate, epochs=epochs[row], seed=seed)
        decoded[row] = {size: np.asarray(model(test)) for size, model in models.items()}
        if row == "linear":
            angles["trained"] = {str(size): angle(model, components) for size, model in models.items()}
    # Those of each image are kept where they are compared: the JSON stays small.
    errors = {row: {str(n): squared_errors(x, test) for n, x in each.items()} for row, each in decoded.items()}
    for row, each in errors.items():
        errors[row] = {n: e if row != "linear" and n == str(MAIN) else float(e.mean()) for n, e in each.items()}
    scores = {"error": errors, "angle": angles}
    if seed == 0 and MAIN in sizes:
        shown = [np.flatnonzero(mnist.test.y == digit)[0] for digit in range(10)]
        images = {"original": test, **{row: each[MAIN] for row, each in decoded.items()}}
        scores["pictures"] = {row: _digits.packed(np.clip(each[shown] + mean, 0, 1)) for row, each in images.items()}
    return scores


def choose(*, limit: int = 10_000, epochs: dict = EPOCHS, tuned_size: int = MAIN, rates=RATES, **_) -> dict:
    """Return the validation error of each learning rate for each autoencoder."""

    def score(row: str, rate: float, seed: int) -> float:
        mnist = _retraining.loaded("mnist", limit, seed)
        mean = mnist.train.x.mean(axis=0)
        train, valid = mnist.train.x - mean, mnist.valid.x - mean
        [model] = built(row, (tuned_size,), seed).values()
        _side_by_side.train([model], train, "mse", rate=rate, epochs=epochs[row], seed=seed)
        return float(squared_errors(np.asarray(model(valid)), valid).mean())

    return _tuning.search(HIDDEN, rates, score)


def built(row: str, sizes, seed: int) -> dict:
    """Return a new autoencoder for each size of the code."""
    keras.utils.set_random_seed(seed)
    options = {"hidden_units": HIDDEN[row]}
    return {n: autoencoder((28, 28, 1), latent_dim=n, name=f"code_of_{n}", **options) for n in sizes}


def locally_decoded(train: np.ndarray, images: np.ndarray, sizes, seed: int) -> dict:
    """Return for each size what local PCA makes of flat images: of all groups the plane nearest to an image counts."""
    train, best = train.reshape(len(train), -1), {}
    groups = KMeans(GROUPS, n_init=1, random_state=seed).fit_predict(train)
    for members in (train[groups == group] for group in range(GROUPS)):
        mean = members.mean(axis=0)
        axes = np.linalg.svd(members - mean, full_matrices=False)[2]
        for n in sizes:
            made = (images - mean) @ axes[:n].T @ axes[:n] + mean
            kept = best.setdefault(n, made)
            is_nearer = ((made - images) ** 2).sum(axis=1) < ((kept - images) ** 2).sum(axis=1)
            kept[is_nearer] = made[is_nearer]
    return best


def squared_errors(images: np.ndarray, originals: np.ndarray) -> np.ndarray:
    """Return the squared error of each image, summed over its pixels, to a quarter."""
    return (4 * ((images - originals) ** 2).sum(axis=(1, 2, 3))).round() / 4


def angle(model, components: np.ndarray) -> float:
    """Return the largest angle between what a linear decoder can make and the space of as many components."""
    kernel = np.asarray(model.get_layer("decoder").get_layer("logits").kernel)  # (size of the code, pixels)
    return float(np.degrees(subspace_angles(kernel.T, components[:, : len(kernel)])[0]))


@_figure.of_size(6.4, 2.3)
def draw(figure, seeds: dict, names) -> None:
    """Draw digits that came through a code of a few numbers."""
    rows = {"original": names("picture", "original")}
    rows |= {row: names("row", row) for row in ("pca", "deep", "local")}
    _digits.draw_strips(figure, {name: seeds["0"]["pictures"][row] for row, name in rows.items()})


ERROR = Score("squared error of an image", NUMBER, higher_is_better=False, margin=0.1)
ANGLE = Score("largest angle", Unit("degrees"), higher_is_better=False, format=".1f", bounds=(0, 90))
CURVES = {"x_axis": "numbers in the code", "logarithmic": True}
EXPERIMENT = Experiment(
    measure=measure,
    choose=choose,
    panels={
        "error": Panel(ERROR, ROWS, **CURVES),
        "angle": Panel(ANGLE, ("untrained", "trained"), **CURVES),
    },
    claims=(
        Claim("error", "deep", "pca", "yes", at="8"),
        Claim("error", "deep", "local", "no", at="8"),
        Claim("error", "linear", "pca", "given", at="8"),
        Claim("error", "deep", "pca", "yes", at="32"),
    ),
    quick={"limit": 100, "epochs": {"linear": 1, "deep": 1}, "sizes": (2,), "tuned_size": 2, "rates": RATES[:1]},
    recheck_options={"rows": ("pca", "deep"), "sizes": (8,)},
    lower_is_chosen=True,
    draw=draw,
)
