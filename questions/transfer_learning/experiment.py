"""Question 33: when does transfer learning pay? `python -m questions transfer_learning`"""

import functools

import keras
import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.svm import SVC

from dlguide import cnn, data
from questions import _retraining, _tuning
from questions._experiment import ACCURACY, Claim, Experiment, Panel
from questions.self_supervision.experiment import shrunk
from recipes._lib.images import few_labels, transfer

LABELS, AT, IMAGES = (10, 50, 250, 1000), 50, 50_000  # Labels of the first panel, and of the others; images in all.
STEPS, LONGER, BATCH, SOURCE_RATE = 200, {"longer": 6, "source": 5}, 25, 0.003
ROWS = ("frozen_none", "frozen_digits", "first_digits", "fine_digits", "fine_none", "svm")
SOURCES = (*ROWS[:2], "frozen_ink", "frozen_permuted", "first_ink", "first_permuted", *ROWS[2:5:2], "longer_none")
RATES, PENALTIES, WIDTHS = (0.0003, 0.001, 0.003, 0.01, 0.03), (0.03, 0.3, 3, 30, 300), (0.01, 0.1, 1, 3, 10)
CHANGES = {"zero": 0, "tenth": 0.1, "chosen": 1, "ten": 10}
"""Rows of networks have a way to learn and a source task in their names; "first_digits" has changes of its rate too."""
network = functools.partial(cnn, (14, 14, 1), 5, filters=(16, 32, 64), batch_norm=False)


@functools.lru_cache(maxsize=3)
def halves(limit: int, seed: int) -> list[data.Splits]:
    """Return the data set of the digits 0 to 4, and that of the digits 5 to 9, whose labels are 0 to 4 too."""
    *parts, info = _retraining.loaded("mnist", limit, seed)
    small = data.Splits(*(part._replace(x=shrunk(part.x)) for part in parts), info)
    return [transfer.splits_of_classes(small, digits) for digits in (transfer.OLD, transfer.NEW)]


def trained(x, y, first: list, rate: float, seed: int, steps: int) -> list:
    """Train from first weights, and return the last ones."""
    callback = keras.callbacks.LambdaCallback(on_train_begin=lambda logs: callback.model.set_weights(first))
    train = _retraining.trainer(network, metrics=(), **_retraining.graph(steps < 50, 50))
    order = np.resize(np.random.default_rng(seed).permutation(len(y)), steps * BATCH)
    options = {"learning_rate": rate, "epochs": 1, "batch_size": BATCH, "seed": seed, "callbacks": [callback]}
    return train(x[order], y[order], **options).get_weights()


@functools.lru_cache(maxsize=12)
def source_weights(source: str, seed: int, limit: int, steps: int) -> list:
    """Return the weights of a network that has learned a source task; of "none" new ones."""
    rng, (x, y) = np.random.default_rng(seed), halves(limit, seed)[0].train
    keras.utils.set_random_seed(seed)
    first = network().get_weights()
    if source == "permuted":  # The pixels of all images in the same way.
        x = x.reshape(len(x), -1)[:, rng.permutation(14 * 14)].reshape(x.shape)
    elif source == "ink":  # In which fifth of the images one is, by its mean pixel.
        y = np.argsort(np.argsort(x.mean(axis=(1, 2, 3)))) * 5 // len(x)
    return first if source == "none" else trained(x, y, first, SOURCE_RATE, seed, steps * LONGER["source"])


def outputs(weights: list, x, layer: int = -1) -> np.ndarray:
    """Return the logits of a network with some weights, or the outputs of another layer."""
    model = network()
    model.set_weights(weights)
    return _retraining.outputs(keras.Model(model.input, model.layers[layer].output), x)


def hits(key: str, setting: float, seed: int, part: str, best: dict, limit: int, steps: int, is_source=False):
    """Learn the digits 5 to 9 from few labels; return which images are right, of these digits or of the source."""
    (row, number), (old, new) = key.split("@"), halves(limit, seed)
    rows = few_labels.draw_rows_per_class(new.train.y, int(number) // 5, seed)
    x, y, scored = new.train.x[rows], new.train.y[rows], getattr(old if is_source else new, part)
    if row == "svm":
        machine = SVC(C=10, gamma=setting / (14 * 14 * x.var())).fit(x.reshape(len(x), -1), y)
        return machine.predict(scored.x.reshape(len(scored.x), -1)) == scored.y
    way, source = row.split("_")
    start, new_start = (source_weights(name, seed, limit, steps) for name in (source, "none"))
    weights = [*start[:-2], *new_start[-2:]]
    if way in ("frozen", "first"):  # A logistic regression on the features, brought to a deviation of 1.
        features = outputs(start, x, layer=-2)
        penalty = best.get(f"frozen_{source}@{number}", setting)  # Not chosen yet: the setting is one.
        linear = LogisticRegression(C=penalty, max_iter=1000).fit(features / features.std(), y)
        weights[-2:] = linear.coef_.T / features.std(), linear.intercept_
    weights = weights if way == "frozen" else trained(x, y, weights, setting, seed, steps * LONGER.get(way, 1))
    return outputs([*weights[:-2], *(start if is_source else weights)[-2:]], scored.x).argmax(axis=1) == scored.y


def choose(*, labels=LABELS, at=AT, limit: int = IMAGES, steps: int = STEPS, tries: int = 5, **_) -> dict:
    """Return the validation accuracy of each row with each of its settings; "first" needs those of "frozen"."""
    found, keys = {}, [f"{row}@{n}" for n in labels for row in ROWS] + [f"{row}@{at}" for row in SOURCES]
    for key in dict.fromkeys(keys):
        grid = PENALTIES if key.startswith("frozen") else WIDTHS if key.startswith("svm") else RATES
        found |= _tuning.search([key], grid[:tries], hits, "valid", _tuning.all_best(found), limit, steps)
    return found


def measure(seed, best, *, labels=LABELS, at=AT, sources=SOURCES, changes=CHANGES, limit=IMAGES, steps=STEPS, **_):
    """Return the hits on the test set: by number of labels, by source, and by learning rate on both tasks."""
    more, first = (seed, "test", best, limit, steps), f"first_digits@{at}"
    return {
        "labels": {row: {str(n): hits(f"{row}@{n}", best[f"{row}@{n}"], *more) for n in labels} for row in ROWS},
        "sources": {row: hits(f"{row}@{at}", best[f"{row}@{at}"], *more) for row in sources},
        "target": {name: hits(first, factor * best[first], *more) for name, factor in changes.items()},
        "kept": {name: hits(first, factor * best[first], *more, True) for name, factor in changes.items()},
    }


EDGES = ("first_ink@50", "frozen_none@10", "frozen_digits@10", "frozen_none@50", "frozen_ink@50", "frozen_permuted@50")
EXPERIMENT = Experiment(
    measure,
    {
        "labels": Panel(ACCURACY, ROWS, x_axis="labelled images", logarithmic=True),
        "sources": Panel(ACCURACY, SOURCES),
        "target": Panel(ACCURACY, tuple(CHANGES)),
        "kept": Panel(ACCURACY._replace(name="accuracy on digits 0 to 4"), tuple(CHANGES)),
    },
    claims=(
        Claim("labels", "first_digits", "fine_none", "yes", at="10"),
        Claim("labels", "first_digits", "fine_none", "undecided", at="1000"),
        Claim("labels", "first_digits", "svm", "undecided", at="1000"),
        Claim("labels", "frozen_digits", "frozen_none", "yes", at="50"),
        Claim("labels", "first_digits", "fine_digits", "undecided", at="10"),
        Claim("sources", "first_digits", "first_permuted", "yes"),
        Claim("sources", "first_digits", "longer_none", "yes"),
        Claim("target", "chosen", "ten", "yes"),
        Claim("kept", "chosen", "ten", "yes"),
    ),
    quick={"limit": 400, "labels": (10,), "at": 10, "steps": 1, "tries": 1},
    recheck_options={"labels": (10,), "sources": (), "changes": {}},
    rows_allowed_at_grid_edge=EDGES,  # Few labels: hardly any penalty is best. A poor source: a large rate.
    seeds=tuple(range(10)),
    choose=choose,
    chosen="learning rate, C or width",
    main_panels=("labels", "sources"),
)
