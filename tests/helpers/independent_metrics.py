"""The metrics of the recipes computed again from the saved model and the data, by code that the recipes do not use.

Of `representation_scores` it uses the formulas, which `test_recipe_scores.py` compares with values by hand.
"""

import keras
import numpy as np
import pytest
from scipy.special import expit, log_expit, log_softmax, logsumexp
from sklearn.metrics import mean_absolute_error, r2_score, roc_auc_score
from sklearn.mixture import GaussianMixture
from sklearn.preprocessing import MinMaxScaler

from dlguide import data, generation
from recipes._lib import representation_scores
from recipes._lib.images import few_labels, image_judge
from recipes._lib.runs import recipe_list


def check(name: str, metrics: dict, model_file, limit: int | None) -> None:
    """Compare a recipe's metric with that of its `model.keras` on the test set, in the unit that the recipe states.

    Agents, players and what is measured by chance have tests of their own.
    """
    recipe = recipe_list.recipe(name)
    again = METRICS.get(recipe.recipe) or METRICS.get(recipe.metric)
    if again:
        value = again(keras.saving.load_model(model_file), data.load(recipe.data_set, limit=limit))
        tolerance = 0.02 if recipe.metric == "nll" else 1e-3  # It draws codes.
        # The result is a mean over models, and the saved one learned from more labels: see `test_transfer.py`.
        metric = "reader_accuracy" if name == "transfer_mnist" else recipe.metric
        assert metrics[metric] == pytest.approx(float(value), rel=tolerance), metric


def _outputs(model, x) -> np.ndarray:
    parts = [keras.ops.convert_to_numpy(model(part, training=False)) for part in np.array_split(x, min(4, len(x)))]
    return np.concatenate(parts).astype("float64")


def _accuracy(model, splits):
    return np.mean(_outputs(model, splits.test.x).argmax(axis=1) == splits.test.y)


def _predicted(model, splits):
    """Of several features, a model of one number takes the car's weight."""
    x = splits.test.x
    is_whole = model.input_shape[-1] == x.shape[-1]
    return _outputs(model, x if is_whole else x[:, [splits.info.feature_names.index("weight")]]).ravel()


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


def _denoised(model, splits):
    noise = np.random.default_rng(0).normal(scale=0.4, size=splits.test.x.shape)
    noisy = np.clip(splits.test.x + noise, 0, 1).astype("float32")
    logits = _outputs(model, noisy)
    return -np.mean(splits.test.x * log_expit(logits) + (1 - splits.test.x) * log_expit(-logits))


def _probe(model, splits):
    """Of ten labels a class, drawn by the seed."""
    rows = few_labels.draw_rows_per_class(splits.train.y, 10, 0)
    codes, test_codes = (_outputs(model.get_layer("encoder"), x) for x in (splits.train.x[rows], splits.test.x))
    return representation_scores.linear_probe(codes, splits.train.y[rows], test_codes, splits.test.y)


def _read_5_to_9(model, splits):
    """On the test images of these digits, of a model whose first output is a 5."""
    new = splits.test.y > 4
    return np.mean(5 + _outputs(model, splits.test.x[new]).argmax(axis=1) == splits.test.y[new])


def _searched(model, splits):
    """The training set scaled features and numbers to predict."""
    if splits.info.num_classes:
        return _accuracy(model, splits)
    x = MinMaxScaler().fit(splits.train.x).transform(splits.test.x)
    return r2_score(splits.test.y, _outputs(model, x).ravel() * splits.train.y.std() + splits.train.y.mean())


def _nll(model, splits):
    """By importance sampling from the encoder, 60 codes an image."""
    x = (np.random.default_rng(0).random(splits.test.x.shape, "float32") < splits.test.x).astype("float32")
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


def _frechet(model, splits):
    """Between the features of as many generated images as the test set has and those of the test set."""
    images = generation.sample(model, len(splits.test.x), seed=0)
    classifier = image_judge.train_judge(len(splits.test.x), seed=0).classifier
    features = keras.Model(classifier.input, classifier.get_layer("output").input)
    return representation_scores.frechet_distance(*(_outputs(features, x) for x in (images, splits.test.x)))


def _clustered(model, splits):
    """Of a mixture of normal distributions, the likeliest of five, with the best one-to-one names."""
    encoder = model.get_layer("encoder")
    train, test = (_outputs(encoder, part.x).astype("float32") for part in (splits.train, splits.test))
    clusters = GaussianMixture(10, reg_covar=1e-3, n_init=5, random_state=0).fit(train).predict(test)
    return representation_scores.clustering_accuracy(splits.test.y, clusters)


METRICS = {
    "accuracy": _accuracy,
    # In the target's own unit.
    "mae": lambda model, splits: mean_absolute_error(splits.test.y, _predicted(model, splits)) * splits.info.scale,
    "r2_score": lambda model, splits: r2_score(splits.test.y, _predicted(model, splits)),
    "squared_error": lambda model, splits: np.mean((expit(_outputs(model, splits.test.x)) - splits.test.x) ** 2),
    "nats_per_character": _nats,
    "auroc": lambda model, splits: roc_auc_score(
        splits.test.y, ((_outputs(model, splits.test.x) - splits.test.x) ** 2).mean(axis=1)
    ),
    "words_wrong": _words_wrong,
    "automl": _searched,
    "denoising_autoencoder_mnist": _denoised,
    "contrastive_mnist": _probe,
    "clustering_mnist": _clustered,
    "transfer_mnist": _read_5_to_9,
    "vae_mnist": _nll,
    "gan_mnist": _frechet,
}
"""By metric, or by recipe."""
