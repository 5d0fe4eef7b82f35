"""Classify MNIST digits with a simple recurrent network that reads an image row by row.

    python -m recipes.simple_rnn_mnist_rows                          # the result in the README
    python -m recipes.simple_rnn_mnist_rows --epochs 1 --limit 2000  # a quick look

Data: MNIST, 28x28 grey images, 10 classes (LeCun et al., 1998); a row is a step of 28 numbers, blank rows are skipped.
Baseline: the pixels without a hidden layer (softmax regression, scikit-learn).
"""

import keras

from dlguide import data, evaluation, rnn, training
from recipes import _cli, _shared


def main(
    *,
    epochs: int = 12,
    batch_size: int = 128,
    learning_rate: float = 1e-3,
    seed: int = 0,
    limit: int | None = None,
    run_dir: str | None = None,
) -> dict:
    """Train, then return the metrics on the test part."""
    keras.utils.set_random_seed(seed)
    mnist = data.load("mnist", limit=limit, seed=seed)
    steps = epochs * -(-len(mnist.train.x) // batch_size)

    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            keras.layers.Reshape((28, 28)),
            rnn((28, 28), mnist.info.num_classes, cell="simple", units=(128,)),
        ]
    )
    model.compile(
        optimizer=keras.optimizers.Adam(_shared.one_cycle(learning_rate, steps), clipnorm=1.0),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    model.summary()

    history = training.fit(
        model,
        *mnist.train,
        validation_data=mnist.valid,
        epochs=epochs,
        batch_size=batch_size,
        seed=seed,
        run_dir=run_dir,
    )

    metrics = evaluation.evaluate(model, *mnist.test, class_names=mnist.info.class_names)
    metrics["baseline_accuracy"] = _shared.softmax_regression_accuracy(mnist)
    metrics["training_seconds"] = history.seconds
    if run_dir:
        _shared.save_input(run_dir, "image", mnist, margin=4)
        _shared.save_image_classifier_figures(run_dir, model, mnist, history, metrics)
    return metrics


if __name__ == "__main__":
    _cli.run(main)
