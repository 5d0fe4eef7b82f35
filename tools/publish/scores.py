"""Scores of published models on the test set, from the outputs of Keras or of ONNX Runtime alike."""

import numpy as np
from scipy.special import expit, log_softmax

from dlguide import data
from recipes._lib import representation_scores
from recipes._lib.agents import connect_four, environments, game_players
from recipes._lib.images import transfer, vae_model
from recipes._lib.published.model_files import Outputs
from recipes._lib.runs import recipe_list
from recipes._lib.texts import pronunciations

FEW = 1000
"""Number of test examples of the quick score."""


def score(name: str, outputs: Outputs, *, judge: Outputs | None = None, few: bool = False, seed: int = 10) -> dict:
    """Return the score of a recipe's model, as a dictionary of its name and value.

    `outputs` is the model as a function from part and batch; the judge of a GAN is the classifier of `cnn_mnist`. With
    `few`, on the first examples of the test set only; of an agent, ten episodes; of a player, some positions.
    """
    recipe = recipe_list.recipe(name)
    count = FEW if few else None
    if recipe.metric == "score":  # One move that is another one changes a whole game.

        def value(positions):
            return game_players.from_logits(outputs("model", connect_four.planes(positions))[0])

        return {"decided_error": game_players.decided_error(value, FEW if few else 10 * FEW, seed)}
    if recipe.data_set is None:
        seeds = environments.episode_seeds(seed, environments.TEST, count=10 if few else 100)

        def policy(observations):
            return outputs("model", observations)[0].argmax(axis=-1)

        episodes = environments.play(policy, environments.make(recipe.data, len(seeds)), seeds)
        return {"mean_return": environments.mean_return(episodes)}
    test = data.load(recipe.data_set, seed=seed).test
    return (SCORES.get(name) or SCORES[recipe.metric])(outputs, test.x[:count], test.y[:count], judge, seed)


def _accuracy(outputs, x, y, judge, seed) -> dict:
    return {"accuracy": float((outputs("model", x)[0].argmax(axis=-1) == y).mean())}


def _accuracy_of_new_digits(outputs, x, y, judge, seed) -> dict:
    """Return the accuracy on the digits that are learned from few labels; those before them have no output."""
    is_new = np.isin(y, transfer.NEW)
    right = outputs("model", x[is_new])[0].argmax(axis=-1) == y[is_new] - transfer.NEW.start
    return {"reader_accuracy": float(right.mean())}


def _r2_score(outputs, x, y, judge, seed) -> dict:
    errors = outputs("model", x)[0].ravel() - y
    return {"r2_score": float(1 - (errors**2).sum() / ((y - y.mean()) ** 2).sum())}


def _cross_entropy_of_tokens(outputs, x, y, judge, seed) -> dict:
    log_probabilities = log_softmax(outputs("model", x)[0].astype("float64"), axis=-1)
    chosen = np.take_along_axis(log_probabilities, y[..., None].astype(int), axis=-1)
    return {"nats_per_character": float(-chosen.mean())}


def _squared_error(outputs, x, y, judge, seed) -> dict:
    decoded = expit(outputs("decoder", outputs("encoder", x)[0])[0])
    return {"squared_error": float(((decoded - x) ** 2).mean())}


def _reconstruction_of_mean(outputs, x, y, judge, seed) -> dict:
    """Return the cross-entropy of an image's pixels decoded from the mean of its code: a likelihood takes minutes."""
    x = vae_model.binarised(x, seed)
    logits = outputs("decoder", outputs("encoder", x)[0])[0].astype("float64")
    nats = np.logaddexp(0, logits) - x * logits
    return {"reconstruction_of_mean": float(nats.reshape(len(x), -1).sum(axis=1).mean())}


def _nats_per_sound(outputs, x, y, judge, seed) -> dict:
    """Return the cross-entropy of the first listed sounds, each after the true ones: to write all takes a minute."""
    nats, count = 0.0, 0
    for rows, length in pronunciations.by_length(x):
        target = y[rows, 0]
        logits = outputs("model", [x[rows, :length], target[:, :-1]])[0].astype("float64")
        chosen = np.take_along_axis(log_softmax(logits, axis=-1), target[:, 1:, None].astype(int), axis=-1)[..., 0]
        is_sound = target[:, 1:] != 0
        nats, count = nats - chosen[is_sound].sum(), count + is_sound.sum()
    return {"nats_per_sound": float(nats / count)}


def _bound_of_few(outputs, x, y, judge, seed) -> dict:
    """Return the bound from one choice of hidden pixels for each image: the recipe's own has more."""
    x, rng = vae_model.binarised(x, seed), np.random.default_rng((seed, 1))  # Not the numbers that drew the pixels.
    hidden = rng.random(x.shape, "float32") < rng.permutation(np.linspace(1e-3, 1, len(x))).reshape(-1, 1, 1, 1)
    logits = outputs("denoiser", ((2 * x - 1) * ~hidden).astype("float32"))[0].astype("float64")
    nats = hidden * (np.logaddexp(0, logits) - x * logits)
    bounds = x[0].size * nats.sum(axis=(1, 2, 3)) / np.maximum(hidden.sum(axis=(1, 2, 3)), 1)
    return {"nll_bound_of_few": float(bounds.mean())}


def _frechet_distance(outputs, x, y, judge, seed) -> dict:
    """Return the Fréchet distance in the logits of `cnn_mnist`: the recipe's own judge is trained for a minute."""
    codes = np.random.default_rng(seed).normal(size=(len(x), 64)).astype("float32")
    generated = judge("model", outputs("generator", codes)[0])[0]
    distance = representation_scores.frechet_distance(generated, judge("model", x)[0])
    return {"frechet_distance_of_logits": float(distance)}


SCORES = {
    "accuracy": _accuracy,
    "r2_score": _r2_score,
    "nats_per_character": _cross_entropy_of_tokens,
    "squared_error": _squared_error,
    "nll": _reconstruction_of_mean,
    "nll_bound": _bound_of_few,
    "frechet_distance": _frechet_distance,
    "words_wrong": _nats_per_sound,
    "mark_found": _accuracy,  # On plain images: the maps of marked ones take a minute.
    "transfer_mnist": _accuracy_of_new_digits,
}
"""By the metric; by the recipe, where the published model is only one of those that the metric is about."""
