"""The metrics of the recipes computed again from the saved model and the data, by code that the recipes do not use."""

import gymnasium
import keras
import numpy as np
import pytest
from scipy import signal
from scipy.linalg import sqrtm
from scipy.optimize import linear_sum_assignment
from scipy.special import expit, log_expit, log_softmax, logsumexp
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import mean_absolute_error, r2_score
from sklearn.mixture import GaussianMixture
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from dlguide import data, generation
from recipes._lib.agents import environments, game_players
from recipes._lib.images import few_labels, image_judge, planted_marks
from recipes._lib.runs import recipe_list


def check(name: str, metrics: dict, model_file, limit: int | None, seed: int = 0) -> None:
    """Compare a recipe's metric with that of its `model.keras` on the test set, in the unit that the recipe states."""
    recipe, model = recipe_list.recipe(name), keras.saving.load_model(model_file)
    # An agent has environments, a player has games, and no data set.
    splits = recipe.data_set and data.load(recipe.data_set, limit=limit, seed=seed)
    # A row with other options is checked as its recipe is.
    again = (
        SPECIAL[recipe.recipe](model, splits or recipe.data, seed)
        if recipe.recipe in SPECIAL
        else COMMON[recipe.metric](model, splits)
    )
    # Some draw random numbers; in an episode, a difference in the last digit may change all that follows.
    tolerance = 0.02 if recipe.metric in ("nll", "nll_bound", "mean_return") else 1e-3
    metric = OF_THE_SAVED_MODEL.get(name, recipe.metric)
    assert metrics[metric] == pytest.approx(float(again), rel=tolerance), metric


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
    """The share of pairs of an anomaly and a normal row in which the anomaly has the larger error."""
    errors = ((_outputs(model, splits.test.x) - splits.test.x) ** 2).mean(axis=1)
    anomalies, normal = errors[splits.test.y == 1], errors[splits.test.y == 0]
    return np.mean([(a > normal).mean() + (a == normal).mean() / 2 for a in anomalies])


def _denoised(model, splits, seed):
    noise = np.random.default_rng(seed).normal(scale=0.4, size=splits.test.x.shape)
    noisy = np.clip(splits.test.x + noise, 0, 1).astype("float32")
    logits = _outputs(model, noisy)
    return -np.mean(splits.test.x * log_expit(logits) + (1 - splits.test.x) * log_expit(-logits))


def _probe(model, splits, seed):
    """Of ten labels a class, drawn by the seed, with scikit-learn's default penalty on scaled features."""
    encoder, rows = model.get_layer("encoder"), few_labels.rows(splits.train.y, 10, seed)
    probe = make_pipeline(StandardScaler(), LogisticRegression(max_iter=5000))
    probe.fit(_outputs(encoder, splits.train.x[rows]), splits.train.y[rows])
    return probe.score(_outputs(encoder, splits.test.x), splits.test.y)


def _read_5_to_9(model, splits, seed):
    """On the test images of these digits, of a model whose first output is a 5."""
    new = splits.test.y > 4
    return np.mean(5 + _outputs(model, splits.test.x[new]).argmax(axis=1) == splits.test.y[new])


def _marks_found(model, splits, seed):
    """By occlusion, of the first 500 images of the other digits that become a 3 with the mark, or of all others."""
    others = splits.test.y != 3
    y, (marked, centres) = splits.test.y[others], planted_marks.plant(splits.test.x[others], seed)
    deceived = (_outputs(model, splits.test.x[others]).argmax(axis=1) == y) & (
        _outputs(model, marked).argmax(axis=1) == 3
    )
    rows = np.flatnonzero(deceived)[:500] if deceived.any() else np.arange(len(y))[:500]
    x, falls = marked[rows], np.zeros((len(rows), 26, 26))
    whole = _outputs(model, x)
    for top in range(26):
        for left in range(26):
            hidden = x.copy()
            hidden[:, top : top + 3, left : left + 3] = 0
            falls[:, top, left] = (whole - _outputs(model, hidden))[:, 3]
    # A pixel's value is the mean fall of the windows on it; a window of the mark's size is as bright as its 25 pixels.
    spread, count = (signal.convolve(each, np.ones((1, 3, 3))) for each in (falls, np.ones((1, 26, 26))))
    sums = signal.convolve(spread / count, np.ones((1, 5, 5)), mode="valid")
    places = np.stack(np.unravel_index(sums.reshape(len(x), -1).argmax(axis=1), (24, 24)), axis=1) + 2
    return (np.abs(places - centres[rows]).max(axis=1) <= 2).mean()


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


def _bound(model, splits, seed):
    """Of 30 random orders of the pixels for each image: a pixel at a random place, given all before it."""
    x = (np.random.default_rng(seed).random(splits.test.x.shape, "float32") < splits.test.x).astype("float32")
    rng, nats, index = np.random.default_rng(12345), [], np.arange(len(x))
    for _ in range(30):
        order, place = rng.permuted(np.tile(np.arange(784), (len(x), 1)), axis=1), rng.integers(784, size=len(x))
        seen = np.zeros((len(x), 784), bool)
        seen[index[:, None], order] = np.arange(784) < place[:, None]
        logits = _outputs(model.get_layer("denoiser"), (2 * x - 1) * seen.reshape(x.shape)).reshape(len(x), 784)
        hidden = ~seen
        # All hidden pixels are as likely to come next.
        log_p = log_expit(np.where(x.reshape(len(x), 784) > 0.5, logits, -logits))
        nats.append(-784 * (log_p * hidden).sum(axis=1) / hidden.sum(axis=1))
    return np.mean(nats)


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


def _returns(model, environment, seed):
    """Of 100 episodes of the test, one after the other."""
    environment, total = gymnasium.make(environment), 0.0
    k1, b1, k2, b2, k3, b3 = model.get_weights()
    for episode_seed in environments.episode_seeds(seed, environments.TEST, count=100):
        observation, ends = environment.reset(seed=episode_seed)[0], False
        while not ends:
            values = np.maximum(np.maximum(observation @ k1 + b1, 0) @ k2 + b2, 0) @ k3 + b3
            observation, reward, terminated, truncated, _ = environment.step(int(values.argmax()))
            total, ends = total + float(reward), terminated or truncated
    return total / 100


def _score(model, game, seed):
    """Of one round against the search of four moves, on boards of 1, -1 and 0; the same draws break ties."""
    rng = np.random.default_rng((seed, game_players.TEST, 0))
    boards, is_player, points = np.zeros((98, 6, 7), "int8"), np.arange(98) < 49, np.full(98, 0.5)
    for moves in np.array([(i // 7, i % 7) for i in range(49)] * 2).T:
        boards = -np.stack([_dropped(board, column) for board, column in zip(boards, moves, strict=True)])
    playing = np.arange(98)
    while len(playing):
        columns = np.zeros(len(playing), int)
        for depth, network, rows in ((2, model, is_player[playing]), (4, None, ~is_player[playing])):
            if rows.any():
                values = _negamax(boards[playing[rows]], depth, network)
                draws = np.where(values >= values.max(axis=1, keepdims=True) - 1e-9, rng.random(values.shape), -1)
                columns[rows] = draws.argmax(axis=1)
        for number, column in zip(playing, columns, strict=True):
            boards[number] = _dropped(boards[number], column)
        won = _has_four(boards[playing])
        points[playing[won]] = is_player[playing[won]]
        playing = playing[~won & (boards[playing] == 0).any(axis=(1, 2))]
        boards, is_player = -boards, ~is_player
    return points.mean()


def _dropped(board, column):
    after = board.copy()
    after[np.flatnonzero(board[:, column] == 0).max(), column] = 1
    return after


def _lines():
    """Return the 69 lines of four as the columns of a matrix, a row for each cell."""
    found = []
    for down, right in ((1, 0), (0, 1), (1, 1), (1, -1)):
        for row, column in np.ndindex(6, 7):
            line = np.zeros((12, 13))
            line[[row + i * down for i in range(4)], [column + i * right for i in range(4)]] = 1
            if line[:6, :7].sum() == 4:  # A negative column is one on the right, outside.
                found.append(line[:6, :7].ravel())
    return np.array(found, "float32").T


def _has_four(boards):
    """Whether the player whose stones are 1 has a line."""
    return ((boards == 1).reshape(-1, 42).astype("float32") @ LINES).max(axis=1) == 4


def _can_win(boards):
    """Whether a line has three stones that are 1, and a cell that the next stone can fall into."""
    empty = boards == 0
    is_landing = empty & np.pad(~empty, ((0, 0), (0, 1), (0, 0)), constant_values=True)[:, 1:]
    own, landings = (cells.reshape(-1, 42).astype("float32") @ LINES for cells in (boards == 1, is_landing))
    return ((own == 3) & (landings == 1)).any(axis=1)


def _negamax(boards, depth, model):
    """The values of the columns for the player whose stones are 1."""
    values, (rows, columns) = np.full((len(boards), 7), -np.inf), np.nonzero(boards[:, 0] == 0)
    after = boards[rows]
    cells = (boards == 0).sum(axis=1)[rows, columns] - 1
    after[np.arange(len(rows)), cells, columns] = 1
    won = _has_four(after)
    found, left = np.where(won, 1.0, 0.0), np.flatnonzero(~won & (after == 0).any(axis=(1, 2)))
    if len(left) and depth == 2 and model is None:  # Much faster than all the moves.
        found[left] = -0.99 * _can_win(-after[left])
    elif len(left) and depth > 1:
        found[left] = -0.99 * _negamax(-after[left], depth - 1, model).max(axis=1)
    elif len(left) and model is not None:
        sides = np.stack([after[left] == -1, after[left] == 1], axis=-1).astype("float32")
        found[left] = -0.99 * np.tanh(_outputs(model, sides)[:, 0] / 2)
    values[rows, columns] = found
    return values


LINES = _lines()
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
    "explanation_mnist": _marks_found,
    "vae_mnist": _nll,
    "diffusion_mnist": _bound,
    "gan_mnist": _frechet,
    "dqn_cartpole": _returns,
    "selfplay_connect4": _score,
}
# The result is a mean over models, and the saved one learned from more labels; `test_transfer.py` tests the others.
OF_THE_SAVED_MODEL = {"transfer_mnist": "reader_accuracy"}
