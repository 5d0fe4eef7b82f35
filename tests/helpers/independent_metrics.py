"""The metrics of the recipes computed again from the saved model and the data, by code that the recipes do not use."""

import keras
import numpy as np
import pytest
from scipy.linalg import sqrtm
from scipy.optimize import linear_sum_assignment
from scipy.special import expit, log_expit, log_softmax, logsumexp
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import mean_absolute_error, r2_score, roc_auc_score
from sklearn.mixture import GaussianMixture
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from dlguide import data, generation
from recipes._lib.images import few_labels, image_judge
from recipes._lib.runs import recipe_list


def check(name: str, metrics: dict, model_file, limit: int | None, seed: int = 0) -> None:
    """Compare a recipe's metric with that of its `model.keras` on the test set, in the unit that the recipe states.

    Agents, players and what is measured by chance have tests of their own.
    """
    recipe = recipe_list.recipe(name)
    again = SPECIAL.get(recipe.recipe) or COMMON.get(recipe.metric)
    if again is None:
        return
    model, splits = keras.saving.load_model(model_file), data.load(recipe.data_set, limit=limit, seed=seed)
    value = again(model, splits, seed) if recipe.recipe in SPECIAL else again(model, splits)
    tolerance = 0.02 if recipe.metric == "nll" else 1e-3  # It draws codes.
    metric = OF_THE_SAVED_MODEL.get(name, recipe.metric)
    assert metrics[metric] == pytest.approx(float(value), rel=tolerance), metric


def _outputs(model, x) -> np.ndarray:
    parts = [keras.ops.convert_to_numpy(model(part, training=False)) for part in np.array_split(x, min(4, len(x)))]
    return np.concatenate(parts).astype("float64")


def _accuracy(model, splits):
    return np.mean(_outputs(model, splits.test.x).argmax(axis=1) == splits.test.y)


def _mae(model, splits):
    """In the target's own unit."""
    return mean_absolute_error(splits.test.y, _predicted(model, splits)) * splits.info.scale


def _r2_score(model, splits):
    return r2_score(splits.test.y, _predicted(model, splits))


def _predicted(model, splits):
    """Of several features, a model of one number takes the car's weight."""
    x = splits.test.x
    if model.input_shape[-1] != x.shape[-1]:
        x = x[:, [splits.info.feature_names.index("weight")]]
    return _outputs(model, x).ravel()


def _squared_error(model, splits):
    return np.mean((expit(_outputs(model, splits.test.x)) - splits.test.x) ** 2)


def _nats(model, splits):
    logs = log_softmax(_outputs(model, splits.test.x), axis=-1)
    return -np.mean(np.take_along_axis(logs, splits.test.y[..., None].astype(int), -1))


def _words_wrong(model, splits):
    """By greedy search with the whole model, which reads the word and all sounds so far again in each step."""
    x, y = splits.test
    start, end = map(splits.info.target_vocabulary.index, ("<start>", "<end>"))
    target = np.zeros((len(x), 34), "int32")
    target[:, 0] = start
    model.jit_compile = False
    for step in range(33):
        logits = np.array(model.predict_on_batch([x, target])[:, step])
        logits[:, [0, start]] = -np.inf
        target[:, step + 1] = logits.argmax(axis=1)
    spoken = [row[1 : row.index(end)] if end in row else row[1:] for row in target.tolist()]
    listed = [[[i for i in row if i not in (0, start, end)] for row in rows if any(row)] for rows in y.tolist()]
    return np.mean([sounds not in right for sounds, right in zip(spoken, listed, strict=True)])


def _auroc(model, splits):
    return roc_auc_score(splits.test.y, ((_outputs(model, splits.test.x) - splits.test.x) ** 2).mean(axis=1))


def _denoised(model, splits, seed):
    noise = np.random.default_rng(seed).normal(scale=0.4, size=splits.test.x.shape)
    noisy = np.clip(splits.test.x + noise, 0, 1).astype("float32")
    logits = _outputs(model, noisy)
    return -np.mean(splits.test.x * log_expit(logits) + (1 - splits.test.x) * log_expit(-logits))


def _probe(model, splits, seed):
    """Of ten labels a class, drawn by the seed, with scikit-learn's default penalty on scaled features."""
    encoder, rows = model.get_layer("encoder"), few_labels.draw_rows_per_class(splits.train.y, 10, seed)
    probe = make_pipeline(StandardScaler(), LogisticRegression(max_iter=5000))
    probe.fit(_outputs(encoder, splits.train.x[rows]), splits.train.y[rows])
    return probe.score(_outputs(encoder, splits.test.x), splits.test.y)


def _read_5_to_9(model, splits, seed):
    """On the test images of these digits, of a model whose first output is a 5."""
    new = splits.test.y > 4
    return np.mean(5 + _outputs(model, splits.test.x[new]).argmax(axis=1) == splits.test.y[new])


def _searched(model, splits, seed):
    """The training set scaled features and numbers to predict."""
    if splits.info.num_classes:
        return _accuracy(model, splits)
    low, high = splits.train.x.min(axis=0), splits.train.x.max(axis=0)
    x = (splits.test.x - low) / np.where(high > low, high - low, 1)
    return r2_score(splits.test.y, _outputs(model, x).ravel() * splits.train.y.std() + splits.train.y.mean())


def _nll(model, splits, seed):
    """By importance sampling from the encoder, 60 codes an image."""
    x = (np.random.default_rng(seed).random(splits.test.x.shape, "float32") < splits.test.x).astype("float32")
    mean, log_var = (np.asarray(part, "float64") for part in model.get_layer("encoder")(x, training=False))
    rng, logs = np.random.default_rng(12345), []
    for _ in range(60):
        noise = rng.normal(size=mean.shape)
        code = mean + np.exp(log_var / 2) * noise
        logits = _outputs(model.get_layer("decoder"), code.astype("float32"))
        log_p = log_expit(np.where(x > 0.5, logits, -logits)).reshape(len(x), -1).sum(axis=1)
        log_ratio = (-(code**2) / 2 + noise**2 / 2 + log_var / 2).sum(axis=1)
        logs.append(log_p + log_ratio)
    return -np.mean(logsumexp(logs, axis=0) - np.log(len(logs)))


def _frechet(model, splits, seed):
    """Between the features of as many generated images as the test set has and those of the test set."""
    images = generation.sample(model, len(splits.test.x), seed=seed)
    classifier = image_judge.train_judge(len(splits.test.x), seed=0).classifier
    features = keras.Model(classifier.input, classifier.get_layer("output").input)
    (m1, c1), (m2, c2) = ((f.mean(0), np.cov(f.T)) for f in (_outputs(features, x) for x in (images, splits.test.x)))
    nudge = 1e-9 * np.eye(len(c1))  # A feature that never changes has no root.
    return ((m1 - m2) ** 2).sum() + np.trace(c1 + c2 - 2 * sqrtm((c1 + nudge) @ (c2 + nudge)).real)


def _clustered(model, splits, seed):
    """Of a mixture of normal distributions, the likeliest of five, with the best one-to-one names."""
    encoder = model.get_layer("encoder")
    train, test = (_outputs(encoder, part.x).astype("float32") for part in (splits.train, splits.test))
    clusters = GaussianMixture(10, reg_covar=1e-3, n_init=5, random_state=seed).fit(train).predict(test)
    counts = np.array([[((clusters == i) & (splits.test.y == j)).sum() for j in range(10)] for i in range(10)])
    return counts[linear_sum_assignment(counts, maximize=True)].sum() / len(test)


COMMON = {
    "accuracy": _accuracy,
    "mae": _mae,
    "r2_score": _r2_score,
    "squared_error": _squared_error,
    "nats_per_character": _nats,
    "auroc": _auroc,
    "words_wrong": _words_wrong,
}
SPECIAL = {
    "automl": _searched,
    "denoising_autoencoder_mnist": _denoised,
    "contrastive_mnist": _probe,
    "clustering_mnist": _clustered,
    "transfer_mnist": _read_5_to_9,
    "vae_mnist": _nll,
    "gan_mnist": _frechet,
}
# The result is a mean over models, and the saved one learned from more labels; `test_transfer.py` tests the others.
OF_THE_SAVED_MODEL = {"transfer_mnist": "reader_accuracy"}
