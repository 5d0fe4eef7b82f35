"""`compression_mnist`: the student learns from the teacher, and differs in nothing else; files measured by LiteRT."""

import importlib.util
import inspect
from pathlib import Path
from types import SimpleNamespace

import keras
import numpy as np
import pytest
from scipy.special import log_softmax, softmax

from dlguide import cnn, data, deployment, training
from recipes import cnn_mnist, compression_mnist
from recipes._lib.images import compression
from tests.helpers.training_runs import same

pytestmark = pytest.mark.filterwarnings("ignore:Even though:UserWarning")  # `tf.data` still builds graphs.
TINY = {"filters": (2, 3), "kernel_size": 3, "augment": {"shift": 0.3}}


def tiny(seed=0, **options):
    keras.utils.set_random_seed(seed)
    return cnn((28, 28, 1), 10, **TINY | options)


def images(count=16):
    return data.load("mnist", limit=count).train


def test_the_distillation_loss_is_that_of_the_formula_and_reads_each_images_own_targets():
    student, teacher = np.random.default_rng(0).normal(scale=5, size=(2, 7, 10)).astype("float32")
    labels = np.arange(7)
    loss = compression.DistillationLoss(temperature=3.0, weight=0.5)(np.column_stack([labels, teacher]), student)
    q, p = log_softmax(student.astype("float64") / 3, axis=1), softmax(teacher.astype("float64") / 3, axis=1)
    divergence = (p * (np.log(p) - q)).sum(axis=1).mean()
    of_labels = -log_softmax(student.astype("float64"), axis=1)[labels, labels].mean()
    assert float(loss) == pytest.approx(of_labels + 0.5 * 9 * divergence, rel=1e-5)


def test_the_targets_are_the_label_and_the_logits_of_the_same_image():
    teacher, (x, y) = tiny(), images()
    found = compression.distillation_targets(teacher, x, y)
    assert np.array_equal(found[:, 0], y)
    for image, row in zip(x, found, strict=True):
        np.testing.assert_allclose(teacher(image[None], training=False)[0], row[1:], rtol=1e-4, atol=1e-5)
    right = teacher.predict(x, verbose=0).argmax(axis=1) == y
    assert np.array_equal(compression.accuracy(found, found[:, 1:]), right)


def fits_of_the_recipe(main, monkeypatch, **options):
    """Return what each training of a recipe is given, without training."""
    fits = []

    def fit(model, *arrays, **given):
        layers, [optimizer] = without_name(model.layers), without_name([model.optimizer])
        settings = {"layers": layers, "optimizer": optimizer, "loss": model.loss}
        fits.append(SimpleNamespace(model=model, arrays=arrays, given=given, **settings))
        return SimpleNamespace(seconds=0.0, history={"loss": [1.0]}, epoch=[0])

    with monkeypatch.context() as patch:
        patch.setattr(training, "fit", fit)
        patch.setattr(compression, "steps", lambda *_: {})
        main(limit=20, **options)
    return fits


def without_name(objects) -> list:
    """Return the settings of layers or optimizers, in their order."""
    return [{**one.get_config(), "name": ""} for one in objects]


@pytest.mark.thorough
def test_the_teacher_is_that_of_cnn_mnist_and_the_baseline_differs_from_the_student_in_the_teacher_alone(
    eagerly, monkeypatch
):
    teacher, baseline, distilled = fits_of_the_recipe(compression_mnist.main, monkeypatch)
    [original] = fits_of_the_recipe(cnn_mnist.main, monkeypatch)
    assert teacher.layers == original.layers
    assert teacher.optimizer == original.optimizer and teacher.given.keys() == original.given.keys()
    defaults = inspect.signature(cnn_mnist.main).parameters
    assert all(compression_mnist.TEACHER_TRAINING[name] == defaults[name].default for name in ("epochs", "batch_size"))
    for name in ("epochs", "batch_size", "seed"):
        assert teacher.given[name] == original.given[name]
        assert baseline.given[name] == distilled.given[name]
    assert baseline.optimizer == distilled.optimizer and baseline.layers == distilled.layers
    assert same(baseline.model.variables, distilled.model.variables)
    assert type(distilled.loss) is compression.DistillationLoss
    # The same images; the targets have the same labels.
    for (x, y), (other_x, targets) in (
        (baseline.arrays, distilled.arrays),
        (baseline.given["validation_data"], distilled.given["validation_data"]),
    ):
        assert x is other_x and np.array_equal(y, targets[:, 0])
        assert np.array_equal(targets, compression.distillation_targets(teacher.model, x, y))
    assert baseline.model.count_params() <= 10_000


@pytest.mark.thorough
def test_a_run_that_is_stopped_between_its_trainings_ends_in_the_same_model(eagerly, monkeypatch, tmp_path):
    monkeypatch.setattr(compression, "steps", lambda *_: {})
    monkeypatch.setitem(compression_mnist.TEACHER_TRAINING, "epochs", 2)
    fit, calls, models = training.fit, [], []

    def fit_or_stop(*arguments, **options):
        if len(calls) == 2:
            raise KeyboardInterrupt
        calls.append(options["run_dir"])
        return fit(*arguments, **options)

    def run(folder):
        result = compression_mnist.main(epochs=2, limit=20, run_dir=str(tmp_path / folder))
        models.append(result.model)
        return result.metrics

    whole = run("whole")
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(training, "fit", fit_or_stop)
        run("stopped")
    again = run("stopped")
    assert calls == [str(tmp_path / "stopped" / name) for name in ("teacher", "baseline")]
    of_time = ("training_seconds", "baseline_seconds")
    assert {**whole, **dict.fromkeys(of_time)} == {**again, **dict.fromkeys(of_time)}
    assert same(*(model.get_weights() for model in models))
    assert models[0].output_shape == (None, 10) and len(models[0].weights) == len(tiny(filters=(2, 3, 4, 5)).weights)


@pytest.mark.thorough
def test_a_step_is_measured_by_its_file(tmp_path, monkeypatch):
    """The file says 3 whatever the image; the model whose weights are counted says something else."""
    splits, export = data.load("mnist", limit=40), deployment.export
    model, three = tiny(), tiny(filters=(2,))
    three.get_layer("output").set_weights([np.zeros((2, 10)), 5 * np.eye(10)[3]])
    asked = {}

    def export_three(model, path, *, bits, **options):
        asked[path.name] = bits
        export(three, path, bits=bits, **options)

    monkeypatch.setattr(deployment, "export", export_three)
    measured = compression.steps({"student": model, "student_int8": model}, splits, str(tmp_path))
    assert asked == {"student.tflite": 32, "student_int8.tflite": 8}
    for name, step in measured.items():
        assert step.accuracy == np.mean(splits.test.y == 3) and step.milliseconds > 0
        assert step.bytes == (tmp_path / f"{name}.tflite").stat().st_size
        assert step.weights == model.count_params()
    logits, _ = compression.run_file(tmp_path / "student.tflite", splits.test.x)
    np.testing.assert_allclose(logits, np.tile(5 * np.eye(10)[3], (len(splits.test.x), 1)), atol=1e-6)
    others = {"teacher": measured["student"]._replace(weights=7), "student": measured["student"]._replace(accuracy=1)}
    numbers = compression.metrics(measured | others)
    assert numbers["int8_bytes"] == measured["student_int8"].bytes and numbers["teacher_weights"] == 7
    small = measured["student_int8"].accuracy
    assert numbers["int8_accuracy"] == small and numbers["accuracy_lost"] == 1 - small > 0


def test_without_litert_a_sentence_stands_in_place_of_the_files(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert compression.metrics(compression.steps({"student": tiny()}, None, str(tmp_path))) == {}
    assert 'they need the extra "export"' in capsys.readouterr().out and list(Path(tmp_path).iterdir()) == []


@pytest.mark.filterwarnings("ignore")  # Of the layers that it leaves as they are.
def test_keras_quantises_the_dense_layer_and_no_convolution():
    model = tiny()
    model.quantize("int8")
    kernels = {layer.name: str(layer.kernel.dtype) for layer in model.layers if hasattr(layer, "kernel")}
    assert kernels == {"conv_0": "float32", "conv_1": "float32", "output": "int8"}
