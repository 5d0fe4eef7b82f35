"""What is particular to the GAN: neither player moves the other, and what it refuses."""

import keras
import numpy as np
import pytest
from cases import settled
from keras import layers, ops

from dlguide import autoencoder, gan, generation, training
from dlguide.adversarial import GAN


def images(n=8, seed=0):
    return np.random.default_rng(seed).random((n, 8, 8, 1)).astype("float32")


def players():
    """Two players that both have dropout and batch normalisation."""
    keras.utils.set_random_seed(0)

    def network(inputs, outputs, prefix, names):
        x = layers.Flatten()(inputs)
        x = layers.Dense(12, name=f"{prefix}_hidden")(x)
        x = layers.BatchNormalization(name=f"{prefix}_norm")(x)
        x = layers.Dropout(0.4)(layers.Activation("tanh")(x))
        return keras.Model(inputs, outputs(x), name=names)

    code, image = keras.Input((3,)), keras.Input((8, 8, 1))
    draw = layers.Dense(64, "sigmoid", name="generator_pixels")
    generator = network(code, lambda x: layers.Reshape((8, 8, 1))(draw(x)), "generator", "generator")
    judge = layers.Dense(1, name="discriminator_logit")
    return generator, network(image, judge, "discriminator", "discriminator")


class OnePlayer(keras.Model):
    """One player's loss by itself; what it does to the other player is not looked at."""

    def __init__(self, generator, discriminator, plays):
        super().__init__()
        self.generator, self.discriminator, self.plays = generator, discriminator, plays
        self.seed_generator = keras.random.SeedGenerator(0)
        self.built = True

    def call(self, x, training=None):
        code = keras.random.normal((ops.shape(x)[0], 3), seed=self.seed_generator)
        fake = self.generator(code, training=training)
        logits = [self.discriminator(x, training=training), self.discriminator(fake, training=training)]
        if self.plays == "generator":
            logits.append(self.discriminator(fake, training=training))
        return ops.concatenate(logits, axis=1)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        target = [1.0, 0.0] if self.plays == "discriminator" else [1.0]
        logits = y_pred if self.plays == "discriminator" else y_pred[:, 2:]
        targets = ops.broadcast_to(ops.convert_to_tensor(target), ops.shape(logits))
        return ops.mean(keras.losses.binary_crossentropy(targets, logits, from_logits=True))


def arrays(model):
    return {w.path: ops.convert_to_numpy(w).copy() for w in model.weights}


def after_a_step(model, x):
    """Return all weights after one step down the gradient itself."""
    model.compile(keras.optimizers.SGD(1.0), run_eagerly=keras.backend.backend() == "tensorflow")
    settled(model).train_on_batch(x)
    return arrays(model.generator) | arrays(model.discriminator)


def test_each_players_gradient_is_the_one_of_its_own_loss_alone():
    x, before = images(), None
    together = after_a_step(GAN(*players()), x)
    before = arrays(players()[0]) | arrays(players()[1])
    alone = {}
    for plays in ("discriminator", "generator"):
        generator, discriminator = players()
        weights = {w.path for w in (discriminator if plays == "discriminator" else generator).weights}
        moved = after_a_step(OnePlayer(generator, discriminator, plays), x)
        alone |= {path: moved[path] for path in weights}
    assert set(alone) == set(together)
    for path, value in alone.items():
        # Batch normalisation takes out what the bias before it adds.
        if path not in ("generator_hidden/bias", "discriminator_hidden/bias"):
            assert not np.allclose(value, before[path], atol=1e-4), f"{path} did not move"
        np.testing.assert_allclose(together[path], value, atol=1e-5, err_msg=path)


def test_its_loss_is_the_sum_of_both_players_and_its_metrics_say_which():
    model = gan((8, 8, 1), filters=(4,), dropout=0.0)
    model.compile("sgd")
    x = images()
    logits = ops.convert_to_numpy(settled(model)(x)).astype("float64")
    settled(model)
    figures = model.test_on_batch(x, return_dict=True)
    discriminator = (np.logaddexp(0, -logits[:, 0]) + np.logaddexp(0, logits[:, 1])).mean() / 2
    generator = np.logaddexp(0, -logits[:, 2]).mean()
    assert figures["discriminator_loss"] == pytest.approx(discriminator, rel=1e-4)
    assert figures["generator_loss"] == pytest.approx(generator, rel=1e-4)
    assert figures["loss"] == pytest.approx(discriminator + generator, rel=1e-4)
    assert figures["real_accuracy"] == (logits[:, 0] > 0).mean()
    assert figures["fake_accuracy"] == (logits[:, 1] < 0).mean()


def test_the_discriminator_is_the_one_worked_out_by_hand():
    judge = gan((4, 6, 1), filters=(1,), dropout=0.0, num_classes=2).get_layer("discriminator")
    rng = np.random.default_rng(0)
    weights = {w.path: rng.normal(size=w.shape) for w in judge.weights}
    for w in judge.weights:
        w.assign(weights[w.path])
    kernel, bias, head, head_bias, classes = (
        weights[f"discriminator_{name}"]
        for name in ("conv_0/kernel", "conv_0/bias", "logit/kernel", "logit/bias", "classes/embeddings")
    )
    x = rng.normal(size=(4, 6))
    padded = np.pad(x, 1)
    maps = [(padded[i : i + 4, j : j + 4] * kernel[:, :, 0, 0]).sum() + bias[0] for i in (0, 2) for j in (0, 2, 4)]
    features = np.where(np.array(maps) > 0, maps, 0.2 * np.array(maps))
    assert (features < 0).any() and (features > 0).any()
    expected = [features @ head[:, 0] + head_bias[0] + features @ classes[label] for label in (0, 1)]
    x = np.tile(x[None, :, :, None], (2, 1, 1, 1))
    given = ops.convert_to_numpy(judge([x.astype("float32"), np.array([0, 1], "int32")]))
    np.testing.assert_allclose(given[:, 0], expected, rtol=1e-4)


def test_a_learning_rate_for_each_player_is_kept_in_the_file(tmp_path):
    model = gan((8, 8, 1), filters=(4,))
    rates = keras.optimizers.OptimizerMap(keras.optimizers.SGD(0.1), {"discriminator.*": keras.optimizers.SGD(0.0)})
    model.compile(keras.optimizers.MultiOptimizer(rates))
    before = [w.copy() for w in model.discriminator.get_weights()], model.generator.get_weights()[0].copy()
    model.train_on_batch(images())
    assert all(np.array_equal(a, b) for a, b in zip(before[0], model.discriminator.get_weights(), strict=True))
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(generation.sample(loaded, 3), generation.sample(model, 3), atol=1e-6)
    loaded.train_on_batch(images())
    assert not np.allclose(before[1], model.generator.get_weights()[0])


@pytest.mark.thorough
def test_it_learns_what_images_of_each_class_look_like():
    rng = np.random.default_rng(0)
    labels = np.arange(256) % 2
    x = np.clip(labels[:, None, None, None] * 0.8 + 0.1 * rng.random((256, 8, 8, 1)), 0, 1).astype("float32")
    model = gan((8, 8, 1), latent_dim=4, num_classes=2, filters=(8,), dropout=0.0)
    model.compile(keras.optimizers.Adam(5e-3, beta_1=0.5))
    history = training.fit(model, (x, labels), epochs=25, batch_size=32, verbose=0)
    assert np.isfinite(history.history["loss"]).all()
    drawn = generation.sample(model, 40, labels=np.repeat([0, 1], 20), seed=3)
    assert drawn[20:].mean() - drawn[:20].mean() > 0.4
    np.testing.assert_array_equal(drawn, generation.sample(model, 40, labels=np.repeat([0, 1], 20), seed=3))
    assert not np.allclose(drawn, generation.sample(model, 40, labels=np.repeat([0, 1], 20), seed=4))


PLAIN, CONDITIONAL = {"filters": (4,)}, {"filters": (4,), "num_classes": 3}
LABELS = np.arange(8) % 3
ONE = "`batch_size` must leave no batch of one example, which batch normalisation maps to a constant. "
BAD = [
    (PLAIN, images(), LABELS, {}, "`y` must be None: a GAN has no targets, and one with `num_classes` takes "
     "x=(images, labels). Received: y of shape (8,)"),
    (PLAIN, (images(), LABELS), None, {}, "`x` must be images alone. Received: 2 arrays"),
    (CONDITIONAL, images(), None, {}, "`x` must be (images, labels) for a GAN with `num_classes`. Received: 1 array"),
    (CONDITIONAL, (images(), LABELS + 1), None, {},
     "`x[1]` must be labels in [0, 3). Received: x[1] with 2 of 8 values wrong, the first in row 2: 3"),
    (CONDITIONAL, (images(), LABELS[:, None]), None, {}, "`x[1]` must be an array of numbers with 1 axes. "
     f"Received: x[1]={LABELS[:, None]!r}"),
    (CONDITIONAL, (images() * 0 + 255, LABELS), None, {}, "`x[0]` must be numbers in [0, 1] (pixels from 0 to 255 are "
     "divided by 255). Received: x[0] with 512 of 512 values wrong, the first in row 0: 255.0"),
    (PLAIN, images() * 0 + 255, None, {}, "`x` must be numbers in [0, 1] (pixels from 0 to 255 are divided by 255). "
     "Received: x with 512 of 512 values wrong, the first in row 0: 255.0"),
    (PLAIN, images(), None, {"validation_data": (images() * 0 + 255,)}, "`validation_data[0]` must be numbers in "
     "[0, 1] (pixels from 0 to 255 are divided by 255). Received: validation_data[0] with 512 of 512 values wrong, "
     "the first in row 0: 255.0"),
    (PLAIN, images(), None, {"validation_data": (images(), LABELS)}, "`validation_data[1]` must be None: a GAN has no "
     "targets, and one with `num_classes` takes x=(images, labels). Received: validation_data[1] of shape (8,)"),
    (PLAIN, images(), None, {"batch_size": 1}, f"{ONE}Received: batch_size=1, 8 examples"),
    (PLAIN, images(), None, {"batch_size": 7}, f"{ONE}Received: batch_size=7, 8 examples"),
]  # fmt: skip


@pytest.mark.parametrize(("options", "x", "y", "more", "message"), BAD, ids=[row[4][:60] for row in BAD])
def test_data_that_it_cannot_learn_from_are_named(options, x, y, more, message):
    model = gan((8, 8, 1), **options)
    model.compile("sgd")
    with pytest.raises(ValueError) as error:
        training.fit(model, x, y, epochs=1, **more)
    assert str(error.value) == message


def test_a_batch_of_one_will_do_without_batch_normalisation():
    model = gan((8, 8, 1), filters=(4,), batch_norm=False)
    model.compile("sgd")
    training.fit(model, images(3), epochs=1, batch_size=1, verbose=0)


SAMPLES = [
    (lambda: generation.sample(gan((8, 8, 1)), 0), "`count` must be an integer of at least 1. Received: count=0"),
    (lambda: generation.sample(keras.Sequential(name="mine"), 1),
     "`model` must be made by `vae`, `gan` or an autoencoder builder. Received: model='mine'"),
    (lambda: generation.sample(autoencoder((4,)), 1), "`model` must be made by `vae` or `gan`: an autoencoder's codes "
     "have no distribution. Received: model='autoencoder'"),
    (lambda: generation.sample(gan((8, 8, 1), num_classes=3), 2),
     "`labels` must be one class for each of 2 examples. Received: labels=None"),
    (lambda: generation.sample(gan((8, 8, 1)), 2, labels=[0, 1]),
     "`labels` must be None for a model that is not told the class. Received: labels=[0, 1]"),
    (lambda: generation.decode(gan((8, 8, 1), latent_dim=3), np.zeros((2, 4))),
     "`codes` must be of shape (n, 3). Received: codes of shape (2, 4)"),
    (lambda: generation.interpolate([0.0], [1.0], 1), "`steps` must be an integer of at least 2. Received: steps=1"),
    (lambda: generation.interpolate([0.0], [1.0, 2.0]),
     "`first` and `second` must be of one shape. Received: first of shape (1,), second of shape (2,)"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "message"), SAMPLES, ids=[row[1][:60] for row in SAMPLES])
def test_bad_arguments_of_sampling_are_named(call, message):
    with pytest.raises(ValueError) as error:
        call()
    assert str(error.value) == message


def test_codes_are_drawn_from_the_standard_normal_distribution(monkeypatch):
    monkeypatch.setattr(generation, "decode", lambda model, codes, labels: codes)
    codes = generation.sample(gan((8, 8, 1)), 1000)
    assert codes.mean() == pytest.approx(0, abs=0.02) and codes.std() == pytest.approx(1, abs=0.02)


def test_the_way_between_two_codes_keeps_their_length():
    rng = np.random.default_rng(0)
    first, second = rng.normal(size=(2, 50))
    way = generation.interpolate(first, second * np.linalg.norm(first) / np.linalg.norm(second), 9)
    np.testing.assert_allclose(np.linalg.norm(way, axis=1), np.linalg.norm(first), rtol=1e-5)
    np.testing.assert_allclose(way[0], first, rtol=1e-5)
    np.testing.assert_allclose(generation.interpolate([1.0, 1.0], [3.0, 3.0], 3)[1], [2, 2], rtol=1e-6)
