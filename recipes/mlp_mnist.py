"""Classify MNIST digits with a multilayer perceptron.

    python -m recipes.mlp_mnist                          # the result in the README
    python -m recipes.mlp_mnist --epochs 1 --limit 2000  # a quick look

Data: MNIST, 28x28 grey images, 10 classes (LeCun et al., 1998).
Baseline: the same pixels without a hidden layer (softmax regression, scikit-learn).
Result: accuracy 98.97% (higher is better), 95 % prediction interval 98.77% to 99.16%, baseline 92.38%.
Training: 10.3 s on 2 cores of AMD EPYC.
"""

import keras

from dlguide import data, evaluation, mlp, training
from dlguide.augmentation import Augmentation
from recipes._lib import pictures
from recipes._lib.baselines import pixels
from recipes._lib.result import Result, describe_input
from recipes._lib.runs import command_line


def main(
    *,
    epochs: int = 9,
    batch_size: int = 256,
    learning_rate: float = 4e-3,
    weight_decay: float = 0.1,
    seed: int = 0,
    limit: int | None = None,
    run_dir: str | None = None,
) -> Result:
    """Train, then return the result on the test set."""
    keras.utils.set_random_seed(seed)
    mnist = data.load("mnist", limit=limit, seed=seed)
    steps = epochs * -(-len(mnist.train.x) // batch_size)

    shape = mnist.train.x.shape[1:]
    layers = [keras.Input(shape), Augmentation({"shift": 0.05})]
    model = keras.Sequential([*layers, mlp(shape, mnist.info.num_classes, hidden_units=(512, 256), batch_norm=True)])
    rate = keras.optimizers.schedules.CosineDecay(learning_rate, steps)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.AdamW(rate, weight_decay=weight_decay), loss, metrics=["accuracy"])
    model.summary()

    settings = {"epochs": epochs, "batch_size": batch_size, "seed": seed, "run_dir": run_dir}
    history = training.fit(model, *mnist.train, validation_data=mnist.valid, **settings)

    metrics = evaluation.evaluate(model, *mnist.test, class_names=mnist.info.class_names)
    metrics["baseline_accuracy"] = pixels.softmax_regression_accuracy(mnist)
    figures = pictures.image_classifier_figures(model, mnist, history, metrics)
    return Result(metrics, history, figures, describe_input("digit", mnist, margin=4))


if __name__ == "__main__":
    command_line.run(main)
