"""Digits 5 to 9 from few labels, with and without what a network has learned from digits 0 to 4."""

from typing import NamedTuple

import keras
import numpy as np
from scipy.special import log_softmax
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import normalize

from dlguide import cnn, contrastive, data, plots, training
from recipes._lib import drawing, schedules
from recipes._lib.images import few_labels

OLD, NEW = range(5), range(5, 10)
TURNS = 4
DRAWS = {1: 5, 10: 8, 100: 1}
"""How often each number of labels per class is drawn: a single image of a class may be a bad example."""
FEW = 10_000
"""With fewer training images than these, each number of labels is drawn once, for a quick look."""
PASSES = {1: 3, 10: 5, 100: 8}
"""Epochs of a short training for each epoch of the first training."""
BATCH_SIZE, STEPS = 20, 25
"""Images a step of a short training, and steps of its epoch at most; if there are fewer images, they are repeated."""
RATES = {1: 1e-2, 10: 2e-2, 100: 2e-2}
"""Learning rates, tuned from scratch at 1 and 10 labels; fine-tuning has the same ones."""
NETWORKS = 2
"""Networks whose sum of log probabilities decides: single trainings on few images differ by chance."""
TRANSFER = {1: "frozen", 10: "fine_tuned", 100: "fine_tuned"}
"""The way of transfer that is compared with the baseline, chosen on validation images of other seeds."""
NAMES = {
    "scratch": "from scratch",
    "fine_tuned": "fine-tuned from digits 0 to 4",
    "frozen": "linear layer on codes from digits 0 to 4",
    "contrastive": "linear layer on codes learned without labels",
}


class Comparison(NamedTuple):
    """Test accuracies by method, number of labels per class and draw, and a model that has learned to read 5 to 9."""

    accuracies: dict[str, dict[int, list[float]]]
    reader: keras.Model
    """Fine-tuned with 100 labels per class."""


def network(num_outputs: int) -> keras.Model:
    """Build the network of all trainings, with new weights."""
    return cnn((28, 28, 1), num_outputs, augment=few_labels.AUGMENT, **few_labels.NETWORK)


def examples_of_classes(whole: data.Part, classes: range) -> data.Part:
    """Return the images of some classes, with labels from 0."""
    chosen = np.isin(whole.y, classes)
    return data.Part(whole.x[chosen], whole.y[chosen] - classes.start)


def splits_of_classes(splits: data.Splits, classes: range) -> data.Splits:
    """Return a data set with some of its classes only."""
    names = tuple(splits.info.class_names[label] for label in classes)
    info = splits.info._replace(num_classes=len(classes), class_names=names)
    return data.Splits(*(examples_of_classes(whole, classes) for whole in splits[:3]), info)


def rotated_with_labels(images: data.Part, seed: int) -> data.Part:
    """Turn each image by 0, 90, 180 or 270 degrees, drawn by `seed`; a digit has a class for each of these turns.

    A network that has to tell turned digits apart learns more kinds of strokes.
    """
    turns, x = np.random.default_rng(seed).integers(TURNS, size=len(images.x)), images.x.copy()
    for turn in range(1, TURNS):
        x[turns == turn] = np.rot90(x[turns == turn], turn, axes=(1, 2))
    return data.Part(x, images.y + len(OLD) * turns.astype(images.y.dtype))


def draw_few_labels(train: data.Part, labels: int, number: int, seed: int) -> data.Part:
    """Return `labels` images of each class, other ones for each number and seed."""
    chosen = few_labels.draw_rows_per_class(train.y, labels, 10 * seed + number)
    return data.Part(train.x[chosen], train.y[chosen])


class ShortTrainings:
    """One compiled network for many trainings: its state is set back before each, so that it is traced only once."""

    def __init__(self, steps: int):
        self._steps = steps
        self.model = network(len(NEW))
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        self.model.compile(keras.optimizers.AdamW(weight_decay=0.01), loss, steps_per_execution=steps)
        self.model.optimizer.build(self.model.trainable_variables)
        self._first_state = [variable.numpy() for variable in self.model.optimizer.variables]

    def fit(self, few: data.Part, first: keras.Model, rate: float, epochs: int, seed: int) -> keras.Model:
        """Train on a few images from the state of `first`, which stays as it is."""
        # The variables are the weights, and the states of the random changes.
        for variable, value in zip(self.model.variables, first.variables, strict=True):
            variable.assign(value)
        for variable, value in zip(self.model.optimizer.variables, self._first_state, strict=True):
            variable.assign(value)
        order = np.random.default_rng(seed).permutation(len(few.x))
        order = np.resize(order, max(len(order), BATCH_SIZE * self._steps))
        rate_at = schedules.one_cycle(rate, epochs)
        rates = keras.callbacks.LearningRateScheduler(lambda epoch: float(rate_at(epoch + 0.5)))
        options = {"epochs": epochs, "batch_size": BATCH_SIZE, "seed": seed, "callbacks": [rates], "verbose": 0}
        training.fit(self.model, few.x[order], few.y[order], **options)
        return self.model


def start(seed: int, pretrained: keras.Model | None = None) -> keras.Model:
    """Return a network for the digits 5 to 9 with new weights, except those below the last layer of `pretrained`."""
    keras.utils.set_random_seed(seed)
    model = network(len(NEW))
    if pretrained is not None:
        few_labels.without_head(model).set_weights(few_labels.without_head(pretrained).get_weights())
    return model


def contrastive_encoder(images: np.ndarray, epochs: int, seed: int) -> keras.Model:
    """Train an encoder on images without labels, as in `contrastive_mnist`."""
    keras.utils.set_random_seed(seed)
    encoder = few_labels.without_head(network(len(NEW)))
    model = contrastive(encoder, augment=few_labels.AUGMENT, temperature=1.0)
    steps = epochs * -(-len(images) // 512)
    model.compile(keras.optimizers.AdamW(schedules.one_cycle(8e-3, steps), weight_decay=1e-3))
    training.fit(model, images, epochs=epochs, batch_size=512, seed=seed, verbose=0)
    return encoder


def network_seed(seed: int, draw: int, number: int) -> int:
    """Return the seed of one of the networks that learn from a draw of labels; NumPy takes 32 bits."""
    return (1000 * seed + 10 * draw + number) % 2**32


def compare(pretrained: keras.Model, new: data.Splits, epochs: int, seed: int) -> Comparison:
    """Learn the digits 5 to 9 from few labels in four ways, and return their accuracies."""
    train, test = new.train, new.test
    encoders = {"frozen": few_labels.without_head(pretrained)}
    encoders["contrastive"] = contrastive_encoder(train.x, epochs, seed)
    codes = {name: encoder.predict(test.x, batch_size=256, verbose=0) for name, encoder in encoders.items()}
    # With the few data of a quick look, the short trainings are short too.
    short, reader = ShortTrainings(steps=min(STEPS, 1 + len(train.x) // 500)), network(len(NEW))
    all_draws = DRAWS if len(train.x) >= FEW else dict.fromkeys(DRAWS, 1)
    found = {name: {labels: [] for labels in DRAWS} for name in NAMES}
    for labels, draws in all_draws.items():
        for number in range(draws):
            few = draw_few_labels(train, labels, number, seed)
            votes = {}  # Log probabilities of the test images.
            for name, encoder in encoders.items():
                # Normalised, because few have no scale of their own.
                few_codes = normalize(encoder.predict(few.x, batch_size=256, verbose=0))
                linear = LogisticRegression(C=100, max_iter=2000).fit(few_codes, few.y)
                votes[name] = linear.predict_log_proba(normalize(codes[name]))
            for name, before in (("scratch", None), ("fine_tuned", pretrained)):
                votes[name] = np.zeros((len(test.x), len(NEW)))
                for i in range(NETWORKS):
                    own_seed = network_seed(seed, number, i)
                    model = short.fit(few, start(own_seed, before), RATES[labels], PASSES[labels] * epochs, own_seed)
                    votes[name] += log_softmax(model.predict(test.x, batch_size=256, verbose=0), axis=1)
            for name, sums in votes.items():
                found[name][labels].append(float((sums.argmax(axis=1) == test.y).mean()))
            if labels == 100:
                reader.set_weights(model.get_weights())
        means = ", ".join(f"{NAMES[name]} {np.mean(found[name][labels]):.4f}" for name in NAMES)
        print(f"labels per class {labels}, test accuracy: {means}", flush=True)
    return Comparison(found, reader)


def metrics(accuracies: dict[str, dict[int, list[float]]]) -> dict[str, float]:
    """Return the means over the draws; the main ones are those of ten labels per class, transfer against scratch."""
    means = {name: {labels: float(np.mean(draws)) for labels, draws in row.items()} for name, row in accuracies.items()}
    transfer = {labels: means[TRANSFER[labels]][labels] for labels in DRAWS}
    scores = {"accuracy": transfer[10], "baseline_accuracy": means["scratch"][10]}
    scores |= {f"lead_at_{labels}": transfer[labels] - means["scratch"][labels] for labels in DRAWS}
    return scores | {f"{name}_accuracy_{labels}": row[labels] for name, row in means.items() for labels in row}


def error_figure(accuracies: dict[str, dict[int, list[float]]]):
    """Draw the share of wrong images over the labels per class: a line for each method, a point for each draw."""
    with drawing.new_figure(7, 4.5) as figure:
        axes = figure.subplots()
        for name, label in NAMES.items():
            errors = {labels: 100 * (1 - np.array(values)) for labels, values in accuracies[name].items()}
            [line] = axes.plot(list(errors), [values.mean() for values in errors.values()], label=label)
            for labels, values in errors.items():
                axes.plot([labels] * len(values), values, ".", color=line.get_color(), alpha=0.6)
        axes.set(xscale="log", yscale="log", xlabel="labels per class", ylabel="wrong test images (%)")
        axes.set_xticks(list(DRAWS), [f"{labels:,}" for labels in DRAWS])
        axes.set_yticks((ticks := (1, 2, 5, 10, 20, 50)), [f"{tick:g}" for tick in ticks])
        axes.minorticks_off()
        axes.grid(alpha=0.3)
        axes.legend(fontsize=8)
        figure.suptitle("test images of the digits 5 to 9 that are read wrong, by labels per class")
    return figure


def training_sets_figure(train: data.Part, accuracies: dict[str, dict[int, list[float]]], seed: int):
    """Draw the whole training set of each draw of one label per class, with the accuracies that it leads to."""
    names = []
    for scratch, transfer in zip(accuracies["scratch"][1], accuracies[TRANSFER[1]][1], strict=True):
        names.append(f"from scratch {scratch:.0%}, transfer {transfer:.0%}".replace("%", " %"))
    images = np.stack([draw_few_labels(train, 1, number, seed).x for number in range(len(names))])
    figure = plots.image_grid(images, names)
    figure.suptitle("draws of one label per class: all images of a training, and the test accuracy")
    return figure
