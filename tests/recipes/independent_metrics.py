"""The metrics of the recipes computed again from the saved model and the data, by code that the recipes do not use."""

import keras
import numpy as np
import pytest

from dlguide import data
from recipes._lib.runs import recipe_list


def check(name: str, metrics: dict, model_file, limit: int | None, seed: int = 0) -> None:
    """Compare a recipe's metric with that of its `model.keras` on the test set, in the unit that the recipe states."""
    recipe, model = recipe_list.recipe(name), keras.saving.load_model(model_file)
    # An agent has environments, and no data set.
    splits = recipe.data_set and data.load(recipe.data_set, limit=limit, seed=seed)
    again = SPECIAL[name](model, splits, seed) if name in SPECIAL else COMMON[recipe.metric](model, splits)
    # One of them draws random codes; in an episode, a difference in the last digit may change all that follows.
    tolerance = 0.02 if recipe.metric in ("nll", "mean_return") else 1e-3
    assert metrics[recipe.metric] == pytest.approx(float(again), rel=tolerance), recipe.metric


def _outputs(model, x) -> np.ndarray:
    parts = [keras.ops.convert_to_numpy(model(part, training=False)) for part in np.array_split(x, 4)]
    return np.concatenate(parts).astype("float64")


def _log_softmax(scores):
    scores = scores - scores.max(axis=-1, keepdims=True)
    return scores - np.log(np.exp(scores).sum(axis=-1, keepdims=True))


def _probabilities(logits):
    return 1 / (1 + np.exp(-logits))


def _accuracy(model, splits):
    outputs = _outputs(model, splits.test.x)
    return np.mean([row.argmax() == label for row, label in zip(outputs, splits.test.y, strict=True)])


def _mae(model, splits):
    """In the target's own unit."""
    predicted = _outputs(model, _inputs(model, splits)).ravel()
    return np.mean(np.abs(predicted - splits.test.y)) * splits.info.scale


def _r2_score(model, splits):
    predicted, truth = _outputs(model, _inputs(model, splits)).ravel(), splits.test.y.astype("float64")
    return 1 - np.sum((predicted - truth) ** 2) / np.sum((truth - truth.mean()) ** 2)


def _inputs(model, splits):
    """Of several features, a model of one number takes the car's weight."""
    x = splits.test.x
    return x if model.input_shape[-1] == x.shape[-1] else x[:, [splits.info.feature_names.index("weight")]]


def _squared_error(model, splits):
    return np.mean((_probabilities(_outputs(model, splits.test.x)) - splits.test.x) ** 2)


def _nats(model, splits):
    logs = _log_softmax(_outputs(model, splits.test.x))
    return -np.mean(np.take_along_axis(logs, splits.test.y[..., None].astype(int), -1))


def _auroc(model, splits):
    """The share of pairs of an anomaly and a normal row in which the anomaly has the larger error."""
    errors = ((_outputs(model, splits.test.x) - splits.test.x) ** 2).mean(axis=1)
    anomalies, normal = errors[splits.test.y == 1], errors[splits.test.y == 0]
    return np.mean([(a > normal).mean() + (a == normal).mean() / 2 for a in anomalies])


def _denoised(model, splits, seed):
    noise = np.random.default_rng(seed).normal(scale=0.4, size=splits.test.x.shape)
    noisy = np.clip(splits.test.x + noise, 0, 1).astype("float32")
    p = np.clip(_probabilities(_outputs(model, noisy)), 1e-7, 1 - 1e-7)
    return -np.mean(splits.test.x * np.log(p) + (1 - splits.test.x) * np.log(1 - p))


def _probe(model, splits, seed):
    """Of ten labels a class, drawn by the seed, with scikit-learn's default penalty on scaled features."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    from recipes._lib.images import few_labels

    encoder, rows = model.get_layer("encoder"), few_labels.rows(splits.train.y, 10, seed)
    scaler = StandardScaler()
    few = scaler.fit_transform(_outputs(encoder, splits.train.x[rows]))
    probe = LogisticRegression(max_iter=5000).fit(few, splits.train.y[rows])
    return probe.score(scaler.transform(_outputs(encoder, splits.test.x)), splits.test.y)


def _nll(model, splits, seed):
    """By importance sampling from the encoder, 60 codes an image."""
    x = (np.random.default_rng(seed).random(splits.test.x.shape, "float32") < splits.test.x).astype("float32")
    mean, log_var = (np.asarray(part, "float64") for part in model.get_layer("encoder")(x, training=False))
    rng, logs = np.random.default_rng(12345), []
    for _ in range(60):
        noise = rng.normal(size=mean.shape)
        code = mean + np.exp(log_var / 2) * noise
        p = _probabilities(_outputs(model.get_layer("decoder"), code.astype("float32")))
        log_p = np.log(np.where(x > 0.5, p, 1 - p)).reshape(len(x), -1).sum(axis=1)
        log_ratio = (-(code**2) / 2 + noise**2 / 2 + log_var / 2).sum(axis=1)
        logs.append(log_p + log_ratio)
    logs = np.array(logs)
    return -np.mean(np.log(np.exp(logs - logs.max(axis=0)).mean(axis=0)) + logs.max(axis=0))


def _frechet(model, splits, seed):
    """Between the features of as many generated images as the test set has and those of the test set."""
    from scipy.linalg import sqrtm

    from dlguide import generation
    from recipes._lib.images import image_judge

    images = generation.sample(model, len(splits.test.x), seed=seed)
    classifier = image_judge.train_judge(len(splits.test.x), seed=0).classifier
    features = keras.Model(classifier.input, classifier.get_layer("output").input)
    (m1, c1), (m2, c2) = ((f.mean(0), np.cov(f.T)) for f in (_outputs(features, x) for x in (images, splits.test.x)))
    nudge = 1e-9 * np.eye(len(c1))  # A feature that never changes has no root.
    return ((m1 - m2) ** 2).sum() + np.trace(c1 + c2 - 2 * sqrtm((c1 + nudge) @ (c2 + nudge)).real)


def _clustered(model, splits, seed):
    """Of a mixture of normal distributions, the likeliest of five, with the best one-to-one names."""
    from scipy.optimize import linear_sum_assignment
    from sklearn.mixture import GaussianMixture

    train, test = (
        _outputs(model.get_layer("encoder"), part.x).astype("float32") for part in (splits.train, splits.test)
    )
    clusters = GaussianMixture(10, reg_covar=1e-3, n_init=5, random_state=seed).fit(train).predict(test)
    counts = [[((clusters == i) & (splits.test.y == j)).sum() for j in range(10)] for i in range(10)]
    rows, columns = linear_sum_assignment(counts, maximize=True)
    return np.array(counts)[rows, columns].sum() / len(test)


def _returns(model, _, seed):
    """Of 100 episodes of the test, one after the other."""
    import gymnasium

    from recipes._lib.agents import environments

    environment, total = gymnasium.make("CartPole-v1"), 0.0
    k1, b1, k2, b2, k3, b3 = model.get_weights()
    for episode_seed in environments.episode_seeds(seed, environments.TEST, count=100):
        observation, ends = environment.reset(seed=episode_seed)[0], False
        while not ends:
            values = np.maximum(np.maximum(observation @ k1 + b1, 0) @ k2 + b2, 0) @ k3 + b3
            observation, reward, terminated, truncated, _ = environment.step(int(values.argmax()))
            total, ends = total + float(reward), terminated or truncated
    return total / 100


COMMON = {
    "accuracy": _accuracy,
    "mae": _mae,
    "r2_score": _r2_score,
    "squared_error": _squared_error,
    "nats_per_character": _nats,
    "auroc": _auroc,
}
SPECIAL = {
    "denoising_autoencoder_mnist": _denoised,
    "contrastive_mnist": _probe,
    "clustering_mnist": _clustered,
    "vae_mnist": _nll,
    "gan_mnist": _frechet,
    "dqn_cartpole": _returns,
}
