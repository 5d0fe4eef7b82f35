"""Classify MNIST digits with a multilayer perceptron in NumPy alone: forward pass, backward pass, gradient descent.

    python -m recipes.mlp_by_hand_mnist               # the result in the README
    python -m recipes.mlp_by_hand_mnist --limit 2000  # a quick look

Data: MNIST, 28x28 grey images, 10 classes (LeCun et al., 1998).
Baseline: the same network with the same initial weights, batches and learning rate, trained by Keras.
Result: accuracy 98.27% (higher is better), 95 % prediction interval 98.01% to 98.52%, baseline 98.24%.
Training: 6.1 s on 2 cores of AMD EPYC.

The formulas for n images, with an image in each row of X and its one-hot label in the same row of T:

    forward     H = relu(X W1 + b1)    P = softmax(H W2 + b2)    loss = -sum(T log P) / n
    backward    D2 = (P - T) / n             dW2 = transposed H times D2    db2 = sum of the rows of D2
                D1 = D2 times transposed W2, 0 where H is 0
                                             dW1 = transposed X times D1    db1 = sum of the rows of D1
    descent     W = W - learning_rate dW     b = b - learning_rate db
"""

import time

import keras
import numpy as np

from dlguide import data, evaluation, mlp, training
from recipes._lib import pictures
from recipes._lib.result import Result, describe_input
from recipes._lib.runs import command_line


def initial_weights(num_inputs, num_hidden, num_classes, seed):
    """Return W1, b1, W2, b2: random weights of Glorot's scale, as in Keras, and biases of zero."""
    rng, weights = np.random.default_rng(seed), []
    for rows, columns in ((num_inputs, num_hidden), (num_hidden, num_classes)):
        end = np.sqrt(6 / (rows + columns))
        weights += [rng.uniform(-end, end, (rows, columns)), np.zeros(columns)]
    return [weight.astype("float32") for weight in weights]


def forward(x, w1, b1, w2, b2):
    """Return the outputs of the hidden layer and the probabilities of the classes, a row for each image."""
    hidden = np.maximum(x @ w1 + b1, 0)
    scores = hidden @ w2 + b2
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))  # Less the largest: no overflow, the same result.
    return hidden, powers / powers.sum(axis=1, keepdims=True)


def gradients(x, y, w1, b1, w2, b2):
    """Return the gradients of the mean cross-entropy with respect to W1, b1, W2 and b2."""
    hidden, probabilities = forward(x, w1, b1, w2, b2)
    one_hot = np.eye(len(b2), dtype=x.dtype)[y]
    d2 = (probabilities - one_hot) / len(x)  # With respect to the scores: softmax and cross-entropy in one.
    d1 = (d2 @ w2.T) * (hidden > 0)  # Back through W2, then through ReLU, whose derivative is 1 or 0.
    return [x.T @ d1, d1.sum(axis=0), hidden.T @ d2, d2.sum(axis=0)]


def loss_and_accuracy(x, y, weights):
    """Return the mean cross-entropy, and the share of images whose most probable class is right."""
    probabilities = forward(x, *weights)[1]
    return -np.log(probabilities[np.arange(len(y)), y]).mean(), (probabilities.argmax(axis=1) == y).mean()


def train(weights, images, valid, *, epochs, batch_size, learning_rate, seed):
    """Change the weights in place by gradient descent on mini-batches; return the losses and accuracies by epoch."""
    history = {"loss": [], "accuracy": [], "val_loss": [], "val_accuracy": []}
    x, y = images
    for epoch in range(epochs):
        order = training.epoch_order(len(x), seed, epoch)  # The same as in `training.fit`.
        for start in range(0, len(x), batch_size):
            batch = order[start : start + batch_size]
            for weight, gradient in zip(weights, gradients(x[batch], y[batch], *weights), strict=True):
                weight -= learning_rate * gradient
        after = [*loss_and_accuracy(x, y, weights), *loss_and_accuracy(*valid, weights)]
        for values, value in zip(history.values(), after, strict=True):
            values.append(float(value))
        print(f"epoch {epoch + 1}/{epochs}: loss {after[0]:.4f}, val_accuracy {after[3]:.4f}", flush=True)
    return history


def main(
    *,
    epochs: int = 12,
    batch_size: int = 64,
    learning_rate: float = 0.4,
    hidden_units: int = 256,
    seed: int = 0,
    limit: int | None = None,
    run_dir: str | None = None,
) -> Result:
    """Train by hand, then with Keras, and return the result on the test set."""
    keras.utils.set_random_seed(seed)
    mnist = data.load("mnist", limit=limit, seed=seed)
    images, valid = ((part.x.reshape(len(part.x), -1), part.y) for part in (mnist.train, mnist.valid))
    start = initial_weights(images[0].shape[1], hidden_units, mnist.info.num_classes, seed)
    settings = {"epochs": epochs, "batch_size": batch_size, "seed": seed}

    weights, begin = [weight.copy() for weight in start], time.perf_counter()
    history = train(weights, images, valid, learning_rate=learning_rate, **settings)
    seconds = time.perf_counter() - begin

    model = mlp(mnist.train.x.shape[1:], mnist.info.num_classes, hidden_units=(hidden_units,))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(learning_rate), loss, metrics=["accuracy"])
    model.summary()
    model.set_weights(start)
    keras_history = training.fit(model, *mnist.train, validation_data=mnist.valid, **settings)
    baseline = evaluation.evaluate(model, *mnist.test)["accuracy"]

    model.set_weights(weights)  # From here on, Keras only holds what NumPy has learned.
    metrics = evaluation.evaluate(model, *mnist.test, class_names=mnist.info.class_names)
    metrics["baseline_accuracy"] = baseline
    metrics["baseline_seconds"] = keras_history.seconds
    figures = pictures.image_classifier_figures(model, mnist, history, metrics)
    return Result(metrics, history, figures, describe_input("digit", mnist, margin=4), model=model, seconds=seconds)


if __name__ == "__main__":
    command_line.run(main)
