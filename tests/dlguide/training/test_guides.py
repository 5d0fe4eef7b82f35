"""Models with a `train_step` of their own, with the code of Keras's guides and examples as it stands."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from dlguide import training
from tests.helpers.training_runs import X, Y, check_resumed, same, train

BACKEND = keras.backend.backend()
pytestmark = pytest.mark.each_backend

if BACKEND == "tensorflow":
    import tensorflow as tf

    class CustomModel(keras.Model):
        """https://keras.io/guides/custom_train_step_in_tensorflow/"""

        def train_step(self, data):
            # Unpack the data. Its structure depends on your model and
            # on what you pass to `fit()`.
            x, y = data

            with tf.GradientTape() as tape:
                y_pred = self(x, training=True)  # Forward pass
                # Compute the loss value
                # (the loss function is configured in `compile()`)
                loss = self.compute_loss(y=y, y_pred=y_pred)

            # Compute gradients
            trainable_vars = self.trainable_variables
            gradients = tape.gradient(loss, trainable_vars)

            # Update weights
            self.optimizer.apply(gradients, trainable_vars)

            # Update metrics (includes the metric that tracks the loss)
            for metric in self.metrics:
                if metric.name == "loss":
                    metric.update_state(loss)
                else:
                    metric.update_state(y, y_pred)

            # Return a dict mapping metric names to current value
            return {m.name: m.result() for m in self.metrics}

elif BACKEND == "jax":
    import jax

    class CustomModel(keras.Model):
        """https://keras.io/guides/custom_train_step_in_jax/"""

        def compute_loss_and_updates(self, trainable_variables, non_trainable_variables, x, y, training=False):
            y_pred, non_trainable_variables = self.stateless_call(
                trainable_variables,
                non_trainable_variables,
                x,
                training=training,
            )
            loss = self.compute_loss(x, y, y_pred)
            return loss, (y_pred, non_trainable_variables)

        def train_step(self, state, data):
            (
                trainable_variables,
                non_trainable_variables,
                optimizer_variables,
                metrics_variables,
            ) = state
            x, y = data

            # Get the gradient function.
            grad_fn = jax.value_and_grad(self.compute_loss_and_updates, has_aux=True)

            # Compute the gradients.
            (loss, (y_pred, non_trainable_variables)), grads = grad_fn(
                trainable_variables,
                non_trainable_variables,
                x,
                y,
                training=True,
            )

            # Update trainable variables and optimizer variables.
            (
                trainable_variables,
                optimizer_variables,
            ) = self.optimizer.stateless_apply(optimizer_variables, grads, trainable_variables)

            # Update metrics.
            new_metrics_vars = []
            logs = {}
            for metric in self.metrics:
                this_metric_vars = metrics_variables[
                    len(new_metrics_vars) : len(new_metrics_vars) + len(metric.variables)
                ]
                if metric.name == "loss":
                    this_metric_vars = metric.stateless_update_state(this_metric_vars, loss)
                else:
                    this_metric_vars = metric.stateless_update_state(this_metric_vars, y, y_pred)
                logs[metric.name] = metric.stateless_result(this_metric_vars)
                new_metrics_vars += this_metric_vars

            # Return metric logs and updated state variables.
            state = (
                trainable_variables,
                non_trainable_variables,
                optimizer_variables,
                new_metrics_vars,
            )
            return logs, state

else:
    import torch

    class CustomModel(keras.Model):
        """https://keras.io/guides/custom_train_step_in_torch/"""

        def train_step(self, data):
            # Unpack the data. Its structure depends on your model and
            # on what you pass to `fit()`.
            x, y = data

            # Call torch.nn.Module.zero_grad() to clear the leftover gradients
            # for the weights from the previous train step.
            self.zero_grad()

            # Compute loss
            y_pred = self(x, training=True)  # Forward pass
            loss = self.compute_loss(y=y, y_pred=y_pred)

            # Call torch.Tensor.backward() on the loss to compute gradients
            # for the weights.
            loss.backward()

            trainable_weights = [v for v in self.trainable_weights]  # noqa: C416
            gradients = [v.value.grad for v in trainable_weights]

            # Update weights
            with torch.no_grad():
                self.optimizer.apply(gradients, trainable_weights)

            # Update metrics (includes the metric that tracks the loss)
            for metric in self.metrics:
                if metric.name == "loss":
                    metric.update_state(loss)
                else:
                    metric.update_state(y, y_pred)

            # Return a dict mapping metric names to current value
            # Note that it will include the loss (tracked in self.metrics).
            return {m.name: m.result() for m in self.metrics}


def custom_model():
    keras.utils.set_random_seed(0)
    inputs = keras.Input(shape=(4,))
    outputs = layers.Dense(1)(layers.Dropout(0.5)(layers.Dense(6, "relu")(inputs)))
    model = CustomModel(inputs, outputs)
    model.compile(optimizer="adam", loss="mse", metrics=["mae"])
    return model


def regression_batches():
    import tensorflow as tf

    return tf.data.Dataset.from_tensor_slices((X, Y.astype("float32"))).shuffle(60, seed=1).batch(10)


@pytest.mark.parametrize("data", ["arrays", pytest.param("data set", marks=pytest.mark.thorough)])
def test_the_model_of_the_guide_is_resumed_and_extended(data, tmp_path):
    given = {"x": X, "y": Y.astype("float32")} if data == "arrays" else {"x": regression_batches, "y": None}
    whole = check_resumed(tmp_path, ((0, 3), (2, 0)), model=custom_model, **given)
    train(tmp_path / "short", model=custom_model, epochs=2, **given)
    assert same(train(tmp_path / "short", model=custom_model, **given), whole)


if BACKEND == "tensorflow":

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
        """https://keras.io/examples/generative/vae/"""

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
            self.optimizer.apply_gradients(zip(grads, self.trainable_weights))  # noqa: B905
            self.total_loss_tracker.update_state(total_loss)
            self.reconstruction_loss_tracker.update_state(reconstruction_loss)
            self.kl_loss_tracker.update_state(kl_loss)
            return {
                "loss": self.total_loss_tracker.result(),
                "reconstruction_loss": self.reconstruction_loss_tracker.result(),
                "kl_loss": self.kl_loss_tracker.result(),
            }


IMAGES = np.random.default_rng(0).random((60, 8, 8, 1)).astype("float32")


def keras_io_vae():
    """The example's model, with small dense parts."""
    keras.utils.set_random_seed(0)
    encoder_inputs = keras.Input(shape=(8, 8, 1))
    x = layers.Dense(6, activation="relu")(layers.Flatten()(encoder_inputs))
    z_mean = layers.Dense(2, name="z_mean")(x)
    z_log_var = layers.Dense(2, name="z_log_var")(x)
    z = Sampling()([z_mean, z_log_var])
    encoder = keras.Model(encoder_inputs, [z_mean, z_log_var, z], name="encoder")
    latent_inputs = keras.Input(shape=(2,))
    decoder_outputs = layers.Reshape((8, 8, 1))(layers.Dense(64, activation="sigmoid")(latent_inputs))
    decoder = keras.Model(latent_inputs, decoder_outputs, name="decoder")
    vae = VAE(encoder, decoder)
    vae.compile(optimizer=keras.optimizers.Adam())
    return vae


@pytest.mark.one_backend
@pytest.mark.filterwarnings("ignore:You are saving a model that has not yet been built")
@pytest.mark.parametrize("data", ["arrays", pytest.param("data set", marks=pytest.mark.thorough)])
def test_the_vae_of_keras_io_is_trained_resumed_and_extended(data, tmp_path):
    def batches():
        return tf.data.Dataset.from_tensor_slices(IMAGES).shuffle(60, seed=1).batch(8)

    given = {"x": IMAGES if data == "arrays" else batches, "y": None, "model": keras_io_vae}
    whole = train(tmp_path / "whole", **given)
    for stop in ((0, 3), (2, 0)):
        train(tmp_path / "run", stop=stop, **given)
    train(tmp_path / "short", epochs=2, **given)
    for folder in ("run", "short"):
        for a, b in zip(train(tmp_path / folder, **given), whole, strict=True):
            # Its sums over an image differ from run to run, with plain Keras too.
            np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-8)
    assert (tmp_path / "short" / "model.weights.h5").exists()  # It has no `get_config` for a `model.keras`.


@pytest.mark.one_backend
def test_the_vae_of_keras_io_gets_images_alone_as_from_keras():
    model, reference = keras_io_vae(), keras_io_vae()
    history = training.fit(model, IMAGES, epochs=2, batch_size=60, verbose=0).history
    for epoch, loss in enumerate(history["loss"]):
        rows = IMAGES[training.epoch_order(60, 0, epoch)]
        expected = reference.fit(rows, batch_size=60, verbose=0, shuffle=False).history
        assert [loss] == pytest.approx(expected["loss"], rel=1e-4)


if BACKEND == "tensorflow":

    class TwoPlayers(keras.Model):
        """Two networks, each with its optimizer, metrics of its own and no `call`, as a GAN in keras.io's examples."""

        def __init__(self, generator, critic):
            super().__init__()
            self.generator, self.critic = generator, critic
            self.seeds = keras.random.SeedGenerator(1)
            self.loss_tracker = keras.metrics.Mean(name="loss")
            self.made_loss_tracker = keras.metrics.Mean(name="made_loss")

        @property
        def metrics(self):
            return [self.loss_tracker, self.made_loss_tracker]

        def compile(self, generator_optimizer, critic_optimizer):
            super().compile()
            self.generator_optimizer, self.critic_optimizer = generator_optimizer, critic_optimizer

        def train_step(self, data):
            x = keras.utils.unpack_x_y_sample_weight(data)[0]
            with tf.GradientTape(persistent=True) as tape:
                made = self.generator(keras.random.normal((8, 2), seed=self.seeds))
                loss = ops.mean(self.critic(made)) - ops.mean(self.critic(x))
                loss += 0.1 * ops.mean(ops.square(self.critic(x)))
                made_loss = -ops.mean(self.critic(made))
            for network, its_loss, optimizer in (
                (self.critic, loss, self.critic_optimizer),
                (self.generator, made_loss, self.generator_optimizer),
            ):
                weights = network.trainable_variables
                optimizer.apply(tape.gradient(its_loss, weights), weights)
            self.loss_tracker.update_state(loss)
            self.made_loss_tracker.update_state(made_loss)
            return {metric.name: metric.result() for metric in self.metrics}


def two_players():
    keras.utils.set_random_seed(0)
    model = TwoPlayers(layers.Dense(4), layers.Dense(1))
    model.compile(keras.optimizers.Adam(0.01), keras.optimizers.Adam(0.02))
    return model


@pytest.mark.one_backend
@pytest.mark.filterwarnings("ignore:You are saving a model that has not yet been built")  # The layers of it are.
@pytest.mark.parametrize("data", ["data set", pytest.param("arrays", marks=pytest.mark.thorough)])
def test_a_model_of_two_players_is_resumed(data, tmp_path):
    given = {"x": X, "y": Y} if data == "arrays" else {"x": regression_batches, "y": None}
    whole = check_resumed(tmp_path, ((0, 3), (2, 0)), model=two_players, **given)
    assert len(np.unique(whole[0])) == 4  # It learns something in each epoch.
