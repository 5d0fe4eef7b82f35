"""Question 37: what to do with few examples? `python -m questions few_examples`"""

import functools

import keras
import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC

from dlguide.augmentation import Augmentation
from questions import _retraining, _tuning
from questions._experiment import ACCURACY, Claim, Experiment, Panel
from questions.self_supervision import experiment as self_supervision
from recipes._lib.images import few_labels, transfer

SIZES = (10, 100, 1000)  # Labelled images of the digits 5 to 9, equally many of each.
IMAGES, SEEN, COPIES, RATE, OTHERS, EPOCHS = 10_000, 10_000, 3000, 0.01, 30_000, 10
"""Training images of all digits; those that a network sees, and copies for the others; learning rate on other images;
those of the digits 0 to 4 that a network sees; passes over images without labels."""
KINDS = {"turned": {"rotation": 180}, "left_right": {"flip": "horizontal"}, "up_down": {"flip": "vertical"}}
SIMPLE = {"svm": SVC, "softmax": functools.partial(LogisticRegression, max_iter=1000), "knn": KNeighborsClassifier}
COPIED = {"copies": "plain", "together": "transfer"} | {f"{row}_copies": row for row in SIMPLE}  # To such without.
GRIDS = dict.fromkeys(("plain", "transfer"), (0.003, 0.01, 0.03, 0.1)) | {"knn": (1, 3, 5, 7)}
GRIDS |= dict.fromkeys(("softmax", "svm", "transfer_linear", "unlabelled_linear"), (0.1, 1, 10, 100))
GRIDS |= dict.fromkeys(COPIED, (0.025, 0.05, 0.1, 0.2))
"""What each row tries: learning rates, neighbours, inverse penalties (C), or largest shifts of the copies, as a share
of the side, with a hundred times as many degrees of rotation."""
PANELS = {
    "labels": ("plain", "copies", "transfer", "together", "svm", "svm_copies", "spread"),
    "kinds": ("plain", "copies", *KINDS),
    "others": ("softmax", "softmax_copies", "knn", "knn_copies", "transfer_linear", "unlabelled_linear"),
}
ROWS = (*GRIDS, "spread", *KINDS)


def prepared(seed: int, part: str, limit: int, epochs: int, seen: int) -> tuple:
    """Learn the digits 0 to 4 with labels, and from the digits 5 to 9 without labels.

    Returns the digits 5 to 9 to train on and those of a part to score, first weights for all layers but the last one,
    and features of both sets: of two frozen networks, and principal components.
    """
    splits = _retraining.loaded("mnist", limit, seed)
    old = transfer.examples_of_classes(splits.train, transfer.OLD)
    train, scored = (transfer.examples_of_classes(one, transfer.NEW) for one in (splits.train, getattr(splits, part)))
    small = [self_supervision.shrunk(images.x) for images in (old, train, scored)]
    is_quick, many = seen < SEEN, np.resize(np.arange(len(old.y)), seen * OTHERS // SEEN)
    train_network = _retraining.trainer(self_supervision.network, metrics=(), jit_compile=False, run_eagerly=is_quick)
    model = train_network(small[0][many], old.y[many], learning_rate=RATE, epochs=1, batch_size=50, seed=seed)
    encoder, start = few_labels.without_head(model), model.get_weights()[:-2]
    scale, *found = (encoder.predict(images, batch_size=500, verbose=0) for images in small)
    features = {"transfer_linear": [(each - scale.mean(axis=0)) / (scale.std(axis=0) + 1e-6) for each in found]}
    encoder = self_supervision.pretrained(train.x, RATE, seed, epochs, is_quick)
    features["unlabelled_linear"] = self_supervision.features(encoder, train, scored)
    features["spread"] = self_supervision.components(train.x, scored.x)
    return train, scored, start, features


def changed(images, changes: dict, seed: int) -> np.ndarray:
    """Change each image at random, before it is shrunk."""
    keras.utils.set_random_seed(seed)
    layer, pieces = Augmentation(changes), np.array_split(images, 1 + len(images) // 1000)
    return np.concatenate([keras.ops.convert_to_numpy(layer(piece, training=True)) for piece in pieces])


def hits(row: str, best: dict, given: tuple, size: int, seed: int, seen: int = SEEN):
    """Learn from so many labelled images, and return which of the scored ones are right."""
    (images, y), scored, start, features = given
    few = few_labels.draw_rows_per_class(y, size // 5, seed)
    if row in features:
        own, other = features[row]
        if row == "spread":  # No network: labels spread over a graph of similar images.
            return few_labels.spread(own, few, y[few], other) == scored.y
        return SIMPLE["softmax"](C=best[row]).fit(own[few], y[few]).predict(other) == scored.y
    plain = "plain" if row in KINDS else COPIED.get(row, row)
    changes = KINDS.get(row) or ({"shift": best[row], "rotation": 100 * best[row]} if row in COPIED else None)
    many = np.resize(few, min(seen, COPIES) if plain in SIMPLE else seen)
    x = changed(images[many], changes, seed) if changes else images[many]
    if plain not in SIMPLE:
        first, x = start if plain == "transfer" else None, self_supervision.shrunk(x)
        return self_supervision.network_hits(x, y[many], scored, best[plain], seed, seen < SEEN, first)
    rows = np.concatenate([few, many]) if changes else few  # The images themselves, and the copies.
    x = np.concatenate([images[few], x]) if changes else images[few]
    own, other = (self_supervision.shrunk(each).reshape(len(each), -1) for each in (x, scored.x))
    options = {"n_neighbors": int(best[plain])} if plain == "knn" else {"C": best[plain]}
    return SIMPLE[plain](**options).fit(own, y[rows]).predict(other) == scored.y


def choose(*, limit=IMAGES, epochs=EPOCHS, sizes=SIZES, seen: int = SEEN, tries: int = 4) -> dict:
    """Return the validation accuracy of each row with each of its settings, with the middle number of images."""
    given = functools.cache(lambda seed: prepared(seed, "valid", limit, epochs, seen))

    def score(row, setting, seed, best):
        return hits(row, {**best, row: setting}, given(seed), sizes[len(sizes) // 2], seed, seen)

    found = {}
    for row, grid in GRIDS.items():  # Rows without copies come before those that have their setting.
        found |= _tuning.search([row], grid[:tries], score, _tuning.all_best(found))
    return found


def measure(seed, best: dict, *, rows=ROWS, limit=IMAGES, epochs=EPOCHS, sizes=SIZES, seen: int = SEEN, **_) -> dict:
    """Return the hits on the test set by the number of labelled images."""
    given = prepared(seed, "test", limit, epochs, seen)
    curves = {row: {str(size): hits(row, best, given, size, seed, seen) for size in sizes} for row in rows}
    return {panel: {row: curves[row] for row in shown if row in curves} for panel, shown in PANELS.items()}


SCORE = ACCURACY._replace(format=".1f")
EXPERIMENT = Experiment(
    measure=measure,
    choose=choose,
    panels={name: Panel(SCORE, rows, "labelled images", logarithmic=True) for name, rows in PANELS.items()},
    claims=(
        Claim("labels", "copies", "plain", "yes", at="100"),
        Claim("kinds", "turned", "plain", "yes", better=False, at="100"),
        Claim("labels", "svm_copies", "copies", "no", at="100"),
        Claim("kinds", "up_down", "plain", "yes", better=False, at="100"),
        Claim("labels", "transfer", "plain", "yes", at="10"),
        Claim("labels", "transfer", "plain", "undecided", at="1000"),
        Claim("labels", "spread", "together", "yes", at="10"),
        Claim("labels", "spread", "copies", "no", at="1000"),
    ),
    quick={"limit": 100, "epochs": 1, "sizes": (10,), "tries": 1, "seen": 50},
    recheck_options={"rows": ("plain", "copies"), "sizes": (100,)},
    rows_allowed_at_grid_edge=("together",),  # A larger shift would cut off parts of the digit.
    seeds=tuple(range(7)),
    chosen="setting",
    main_panels=("labels", "kinds"),
)
