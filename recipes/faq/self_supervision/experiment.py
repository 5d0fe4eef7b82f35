"""Question 20: why self-supervised learning?

python -m recipes.faq self_supervision
"""

import functools

import numpy as np

from recipes.faq import _retraining, _tuning
from recipes.faq._experiment import PERCENT, Claim, Experiment, Panel, Score

LABELS = (10, 100, 1000, 10_000)
TUNED = (100, 10_000)  # The setting for fewer labels is that of the next of these.
IMAGES, BATCH, STEPS = 10_000, 50, 1500
PAIRS, EPOCHS = 125, 12  # Of the pre-training: images a step, and passes over them.
GRID = (0.002, 0.008, 0.03, 0.12, 0.5)
FILTERS, TEMPERATURE = (16, 32, 64), 0.5
# For images before they are shrunk: shrunk ones become blurred (82.3 % with 100 labels).
CHANGES = {"shift": 0.15, "rotation": 10, "zoom": 0.3, "shear": 0.3}
ENCODERS = ("untrained", "probe")
NETWORKS = ("plain", "changes")
ROWS = (*ENCODERS, *NETWORKS)


def shrunk(images):
    """Return images with 2x2 pixels replaced by their mean, to save time."""
    return images.reshape(-1, 14, 2, 14, 2, 1).mean(axis=(2, 4))


def network():
    """Return a new classifier of shrunk images."""
    from dlguide import cnn

    return cnn((14, 14, 1), 10, filters=FILTERS)


def pretraining():
    """Return a new encoder in its pre-training: the classifier without its last layer, and the projection head.

    The images are changed before they shrink: each change blurs them a little, the more the fewer pixels they have.
    """
    import keras

    from dlguide import contrastive
    from recipes._lib.images import few_labels

    images, features = keras.Input((28, 28, 1)), few_labels.without_head(network())
    encoder = keras.Model(images, features(keras.layers.AveragePooling2D(2)(images)))
    return contrastive(encoder, augment=CHANGES, temperature=TEMPERATURE)


@functools.cache
def compiled_pretraining(is_quick: bool):
    """Compile the pre-training once for all seeds: `_retraining` is for models with targets."""
    model = pretraining()
    model.compile("adam", **_retraining.graph(is_quick, 40))
    model.optimizer.build(model.trainable_variables)
    return model


def prepared(row: str, train, scored, rate: float, seed: int, epochs: int, is_quick: bool):
    """Return the pre-trained encoder of a row (None for a whole network), and the sets to train and to score the row.

    The sets of an encoder are features, scaled by the mean and the deviation over the training set. The encoder of the
    row "untrained" has random weights.
    """
    from dlguide import training

    if row in NETWORKS:
        return None, (train, (shrunk(scored.x), scored.y))
    model = compiled_pretraining(is_quick)
    _retraining.renew(model, pretraining, seed)
    if row == "probe":
        options = {"epochs": epochs, "batch_size": PAIRS, "callbacks": _retraining.falling(rate, epochs)}
        training.fit(model, train.x, seed=seed, verbose=0, **options)
    own, other = (model.get_layer("encoder").predict(x, batch_size=500, verbose=0) for x in (train.x, scored.x))
    mean, deviation = own.mean(axis=0), np.maximum(own.std(axis=0), 1e-6)
    return model, (((own - mean) / deviation, train.y), ((other - mean) / deviation, scored.y))


@functools.cache
def trainer(kind: str, is_quick: bool):
    """Return the function that trains a linear layer on features, or the whole network."""
    from dlguide import mlp

    build = network if kind == "network" else functools.partial(mlp, FILTERS[-1:], 10, hidden_units=())
    return _retraining.trainer(build, jit_compile=False, run_eagerly=is_quick)


def examples(row: str, train, labels: int, seed: int, steps: int):
    """Draw labelled examples, the same number of each class, and repeat them until there are enough for all steps."""
    import keras

    from dlguide.augmentation import Augmentation
    from recipes._lib.images import few_labels

    x, y = train
    rows = np.arange(len(y)) if labels >= len(y) else few_labels.rows(y, labels // 10, seed)
    rows = np.resize(rows, steps * BATCH)
    if row in ENCODERS:
        return x[rows], y[rows]
    keras.utils.set_random_seed(seed)
    layer, pieces = Augmentation(CHANGES), np.array_split(rows, 1 + len(rows) // 1000)
    images = (keras.ops.convert_to_numpy(layer(x[piece], training=row == "changes")) for piece in pieces)
    return np.concatenate([shrunk(piece) for piece in images]), y[rows]


def accuracy(row: str, train, scored, rate: float, seed: int, is_quick: bool) -> float:
    """Train a row on one pass over examples, with a learning rate that falls to zero, and score it."""
    import keras

    steps = len(train[1]) // BATCH
    falling = keras.callbacks.LambdaCallback(
        on_train_batch_begin=lambda step, logs: falling.model.optimizer.learning_rate.assign(rate * (1 - step / steps))
    )
    train_once = trainer("linear" if row in ENCODERS else "network", is_quick)
    model = train_once(*train, learning_rate=rate, epochs=1, batch_size=BATCH, seed=seed, callbacks=[falling])
    return _retraining.accuracy(model, *scored)


def choose(*, limit: int = IMAGES, steps: int = STEPS, epochs: int = EPOCHS, is_quick: bool = False, **_) -> dict:
    """Try learning rates on the validation set; "probe@0" is the pre-training, scored by its probe with 100 labels."""
    from dlguide import evaluation
    from recipes._lib.images import few_labels

    train, valid, _, _ = _retraining.loaded("mnist", limit, 100)
    grid = GRID[:1] if is_quick else GRID
    few = few_labels.rows(train.y, 10, 100)

    def pretraining_score(row, rate):
        _, ((x, y), there) = prepared(row, train, valid, rate, 100, epochs, is_quick)
        return evaluation.linear_probe(x[few], y[few], *there, c=1.0)

    found = {"probe@0": _tuning.search(("probe",), grid, pretraining_score)["probe"]}
    for row in ROWS:
        _, sets = prepared(row, train, valid, _tuning.best(found["probe@0"]), 100, epochs, is_quick)
        for labels in TUNED:
            drawn = examples(row, sets[0], labels, 100, steps)
            score = functools.partial(accuracy, train=drawn, scored=sets[1], seed=100, is_quick=is_quick)
            found[f"{row}@{labels}"] = {f"{rate:g}": score(row, rate=rate) for rate in grid}
    return found


def measure(
    seed: int, choice: dict, *, limit=IMAGES, steps=STEPS, epochs=EPOCHS, labels=LABELS, rows=ROWS, is_quick=False
) -> dict:
    """Return the test accuracies over the number of labels, and how often an encoder finds the other view."""
    train, _, test, _ = _retraining.loaded("mnist", limit, seed)
    scores = {"labels": {}, "views": {}}
    for row in rows:
        encoder, sets = prepared(row, train, test, _tuning.best(choice["probe@0"]), seed, epochs, is_quick)
        if row in ENCODERS:
            metrics = encoder.evaluate(test.x[:2000], batch_size=PAIRS, verbose=0, return_dict=True)
            scores["views"][row] = metrics["found"]
        scores["labels"][row] = {}
        for n in labels:
            rate = _tuning.best(choice[f"{row}@{min(size for size in TUNED if size >= n)}"])
            drawn = examples(row, sets[0], n, seed, steps)
            scores["labels"][row][str(n)] = accuracy(row, drawn, sets[1], rate, seed, is_quick)
    return scores


LABELLED = Score("test accuracy", PERCENT, format=".1f")
VIEWS = LABELLED._replace(name="views that find their partner")
EXPERIMENT = Experiment(
    measure=measure,
    choose=choose,
    panels={
        "labels": Panel(LABELLED, ROWS, reference="changes", curve="labelled images", logarithmic=True),
        "views": Panel(VIEWS, ENCODERS, reference="untrained"),
    },
    claims=(
        Claim("labels", "probe", "changes", "yes", at="10"),
        Claim("labels", "probe", "changes", "same", at="100"),
        Claim("labels", "probe", "changes", "same", at="10000", known="no"),
        Claim("labels", "probe", "plain", "no", at="10000"),
        Claim("labels", "changes", "plain", "yes", at="100"),
    ),
    quick={"limit": 20, "steps": 1, "epochs": 1, "labels": (10,), "is_quick": True},
    check={"rows": ("untrained",), "labels": (100,)},
)
