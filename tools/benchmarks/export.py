"""Which builder's model works in which format on which backend, and how far it differs from `predict`."""

import itertools
import tempfile

import keras
import numpy as np

import dlguide as d
from dlguide import deployment
from recipes._lib.runs import results
from tools.benchmarks import processes, tables

SUFFIXES = {"tf_saved_model": "", "onnx": ".onnx", "litert": ".tflite"}


def main(*, backends: tuple[str, ...] = results.BACKENDS, count: int | None = None) -> None:
    """Export every model, or the first `count`, on every backend and write the differences."""
    models: dict[str, dict] = {}
    for backend in backends:
        with processes.start(backend) as call:
            for name, formats in call(differences, count).items():
                models.setdefault(name, {})[backend] = formats
    tables.save("export", {"models": models})


def differences(count: int | None = None) -> dict[str, dict[str, float | str]]:
    """Return for each model and format the largest difference from `predict`, or why the export is refused."""
    keras.utils.set_random_seed(0)
    found = {}
    for name, model, examples in list(itertools.islice(_models(), count)):
        found[name] = {}
        for form, suffix in SUFFIXES.items():
            with tempfile.TemporaryDirectory() as folder:
                try:
                    exported = deployment.export(model, f"{folder}/model{suffix}", format=form, examples=examples)
                    found[name][form] = exported.largest_difference
                except ValueError as error:
                    found[name][form] = str(error)
        print(keras.backend.backend(), name, found[name], flush=True)
    return found


def _models():
    """Yield name, model and examples, after a step of training that moves the statistics of batch normalisation."""
    rng, shape, shift = np.random.default_rng(0), (28, 28, 1), {"shift": 0.1}
    images, rows = rng.random((8, *shape), "float32"), rng.normal(size=(8, 20, 12)).astype("float32")
    cars, tokens = rng.normal(size=(64, 7)).astype("float32"), rng.integers(1, 60, (8, 14))
    codes = rng.normal(size=(8, 64)).astype("float32")

    def trained(model, x, loss="mse"):
        model.compile("sgd", loss)
        model.train_on_batch(x, rng.normal(size=model.predict_on_batch(x).shape).astype("float32") if loss else None)
        return model

    for builder in (d.linear_regression, d.polynomial_regression):
        model = builder((7,))
        model.get_layer("features").adapt(cars)
        yield builder.__name__, trained(model, cars), cars
    yield "perceptron", trained(d.perceptron(shape, 10), images), images
    yield "mlp", trained(d.mlp(shape, 10, batch_norm=True, dropout=0.2), images), images
    yield "mlp, GELU", trained(d.mlp(shape, 10, activation="gelu"), images), images
    augmented = d.cnn(shape, 10, augment={**shift, "flip": "horizontal"})
    yield "cnn with augment", trained(augmented, images), images
    yield "cnn of series", trained(d.cnn((20, 12), 10), rows), rows
    for cell in ("simple", "lstm", "gru"):
        yield f"rnn, {cell}", trained(d.rnn((None, 12), 9, cell=cell), rows), rows
    yield "rnn, bidirectional", trained(d.rnn((20, 12), 9, bidirectional=True), rows), rows
    yield "rnn, tokens", trained(d.rnn((None,), 15, vocab_size=60), tokens), tokens
    yield "transformer_classifier", trained(d.transformer_classifier(60, 14, 15), tokens), tokens
    yield "transformer_language_model", trained(d.transformer_language_model(60, 14), tokens), tokens
    yield "autoencoder", trained(d.autoencoder(shape, batch_norm=True), images), images
    yield "conv_autoencoder", trained(d.conv_autoencoder(shape, batch_norm=True), images), images
    vae = trained(d.vae(shape), images)
    yield "vae: encoder", vae.get_layer("encoder"), images
    yield "vae: decoder", vae.get_layer("decoder"), codes[:, :20]
    gan = trained(d.gan(shape), images, None)
    yield "gan: generator", gan.get_layer("generator"), codes
    yield "gan: discriminator", gan.get_layer("discriminator"), images
    labels = rng.integers(0, 3, 8).astype("int32")
    gan = trained(d.gan(shape, num_classes=3), [images, labels], None)
    yield "gan with classes: generator", gan.get_layer("generator"), [codes, labels]
    cnn = d.cnn(shape, 10)
    contrastive = d.contrastive(keras.Model(cnn.input, cnn.layers[-2].output), augment=shift)
    yield "contrastive: encoder", trained(contrastive, images, None).get_layer("encoder"), images
