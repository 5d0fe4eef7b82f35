"""Question 20: why self-supervised learning? `python -m questions self_supervision`"""

import functools

import keras
import numpy as np
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression

from dlguide import cnn, contrastive, training
from dlguide.augmentation import Augmentation
from questions import _progress, _retraining, _tuning
from questions._experiment import ACCURACY, PERCENT, Claim, Experiment, Panel, Score
from recipes._lib.images import few_labels

LABELS = (10, 100, 1000, 10_000)
IMAGES, BATCH, STEPS = 10_000, 50, 600
PAIRS, EPOCHS, TRIED_EPOCHS = 125, 10, 2  # Of the pre-training: images a step, passes over them, those of the choice.
GRID = (0.001, 0.003, 0.01, 0.03, 0.1)  # Of the pre-training, chosen without labels, and of whole networks, with all.
FILTERS, TEMPERATURE = (16, 32, 64), 0.5
# For images before they are shrunk: shrunk ones become blurred.
CHANGES = {"shift": 0.15, "rotation": 10, "zoom": 0.3, "shear": 0.3}
ENCODERS = ("untrained", "probe")
NETWORKS = {"tuned": (True, True), "changes": (False, True), "tuned_plain": (True, False), "plain": (False, False)}
"""Row to whether the whole network starts at the pre-trained weights, and whether its images are changed."""
ROWS = (*ENCODERS, *NETWORKS, "spread")


def shrunk(images):
    """Return images with 2x2 pixels replaced by their mean, to save time."""
    return images.reshape(-1, 14, 2, 14, 2, 1).mean(axis=(2, 4))


def network():
    """Return a new classifier of shrunk images."""
    return cnn((14, 14, 1), 10, filters=FILTERS)


def pretraining():
    """Return a new encoder in its pre-training: the classifier without its last layer, and the projection head.

    The images are changed before they shrink: each change blurs them a little, the more the fewer pixels they have.
    """
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


def pretrained(images, rate: float, seed: int, epochs: int, is_quick: bool):
    """Train an encoder on images without labels, from new weights; no epochs leave these as they are."""
    model = compiled_pretraining(is_quick)
    _retraining.renew(model, pretraining, seed)
    if epochs:
        _progress.training("the encoder, without labels")
        options = {"epochs": epochs, "batch_size": PAIRS, "callbacks": _retraining.falling(rate, epochs)}
        training.fit(model, images, seed=seed, verbose=0, **options)
    return model


def features(model, train, test) -> list[np.ndarray]:
    """Return what an encoder makes of two sets of images, scaled by mean and deviation over the first one."""
    own, other = (model.get_layer("encoder").predict(x, batch_size=500, verbose=0) for x in (train.x, test.x))
    mean, deviation = own.mean(axis=0), np.maximum(own.std(axis=0), 1e-6)
    return [(own - mean) / deviation, (other - mean) / deviation]


def components(train, test, number: int = 50) -> list[np.ndarray]:
    """Return the first principal components of the pixels of two sets of images; the first set decides them."""
    own, other = (x.reshape(len(x), -1) for x in (train, test))
    pca = PCA(min(number, len(own))).fit(own)
    return [pca.transform(own), pca.transform(other)]


def changed(images, seed: int) -> np.ndarray:
    """Change each image at random, as in the pre-training."""
    keras.utils.set_random_seed(seed)
    layer, pieces = Augmentation(CHANGES), np.array_split(images, 1 + len(images) // 1000)
    return np.concatenate([keras.ops.convert_to_numpy(layer(piece, training=True)) for piece in pieces])


def network_hits(x, y, test, rate: float, seed: int, is_quick: bool, start=None) -> np.ndarray:
    """Train the whole network on one pass over examples, with a learning rate that falls with each call of 50 steps.

    Returns its hits. `start` are first weights for all layers but the last one.
    """
    steps = len(y) // BATCH

    def fall(step, logs):
        callback.model.optimizer.learning_rate.assign(rate * (1 - step / steps))

    def begin(logs):
        if start is not None:
            callback.model.set_weights([*start, *callback.model.get_weights()[len(start) :]])

    callback = keras.callbacks.LambdaCallback(on_train_begin=begin, on_train_batch_begin=fall)
    options = {"learning_rate": rate, "epochs": 1, "batch_size": BATCH, "seed": seed, "callbacks": [callback]}
    train = _retraining.trainer(network, metrics=(), jit_compile=False, run_eagerly=is_quick)
    return _retraining.hits(train(x, y, **options), shrunk(test.x), test.y)


def choose(
    *, limit: int = IMAGES, steps=STEPS, epochs=EPOCHS, tried_epochs: int = TRIED_EPOCHS, is_quick: bool = False, **_
) -> dict:
    """Return, for each learning rate, the loss of the pre-training and the error of each network, on validation images.

    Networks read the labels of all training images, whatever the number of labels they are scored with: few labels
    leave none to choose with.
    """
    grid = GRID[:1] if is_quick else GRID

    def loss(row, rate, seed):
        train, valid, _, _ = _retraining.loaded("mnist", limit, seed)
        model = pretrained(train.x, rate, seed, tried_epochs, is_quick)
        return model.evaluate(valid.x[:2000], batch_size=PAIRS, verbose=0, return_dict=True)["loss"]

    choice = _tuning.search(("probe",), grid, loss)

    @functools.cache
    def prepared(seed):
        train, valid, _, _ = _retraining.loaded("mnist", limit, seed)
        model = pretrained(train.x, _tuning.best(choice["probe"], lower=True), seed, epochs, is_quick)
        many = np.resize(np.arange(len(train.y)), steps * BATCH)
        images = {True: shrunk(changed(train.x[many], seed)), False: shrunk(train.x[many])}
        return images, train.y[many], valid, model.get_layer("encoder").get_weights()

    def error(row, rate, seed):
        (is_tuned, is_changed), (images, y, valid, start) = NETWORKS[row], prepared(seed)
        first = start if is_tuned else None
        return 1 - network_hits(images[is_changed], y, valid, rate, seed, is_quick, first).mean()

    return {**choice, **_tuning.search(NETWORKS, grid, error)}


def measure(
    seed: int, best: dict, *, limit=IMAGES, steps=STEPS, epochs=EPOCHS, labels=LABELS, rows=ROWS, is_quick=False, **_
) -> dict:
    """Return the test accuracies over the number of labels, and how often an encoder finds the other view."""
    train, _, test, _ = _retraining.loaded("mnist", limit, seed)
    scores = {"labels": {row: {} for row in rows}, "views": {}}
    encoded, start, networks = {}, None, {row: NETWORKS[row] for row in rows if row in NETWORKS}
    for row in ENCODERS:
        if row in rows or (row == "probe" and any(is_tuned for is_tuned, _ in networks.values())):
            model = pretrained(train.x, best["probe"], seed, epochs if row == "probe" else 0, is_quick)
            encoded[row], start = features(model, train, test), model.get_layer("encoder").get_weights()
        if row in rows:
            metrics = model.evaluate(test.x[:2000], batch_size=PAIRS, verbose=0, return_dict=True)
            scores["views"][row] = metrics["retrieval_accuracy"]
    if "spread" in rows:
        pixels = components(train.x, test.x)
    for n in labels:
        few = np.arange(len(train.y)) if n >= len(train.y) else few_labels.draw_rows_per_class(train.y, n // 10, seed)
        many = np.resize(few, steps * BATCH)
        images = {False: shrunk(train.x[many])}
        if any(is_changed for _, is_changed in networks.values()):
            images[True] = shrunk(changed(train.x[many], seed))
        for row in rows:
            if row in ENCODERS:  # A linear layer on their features, with scikit-learn's penalty.
                own, other = encoded[row]
                probe = LogisticRegression(max_iter=1000).fit(own[few], train.y[few])
                found = probe.predict(other) == test.y
            elif row == "spread":  # No network: labels spread over a graph of similar images.
                found = few_labels.spread(pixels[0], few, train.y[few], pixels[1]) == test.y
            else:
                is_tuned, is_changed = networks[row]
                first = start if is_tuned else None
                found = network_hits(images[is_changed], train.y[many], test, best[row], seed, is_quick, first)
            scores["labels"][row][str(n)] = found
    return scores


VIEWS = Score("views that find their partner", PERCENT, format=".1f")
EXPERIMENT = Experiment(
    measure=measure,
    choose=choose,
    panels={
        "labels": Panel(ACCURACY._replace(format=".1f"), ROWS, x_axis="labelled images", logarithmic=True),
        "views": Panel(VIEWS, ENCODERS),
    },
    claims=(
        Claim("labels", "probe", "changes", "yes", at="10"),
        Claim("labels", "tuned_plain", "plain", "yes", at="10"),
        Claim("labels", "tuned_plain", "plain", "undecided", at="10000"),
        Claim("labels", "probe", "plain", "no", at="10000"),
        Claim("labels", "changes", "plain", "yes", at="100"),
        Claim("labels", "tuned", "changes", "undecided", at="100"),
        Claim("labels", "tuned_plain", "plain", "yes", at="100"),
        Claim("labels", "probe", "spread", "no", at="10"),
    ),
    quick={"limit": 20, "steps": 1, "epochs": 1, "tried_epochs": 1, "labels": (10,), "is_quick": True},
    recheck_options={"rows": ("probe", "changes"), "labels": (10,)},
    lower_is_chosen=True,
    figure_size=(9, 2.7),
)
