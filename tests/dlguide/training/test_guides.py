"""Models with a `train_step` of their own, with the code of Keras's guides and examples as it stands."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from tests.helpers.training_runs import X, Y, check_resumed, same, train

BACKEND = keras.backend.backend()
pytestmark = pytest.mark.each_backend

if BACKEND == "tensorflow":
    import tensorflow as tf

    class CustomModel(keras.Model):
        """https://keras.io/guides/custom_train_step_in_tensorflow/"""

        def train_step(self, data):
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
                trainable_variables, non_trainable_variables, x, training=training
            )
            loss = self.compute_loss(x, y, y_pred)
            return loss, (y_pred, non_trainable_variables)

        def train_step(self, state, data):
            (trainable_variables, non_trainable_variables, optimizer_variables, metrics_variables) = state
            x, y = data

            # Get the gradient function.
            grad_fn = jax.value_and_grad(self.compute_loss_and_updates, has_aux=True)

            # Compute the gradients.
            (loss, (y_pred, non_trainable_variables)), grads = grad_fn(
                trainable_variables, non_trainable_variables, x, y, training=True
            )

            # Update trainable variables and optimizer variables.
            (trainable_variables, optimizer_variables) = self.optimizer.stateless_apply(
                optimizer_variables, grads, trainable_variables
            )

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
            state = (trainable_variables, non_trainable_variables, optimizer_variables, new_metrics_vars)
            return logs, state

else:
    import torch

    class CustomModel(keras.Model):
        """https://keras.io/guides/custom_train_step_in_torch/"""

        def train_step(self, data):
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

    examples = tf.data.Dataset.from_tensor_slices((X, Y.astype("float32")))
    return lambda epoch: examples.shuffle(60, seed=epoch).batch(10)


@pytest.mark.parametrize("data", ["arrays", pytest.param("data set", marks=pytest.mark.thorough)])
def test_the_model_of_the_guide_is_resumed_and_extended(data, tmp_path):
    given = {"x": X, "y": Y.astype("float32")} if data == "arrays" else {"x": regression_batches, "y": None}
    whole = check_resumed(tmp_path, ((0, 3), (2, 0)), model=custom_model, **given)
    train(tmp_path / "short", model=custom_model, epochs=2, **given)
    assert same(train(tmp_path / "short", model=custom_model, **given), whole)


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
