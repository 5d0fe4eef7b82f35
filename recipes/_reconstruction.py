"""What the recipes of autoencoders share: errors, their linear baselines, anomaly scores, pictures."""

import numpy as np
from scipy.special import expit

from dlguide import data, generation, plots
from recipes import _cli


def decoded(model, x: np.ndarray) -> np.ndarray:
    """Return what a model of logits makes of images, as pixels in [0, 1]."""
    return expit(model.predict(x, batch_size=256, verbose=0))


def squared_error(model, x: np.ndarray, target: np.ndarray) -> float:
    """Return the mean squared error of the pixels."""
    return float(((decoded(model, x) - target) ** 2).mean())


def pca_squared_error(splits: data.Splits, numbers: int) -> float:
    """Return the squared error of the pixels of the test part from that many principal components."""
    from sklearn.decomposition import PCA

    train, test = (part.x.reshape(len(part.x), -1) for part in (splits.train, splits.test))
    pca = PCA(min(numbers, *train.shape), random_state=0).fit(train)
    return float(((pca.inverse_transform(pca.transform(test)) - test) ** 2).mean())


def noisy(x: np.ndarray, noise: float, seed: int) -> np.ndarray:
    """Return images with normal noise of that standard deviation, cut to [0, 1]."""
    drawn = np.random.default_rng(seed).normal(scale=noise, size=x.shape)
    return np.clip(x + drawn, 0, 1).astype("float32")


def linear_filter_scores(splits: data.Splits, noise: float, seed: int, noisy_test: np.ndarray) -> dict[str, float]:
    """Return the scores of the best linear filter of 5x5 pixels, from 1000 training images."""
    from sklearn.linear_model import LinearRegression

    def neighbourhoods(x):
        padded = np.pad(x[..., 0], [(0, 0), (2, 2), (2, 2)])
        return np.lib.stride_tricks.sliding_window_view(padded, (5, 5), axis=(1, 2)).reshape(-1, 25)

    images = splits.train.x[:1000]
    model = LinearRegression().fit(neighbourhoods(noisy(images, noise, seed + 1)), images.ravel())
    predicted = np.concatenate([model.predict(neighbourhoods(part)) for part in np.array_split(noisy_test, 10)])
    predicted, truth = np.clip(predicted, 1e-3, 1 - 1e-3), splits.test.x.ravel()
    cross_entropy = -(truth * np.log(predicted) + (1 - truth) * np.log(1 - predicted)).mean()
    return {
        "baseline_binary_crossentropy": float(cross_entropy),
        "baseline_squared_error": float(((predicted - truth) ** 2).mean()),
    }


def save_reconstructions(run_dir, title: str, model, x: np.ndarray, shown: np.ndarray, count: int = 12) -> None:
    """Save what the model was shown, what it makes of it, and what was meant."""
    rows = {"input": shown[:count], "decoded": decoded(model, shown[:count])}
    if shown is not x:
        rows["original"] = x[:count]
    _cli.save_figures(run_dir, title, reconstructions=plots.image_grid(np.stack(list(rows.values())), list(rows)))


def save_interpolations(run_dir, title: str, model, codes: np.ndarray, rows: int = 6) -> None:
    """Save the images on the way between pairs of codes."""
    rows = min(rows, len(codes) // 2)
    pairs = codes[: 2 * rows].reshape(-1, 2, *codes.shape[1:])
    pictures = [generation.decode(model, generation.interpolate(*pair, steps=10)) for pair in pairs]
    _cli.save_figures(run_dir, title, interpolations=plots.image_grid(np.stack(pictures)))


# Anomalies


def strangeness(model, x: np.ndarray) -> np.ndarray:
    """Return how far each row is from what the model makes of it: the mean squared error."""
    return ((model.predict(x, batch_size=1024, verbose=0) - x) ** 2).mean(axis=1) + 1e-12


def anomaly_scores(scores: np.ndarray, labels: np.ndarray, threshold: float) -> dict[str, float]:
    """Return the areas under both curves, and what comes out at the threshold."""
    from sklearn.metrics import average_precision_score, precision_score, recall_score, roc_auc_score

    called = scores >= threshold
    return {
        "auroc": float(roc_auc_score(labels, scores)),
        "average_precision": float(average_precision_score(labels, scores)),
        "precision": float(precision_score(labels, called, zero_division=0)),
        "recall": float(recall_score(labels, called)),
    }


def pca_anomaly_scores(splits: data.Splits) -> dict[str, float]:
    """Return the areas of the squared distance from the principal components, as many as validation data choose."""
    from sklearn.decomposition import PCA
    from sklearn.metrics import average_precision_score, roc_auc_score

    def distance(pca, x):
        return ((pca.inverse_transform(pca.transform(x)) - x) ** 2).sum(axis=1)

    models = [PCA(n).fit(splits.train.x) for n in range(1, splits.train.x.shape[1])]
    best = max(models, key=lambda pca: roc_auc_score(splits.valid.y, distance(pca, splits.valid.x)))
    scores = distance(best, splits.test.x)
    return {
        "baseline_auroc": float(roc_auc_score(splits.test.y, scores)),
        "baseline_average_precision": float(average_precision_score(splits.test.y, scores)),
    }
