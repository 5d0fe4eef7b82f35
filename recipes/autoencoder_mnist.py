"""Compress digits to 32 numbers with an autoencoder.

    python -m recipes.autoencoder_mnist                          # the result in the README
    python -m recipes.autoencoder_mnist --epochs 1 --limit 2000  # a quick look

Data: MNIST, 28x28 grey images, 10 classes (LeCun et al., 1998).
Baseline: the best linear code of 32 numbers (principal components, scikit-learn), by squared error.
Result: squared_error 0.003644 (lower is better), 95 % prediction interval 0.003600 to 0.003688, baseline 0.016829.
Training: 82.7 s on 1 core of Intel(R) Xeon(R) Processor.
"""

import keras

from dlguide import autoencoder, data, evaluation, plots, training
from recipes._lib import schedules
from recipes._lib.baselines import pixels
from recipes._lib.images import reconstruction
from recipes._lib.result import Result, describe_input
from recipes._lib.runs import command_line


def main(
    *,
    epochs: int = 24,
    batch_size: int = 256,
    learning_rate: float = 8e-3,
    seed: int = 0,
    limit: int | None = None,
    run_dir: str | None = None,
) -> Result:
    """Train, then return the result on the test set."""
    keras.utils.set_random_seed(seed)
    mnist = data.load("mnist", limit=limit, seed=seed)
    steps = epochs * -(-len(mnist.train.x) // batch_size)

    shape = mnist.train.x.shape[1:]
    model = autoencoder(shape, latent_dim=32, hidden_units=(512, 256), activation="swish", batch_norm=True)
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(schedules.one_cycle(learning_rate, steps)), loss)
    model.summary()

    settings = {"epochs": epochs, "batch_size": batch_size, "seed": seed, "run_dir": run_dir}
    train, valid = mnist.train.x, mnist.valid.x
    history = training.fit(model, train, train, validation_data=(valid, valid), **settings)

    metrics = {"binary_crossentropy": evaluation.evaluate(model, mnist.test.x, mnist.test.x)["loss"]}
    metrics["squared_error"] = reconstruction.squared_error(model, mnist.test.x, mnist.test.x)
    baseline = pixels.pca_reconstructions(mnist, 32)
    metrics["baseline_squared_error"] = float(((baseline - mnist.test.x) ** 2).mean())
    codes = model.get_layer("encoder").predict(mnist.test.x, batch_size=256, verbose=0)
    figures = {
        "learning_curves": lambda: plots.learning_curves(history, metric_names=reconstruction.PIXEL_CROSS_ENTROPY),
        "codes": lambda: plots.codes(codes[:3000], mnist.test.y[:3000], label_name="digit"),
        "reconstructions": lambda: reconstruction.reconstructions(model, mnist.test.x, baseline=("PCA", baseline)),
        "interpolations": lambda: reconstruction.interpolations(model, codes),
    }
    return Result(metrics, history, figures, describe_input("reconstruction", mnist, margin=4))


if __name__ == "__main__":
    command_line.run(main)
