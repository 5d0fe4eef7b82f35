"""Compress digits to 32 numbers with an autoencoder.

    python -m recipes.autoencoder_mnist                          # the result in the README
    python -m recipes.autoencoder_mnist --epochs 1 --limit 2000  # a quick look

Data: MNIST, 28x28 grey images, 10 classes (LeCun et al., 1998).
Baseline: the best linear code of 32 numbers (principal components, scikit-learn), by squared error.
Result: squared_error 0.003653 ± 0.000002, baseline 0.016830, 99.2 s on 2 cores of AMD EPYC.

Cross-entropy on the validation part, one seed an attempt, ten epochs: .0786 in 33 s; with GELU .0780 in 38 s; with
layers of 1000 and 500 .0764 in 67 s; with batch normalisation .0767 in 41 s, at two and a half times the learning rate
.0755; with both and swish .0743 in 46 s. Without them, 30 epochs in batches of 128 .0741 in 137 s.
"""

import keras

from dlguide import autoencoder, data, evaluation, plots, training
from recipes import _cli, _reconstruction, _results, _shared


def main(
    *,
    epochs: int = 24,
    batch_size: int = 256,
    learning_rate: float = 8e-3,
    seed: int = 0,
    limit: int | None = None,
    run_dir: str | None = None,
) -> dict:
    """Train, then return the metrics on the test part."""
    keras.utils.set_random_seed(seed)
    mnist = data.load("mnist", limit=limit, seed=seed)
    steps = epochs * -(-len(mnist.train.x) // batch_size)

    model = autoencoder(
        mnist.train.x.shape[1:], latent_dim=32, hidden_units=(512, 256), activation="swish", batch_norm=True
    )
    model.compile(
        optimizer=keras.optimizers.Adam(_shared.one_cycle(learning_rate, steps)),
        loss=keras.losses.BinaryCrossentropy(from_logits=True),
    )
    model.summary()

    history = training.fit(
        model,
        mnist.train.x,
        mnist.train.x,
        validation_data=(mnist.valid.x, mnist.valid.x),
        epochs=epochs,
        batch_size=batch_size,
        seed=seed,
        run_dir=run_dir,
    )

    metrics = {"binary_crossentropy": evaluation.evaluate(model, mnist.test.x, mnist.test.x)["loss"]}
    metrics["squared_error"] = _reconstruction.squared_error(model, mnist.test.x, mnist.test.x)
    metrics["baseline_squared_error"] = _reconstruction.pca_squared_error(mnist, 32)
    metrics["training_seconds"] = history.seconds
    if run_dir:
        title = _results.title(__file__, metrics)
        _shared.save_input(run_dir, "reconstruction", mnist, margin=4)
        codes = model.get_layer("encoder").predict(mnist.test.x, batch_size=256, verbose=0)
        _cli.save_figures(
            run_dir,
            title,
            learning_curves=plots.learning_curves(history, metric_names={"loss": _shared.PIXEL_CROSS_ENTROPY}),
            codes=plots.codes(codes[:3000], mnist.test.y[:3000], label_name="digit"),
        )
        _reconstruction.save_reconstructions(run_dir, title, model, mnist.test.x, mnist.test.x)
        _reconstruction.save_interpolations(run_dir, title, model, codes)
    return metrics


if __name__ == "__main__":
    _cli.run(main)
