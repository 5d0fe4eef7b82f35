"""Which builder's model works in which format on which backend: the table of exports.

`python -m recipes.benchmark export` runs this module on each backend; each prints a line of JSON for each model.
"""

import json
import os
import subprocess
import sys
import tempfile

from recipes._lib.runs import machine_facts, results

PATH = results.RESULTS / "benchmark_export.json"
SUFFIXES = {"tf_saved_model": "", "onnx": ".onnx", "litert": ".tflite"}
FORMATS = {"tf_saved_model": "SavedModel", "onnx": "ONNX", "litert": "LiteRT"}
BACKENDS = {"tensorflow": "TensorFlow", "jax": "JAX", "torch": "PyTorch"}


def main() -> dict:
    """Export every model on every backend and write what came out."""
    models: dict[str, dict] = {}
    versions = machine_facts.machine()
    for backend in BACKENDS:
        environment = {**os.environ, "KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"}
        command = [sys.executable, "-m", "recipes.benchmark.export"]
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
            for line in process.stdout:
                if line.startswith("result "):
                    name, formats = json.loads(line.removeprefix("result "))
                    models.setdefault(name, {})[backend] = formats
                    print(backend, name, formats, flush=True)
        if process.returncode:
            raise subprocess.CalledProcessError(process.returncode, command)
    content = {"command": "python -m recipes.benchmark export", "models": models, **versions}
    PATH.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    print(table(content))
    return {}


def table(content: dict) -> str:
    """Return the table: a row for each model, the largest difference from `predict` in each format and backend."""
    names = [f"{form}{'' if backend == 'tensorflow' else f', {shown}'}" for backend, shown in BACKENDS.items()
             for form in FORMATS.values()]  # fmt: skip
    rows = [f"| model | {' | '.join(names)} |", "|---|" + "---|" * len(names)]
    for name, backends in content["models"].items():
        cells = []
        for backend in BACKENDS:
            for form in FORMATS:
                result = backends[backend][form]
                cells.append(
                    result if isinstance(result, str) else f"{result:.0e}".replace("e-0", "e-") if result else "0"
                )
        rows.append(f"| {name} | {' | '.join(cells)} |")
    versions = ", ".join(f"{name} {version}" for name, version in content["versions"].items())
    return "\n".join([*rows, "", f"{versions}, {content['date']}"])


def published() -> str:
    """Return the generated part of recipes/README.md."""
    return table(json.loads(PATH.read_text(encoding="utf-8"))) if PATH.exists() else "not measured yet"


def _models():
    """Yield name, model and examples, after a step of training that moves the statistics of batch normalisation."""
    import keras
    import numpy as np

    import dlguide as d

    rng = np.random.default_rng(0)
    images, rows = rng.random((8, 28, 28, 1), "float32"), rng.normal(size=(8, 20, 12)).astype("float32")
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
    yield "perceptron", trained(d.perceptron((28, 28, 1), 10), images), images
    yield "mlp", trained(d.mlp((28, 28, 1), 10, batch_norm=True, dropout=0.2), images), images
    yield "mlp, GELU", trained(d.mlp((28, 28, 1), 10, activation="gelu"), images), images
    yield (
        "cnn with augment",
        trained(d.cnn((28, 28, 1), 10, augment={"shift": 0.1, "flip": "horizontal"}), images),
        images,
    )
    yield "cnn of series", trained(d.cnn((20, 12), 10), rows), rows
    for cell in ("simple", "lstm", "gru"):
        yield f"rnn, {cell}", trained(d.rnn((None, 12), 9, cell=cell), rows), rows
    yield "rnn, bidirectional", trained(d.rnn((20, 12), 9, bidirectional=True), rows), rows
    yield "rnn, tokens", trained(d.rnn((None,), 15, vocab_size=60), tokens), tokens
    yield "transformer_classifier", trained(d.transformer_classifier(60, 14, 15), tokens), tokens
    yield "transformer_language_model", trained(d.transformer_language_model(60, 14), tokens), tokens
    yield "autoencoder", trained(d.autoencoder((28, 28, 1), batch_norm=True), images), images
    yield "conv_autoencoder", trained(d.conv_autoencoder((28, 28, 1), batch_norm=True), images), images
    vae = trained(d.vae((28, 28, 1)), images)
    yield "vae: encoder", vae.get_layer("encoder"), images
    yield "vae: decoder", vae.get_layer("decoder"), codes[:, :20]
    gan = trained(d.gan((28, 28, 1)), images, None)
    yield "gan: generator", gan.get_layer("generator"), codes
    yield "gan: discriminator", gan.get_layer("discriminator"), images
    labels = rng.integers(0, 3, 8).astype("int32")
    gan = trained(d.gan((28, 28, 1), num_classes=3), [images, labels], None)
    yield "gan with classes: generator", gan.get_layer("generator"), [codes, labels]
    encoder = d.cnn((28, 28, 1), 10)
    contrastive = trained(d.contrastive(keras.Model(encoder.input, encoder.layers[-2].output), augment={"shift": 0.1}),
                          images, None)  # fmt: skip
    yield "contrastive: encoder", contrastive.get_layer("encoder"), images


def _export_all() -> None:
    """Export every model in every format, one by one."""
    import keras

    from dlguide import deployment

    keras.utils.set_random_seed(0)
    for name, model, examples in list(_models()):
        formats: dict[str, float | str] = {}
        for form, suffix in SUFFIXES.items():
            with tempfile.TemporaryDirectory() as folder:
                try:
                    exported = deployment.export(model, f"{folder}/model{suffix}", format=form, examples=examples)
                    formats[form] = exported.largest_difference
                except ValueError as error:
                    formats[form] = str(error)
        print("result", json.dumps([name, formats]), flush=True)


if __name__ == "__main__":
    _export_all()
