"""Data on which a GAN or a contrastive model cannot be trained."""

import functools

import numpy as np
import pytest

from dlguide import contrastive, diffusion, evaluation, gan, mlp, training, vae
from tests.helpers.calls import refusal
from tests.helpers.contract import compiled, targets
from tests.helpers.training_runs import Made

PLAIN = functools.partial(gan, (8, 8, 1), filters=(4,))
CONDITIONAL = functools.partial(PLAIN, num_classes=3)
DIFFUSION = functools.partial(diffusion, (8, 8, 1), filters=(4,))


def pretraining():
    return contrastive(mlp((8, 8, 1), 4), augment={"shift": 0.2})


X, LABELS = np.random.default_rng(0).random((8, 8, 8, 1)).astype("float32"), np.arange(8) % 3
PAIR_NEEDED = "`x` must be (images, labels) for a GAN with `num_classes`. Received: "
NO_TARGETS = "must be None: a GAN has no targets, and one with `num_classes` takes x=(images, labels). Received: "
ONE = "`batch_size` must leave no batch of one example, because "
NORM, PAIR = f"{ONE}batch normalisation of a single example is constant", f"{ONE}one image leaves no negatives"
PIXELS = "`{0}` must be numbers in [0, 1] (pixels from 0 to 255 are divided by 255). Received: {0} with 512 of 512 "
PIXELS += "values wrong, the first in row 0: 255.0"
BAD = [
    (PLAIN, X, {"y": LABELS}, f"`y` {NO_TARGETS}y of shape (8,)"),
    (PLAIN, (X, LABELS), {}, "`x` must be images alone. Received: 2 arrays"),
    (PLAIN, {"images": X}, {}, "`x` must be images alone. Received: a dict"),
    (CONDITIONAL, {"images": X}, {}, PAIR_NEEDED + "a dict"),
    (DIFFUSION, {"images": X}, {}, "`x` must be an array of images. Received: a dict"),
    (DIFFUSION, X * 0 + 255, {}, PIXELS.format("x")),
    (DIFFUSION, X, {"y": X}, "`y` must be None: a diffusion model has no targets. Received: y of shape (8, 8, 8, 1)"),
    (pretraining, {"images": X}, {}, "`x` must be an array of images. Received: a dict"),
    (CONDITIONAL, X, {}, PAIR_NEEDED + "1 array"),
    (CONDITIONAL, (X, LABELS + 1), {},
     "`x[1]` must be labels in [0, 3). Received: x[1] with 2 of 8 values wrong, the first in row 2: 3"),
    (CONDITIONAL, (X, LABELS[:, None]), {},
     f"`x[1]` must be an array of numbers with 1 axes. Received: x[1]={LABELS[:, None]!r}"),
    (CONDITIONAL, (X * 0 + 255, LABELS), {}, PIXELS.format("x[0]")),
    (PLAIN, X * 0 + 255, {}, PIXELS.format("x")),
    (PLAIN, X, {"validation_data": (X * 0 + 255,)}, PIXELS.format("validation_data[0]")),
    (PLAIN, X, {"validation_data": (X, LABELS)}, f"`validation_data[1]` {NO_TARGETS}validation_data[1] of shape (8,)"),
    (pretraining, X, {"y": LABELS}, "`y` must be None: training is without labels. Received: y of shape (8,)"),
    *((PLAIN, X, {"batch_size": size}, f"{NORM}. Received: batch_size={size}, 8 examples") for size in (1, 7)),
    *((pretraining, x, {"batch_size": size}, f"{PAIR}. Received: batch_size={size}, 8 examples")
      for x in (X, (X,)) for size in (1, 7)),
]  # fmt: skip


@pytest.mark.parametrize(("make", "x", "more", "message"), BAD)
def test_data_that_a_model_cannot_learn_from_are_named(make, x, more, message):
    model = compiled("alone", make())
    assert refusal(training.fit, model, x, epochs=1, **more) == message
    if set(more) <= {"y"}:
        assert refusal(evaluation.evaluate, model, x, **more) == message


def test_a_batch_of_one_will_do_without_batch_normalisation():
    model = compiled("alone", PLAIN(batch_norm=False), one_step=True)
    training.fit(model, X[:3], epochs=1, batch_size=1, verbose=0)


def one_image():
    return Made(2, lambda i: (X[i : i + 1],))


def dataset(examples, size, **options):
    import tensorflow as tf

    return tf.data.Dataset.from_tensor_slices(examples).batch(size, **options)


@pytest.mark.parametrize(
    ("make", "x", "message"),
    [
        (PLAIN, one_image, f"{NORM}. Received: batch_size=1, 1 examples"),
        (pretraining, one_image, f"{PAIR}. Received: batch_size=1, 1 examples"),
        (PLAIN, lambda: dataset(X, 1, drop_remainder=True), f"{NORM}. Received: batch_size=1, 1 examples"),
        (PLAIN, lambda: dataset((X, LABELS), 4), f"`y` {NO_TARGETS}y of shape (2,)"),
        (CONDITIONAL, lambda: dataset(X, 4), PAIR_NEEDED + "1 array"),
    ],
)
def test_a_data_set_that_a_model_cannot_learn_from_is_named(make, x, message):
    assert refusal(training.fit, compiled("alone", make()), x(), epochs=1, verbose=0) == message


@pytest.mark.parametrize("make", [PLAIN, pretraining])
def test_batches_of_one_are_evaluated(make):
    model = compiled("alone", make(), one_step=True)
    for data in (one_image(), dataset(X[:2], 1)):
        model.evaluate(data, verbose=0)
        evaluation.evaluate(model, data)


def test_a_data_set_of_images_trains_a_gan_and_a_contrastive_model():
    for make, examples in ((PLAIN, X), (CONDITIONAL, ((X, LABELS),)), (pretraining, X)):
        model = compiled("alone", make(), one_step=True)
        assert training.fit(model, dataset(examples, 4), epochs=1, verbose=0).history["loss"]


@pytest.mark.parametrize("make", [lambda: vae((8, 8, 1), latent_dim=2), DIFFUSION, pretraining])
def test_an_evaluation_draws_anew_as_the_docstrings_say(make):
    model = make()
    kind = "autoencoder" if model.name == "vae" else "alone"
    model, y = compiled(kind, model, one_step=True), targets(kind, model, X)
    first, second = (model.evaluate(X, y, verbose=0, return_dict=True)["loss"] for _ in range(2))
    assert first != second
