"""What a step gets: `x` alone is no tuple, as in Keras, and an input that may be left out is None."""

import keras
import numpy as np
import pytest

from dlguide import training
from tests.helpers.training_runs import X, Y, same

pytestmark = pytest.mark.each_backend


class Steps(keras.Model):
    """A model with a loss of its layers alone, which notes what its steps get."""

    def __init__(self):
        super().__init__()
        self.dense = keras.layers.Dense(2)
        self.penalty = keras.layers.ActivityRegularization(l2=0.1)
        self.seen = []

    def call(self, x):
        arrays = keras.tree.flatten(x)
        return self.penalty(self.dense(sum(arrays[1:], arrays[0])))

    def note(self, data):
        self.seen.append(keras.tree.map_structure(lambda array: len(array.shape), data))

    def train_step(self, *state_and_data):
        self.note(state_and_data[-1])
        return super().train_step(*state_and_data)

    def test_step(self, *state_and_data):
        self.note(state_and_data[-1])
        return super().test_step(*state_and_data)


@pytest.mark.parametrize(
    "x", [X, (X,), [X, X], (X, X), {"a": X, "b": X}], ids=["x", "(x,)", "[x, x]", "(x, x)", "dict"]
)
def test_a_step_gets_the_examples_in_the_form_that_keras_gives_them(x):
    seen = []
    for fit in (keras.Model.fit, training.fit):
        model = Steps()
        model.compile("sgd")
        if fit is training.fit:
            fit(model, x, validation_data=(x,), batch_size=20, verbose=0)
        else:
            fit(model, x, batch_size=20, verbose=0)
            model.evaluate(x, batch_size=20, verbose=0)
        assert model.seen
        # Keras's lists become tuples on TensorFlow.
        seen.append({str(keras.tree.lists_to_tuples(step)) for step in model.seen})
    assert seen[1] == seen[0]


def test_other_examples_alone_are_another_run(tmp_path):
    def fit(x):
        keras.utils.set_random_seed(0)
        inputs = keras.Input((4,))
        model = keras.Model(inputs, keras.layers.ActivityRegularization(l2=0.1)(keras.layers.Dense(2)(inputs)))
        model.compile("sgd")
        return training.fit(model, x, batch_size=20, verbose=0, run_dir=tmp_path / "run").history

    assert fit(X) == fit(X)
    with pytest.raises(ValueError, match="other values in x"):
        fit(X + 1)


@pytest.mark.one_backend
def test_the_vae_of_keras_io_trains_on_images_alone():
    import tensorflow as tf
    from keras import layers, ops

    # https://keras.io/examples/generative/vae/, with fewer units.
    class Sampling(layers.Layer):
        """Uses (z_mean, z_log_var) to sample z, the vector encoding a digit."""

        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.seed_generator = keras.random.SeedGenerator(1337)

        def call(self, inputs):
            z_mean, z_log_var = inputs
            batch = ops.shape(z_mean)[0]
            dim = ops.shape(z_mean)[1]
            epsilon = keras.random.normal(shape=(batch, dim), seed=self.seed_generator)
            return z_mean + ops.exp(0.5 * z_log_var) * epsilon

    class VAE(keras.Model):
        def __init__(self, encoder, decoder, **kwargs):
            super().__init__(**kwargs)
            self.encoder = encoder
            self.decoder = decoder
            self.total_loss_tracker = keras.metrics.Mean(name="total_loss")
            self.reconstruction_loss_tracker = keras.metrics.Mean(name="reconstruction_loss")
            self.kl_loss_tracker = keras.metrics.Mean(name="kl_loss")

        @property
        def metrics(self):
            return [
                self.total_loss_tracker,
                self.reconstruction_loss_tracker,
                self.kl_loss_tracker,
            ]

        def train_step(self, data):
            with tf.GradientTape() as tape:
                z_mean, z_log_var, z = self.encoder(data)
                reconstruction = self.decoder(z)
                reconstruction_loss = ops.mean(
                    ops.sum(
                        keras.losses.binary_crossentropy(data, reconstruction),
                        axis=(1, 2),
                    )
                )
                kl_loss = -0.5 * (1 + z_log_var - ops.square(z_mean) - ops.exp(z_log_var))
                kl_loss = ops.mean(ops.sum(kl_loss, axis=1))
                total_loss = reconstruction_loss + kl_loss
            grads = tape.gradient(total_loss, self.trainable_weights)
            self.optimizer.apply_gradients(zip(grads, self.trainable_weights, strict=True))
            self.total_loss_tracker.update_state(total_loss)
            self.reconstruction_loss_tracker.update_state(reconstruction_loss)
            self.kl_loss_tracker.update_state(kl_loss)
            return {
                "loss": self.total_loss_tracker.result(),
                "reconstruction_loss": self.reconstruction_loss_tracker.result(),
                "kl_loss": self.kl_loss_tracker.result(),
            }

    def vae():
        keras.utils.set_random_seed(0)
        encoder_inputs = keras.Input(shape=(8, 8, 1))
        x = layers.Conv2D(4, 3, activation="relu", strides=2, padding="same")(encoder_inputs)
        x = layers.Dense(8, activation="relu")(layers.Flatten()(x))
        z_mean, z_log_var = layers.Dense(2)(x), layers.Dense(2)(x)
        encoder = keras.Model(encoder_inputs, [z_mean, z_log_var, Sampling()([z_mean, z_log_var])])
        latent_inputs = keras.Input(shape=(2,))
        x = layers.Reshape((4, 4, 4))(layers.Dense(4 * 4 * 4, activation="relu")(latent_inputs))
        decoder = keras.Model(latent_inputs, layers.Conv2DTranspose(1, 3, 2, "same", activation="sigmoid")(x))
        model = VAE(encoder, decoder)
        model.compile(optimizer=keras.optimizers.Adam())
        return model

    images = np.random.default_rng(0).random((40, 8, 8, 1), "float32")
    model, reference = vae(), vae()
    history = training.fit(model, images, epochs=2, batch_size=40, verbose=0).history
    for epoch, loss in enumerate(history["loss"]):
        rows = images[training.epoch_order(40, 0, epoch)]
        expected = reference.fit(rows, batch_size=40, verbose=0, shuffle=False).history
        assert [loss] == pytest.approx(expected["loss"], rel=1e-4)


class Both(keras.layers.Layer):
    def call(self, a, b=None):
        return a if b is None else a + b


def with_optional_input():
    keras.utils.set_random_seed(0)
    a, b = keras.Input((4,), name="a"), keras.Input((4,), name="b", optional=True)
    model = keras.Model([a, b], keras.layers.Dense(2)(Both()(a, b)))
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model


def test_none_trains_and_validates_a_model_whose_input_may_be_left_out(tmp_path):
    left_out, zeros = with_optional_input(), with_optional_input()
    for folder in (tmp_path, tmp_path):  # The second call finds the same run.
        history = training.fit(
            left_out, (X, None), Y, validation_data=((X, None), Y), batch_size=20, verbose=0, run_dir=folder
        ).history
    expected = training.fit(zeros, (X, 0 * X), Y, validation_data=((X, 0 * X), Y), batch_size=20, verbose=0).history
    assert history["loss"] == pytest.approx(expected["loss"]) and same(left_out.get_weights(), zeros.get_weights())
