"""Compression of a network: distillation, and LiteRT files with the size, the accuracy and the time of each step.

Distillation: a small network learns the outputs of a trained one, Hinton, Vinyals & Dean (2015).
"""

import csv
import importlib.util
import io
import statistics
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np
from keras import ops

from dlguide import data, deployment, plots
from recipes._lib import drawing

LOSS_NAME = "cross-entropy + distillation loss (nats)"
RUNTIME = "ai_edge_litert"
NAMES = {
    "teacher": "teacher",
    "teacher_int8": "teacher, 8 bits",
    "baseline": "small network, no teacher",
    "student": "student",
    "student_int8": "student, 8 bits",
}


def distillation_targets(teacher: keras.Model, x: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return what a student learns, of shape `(images, 1 + classes)`: the label, then the teacher's logits."""
    return np.column_stack([labels, teacher.predict(x, batch_size=1000, verbose=0)]).astype("float32")


@keras.saving.register_keras_serializable(package="recipes")
class DistillationLoss(keras.losses.Loss):
    """Cross-entropy with the label, plus `weight · temperature² · KL(teacher || student)`, in nats.

    The divergence is that of the probabilities `softmax(logits / temperature)`. The square keeps the size of the
    gradient at each temperature. `y_true` is that of `distillation_targets`, `y_pred` the student's logits.
    """

    def __init__(self, temperature: float, weight: float, name="distillation_loss", reduction="sum_over_batch_size"):
        super().__init__(name, reduction)
        self.temperature, self.weight = temperature, weight

    def call(self, y_true, y_pred):
        student, teacher = (ops.log_softmax(logits / self.temperature) for logits in (y_pred, y_true[:, 1:]))
        divergence = ops.sum(ops.exp(teacher) * (teacher - student), axis=-1)
        of_labels = ops.sparse_categorical_crossentropy(ops.cast(y_true[:, 0], "int32"), y_pred, from_logits=True)
        return of_labels + self.weight * self.temperature**2 * divergence

    def get_config(self):
        return {**super().get_config(), "temperature": self.temperature, "weight": self.weight}


@keras.saving.register_keras_serializable(package="recipes")
def accuracy(y_true, y_pred):
    """Return for each image whether the label, the first number of `y_true`, has the largest logit."""
    return keras.metrics.sparse_categorical_accuracy(y_true[:, 0], y_pred)


class Step(NamedTuple):
    """A LiteRT file: number of weights of its network, bytes, share of correct classes, milliseconds per image."""

    weights: int
    bytes: int
    accuracy: float
    milliseconds: float


def steps(models: dict[str, keras.Model], splits: data.Splits, run_dir: str | None) -> dict[str, Step]:
    """Export networks to LiteRT, those named `..._int8` with 8 bits, and measure each file on the test set.

    The ranges of the 8-bit numbers come from 500 training images. The files stay in the run folder.
    """
    if importlib.util.find_spec(RUNTIME) is None:
        print('No LiteRT files: they need the extra "export", pip install -e ".[export]".', flush=True)
        return {}
    measured = {}
    with tempfile.TemporaryDirectory() as scratch:
        for name, model in models.items():
            path = Path(run_dir or scratch, f"{name}.tflite")
            path.unlink(missing_ok=True)  # Of a run that was killed.
            bits = 8 if name.endswith("_int8") else 32
            deployment.export(model, path, format="litert", examples=splits.train.x[:500], bits=bits)
            logits, milliseconds = run_file(path, splits.test.x)
            accuracy = float((logits.argmax(axis=1) == splits.test.y).mean())
            measured[name] = Step(model.count_params(), path.stat().st_size, accuracy, milliseconds)
    return measured


def run_file(path: Path, x: np.ndarray) -> tuple[np.ndarray, float]:
    """Read images one by one with LiteRT on one thread; return the logits, and the median milliseconds per image."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_path=str(path), num_threads=1)
    interpreter.allocate_tensors()
    [given], [answer] = interpreter.get_input_details(), interpreter.get_output_details()
    logits, seconds = [], []
    for i in range(len(x)):
        interpreter.set_tensor(given["index"], x[i : i + 1])
        begin = time.perf_counter()
        interpreter.invoke()
        seconds.append(time.perf_counter() - begin)
        logits.append(interpreter.get_tensor(answer["index"])[0])
    return np.stack(logits), 1e3 * statistics.median(seconds)


def metrics(measured: dict[str, Step]) -> dict[str, float]:
    """Return the important numbers of the steps by the names of metrics; none without LiteRT."""
    if not measured:
        return {}
    teacher, student, small = (measured[name] for name in ("teacher", "student", "student_int8"))
    return {
        "weights": float(student.weights),
        "teacher_weights": float(teacher.weights),
        "int8_accuracy": small.accuracy,
        "accuracy_lost": student.accuracy - small.accuracy,
        "int8_bytes": float(small.bytes),
        "teacher_bytes": float(teacher.bytes),
        "int8_milliseconds": small.milliseconds,
        "teacher_milliseconds": teacher.milliseconds,
    }


def table(measured: dict[str, Step]) -> str:
    """Return the steps as the text of a CSV file."""
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(("step", *Step._fields))
    rows.writerows((name, *step) for name, step in measured.items())
    return text.getvalue()


def figures(history, measured: dict[str, Step]) -> dict:
    """Return the pictures of the student's learning curves and of the steps."""
    found = {"learning_curves": lambda: plots.learning_curves(history, metric_names={"loss": LOSS_NAME})}
    return found | ({"compression": lambda: figure(measured)} if measured else {})


def figure(measured: dict[str, Step]):
    """Draw the steps as rows, with a panel for each of their numbers."""
    panels = {
        "weights": ("weights", [f"{step.weights:,}" for step in measured.values()]),
        "bytes": ("size of the file (kB)", [f"{step.bytes / 1e3:.1f}" for step in measured.values()]),
        "accuracy": ("errors on the test set (%)", [f"{100 * (1 - s.accuracy):.2f}" for s in measured.values()]),
        "milliseconds": ("time per image (ms)", [f"{step.milliseconds:.3f}" for step in measured.values()]),
    }
    colors = ["C0" if name.startswith("student") else "0.6" for name in measured]
    with drawing.new_figure(11, 2.6) as drawn:
        all_axes = drawn.subplots(1, len(panels), sharey=True)
        for axes, (label, texts) in zip(all_axes, panels.values(), strict=True):
            values = [float(text.replace(",", "")) for text in texts]
            bars = axes.barh([NAMES[name] for name in measured], values, color=colors)
            axes.bar_label(bars, texts, padding=3, fontsize=8)
            axes.set(xlabel=label, xlim=(0, 1.3 * max(*values, 1e-9)))
            axes.locator_params(axis="x", nbins=3)
            axes.spines[["top", "right"]].set_visible(False)
        all_axes[0].invert_yaxis()
        drawn.suptitle("each step as a LiteRT file, read by one thread, one image at a time", fontsize=10)
    return drawn
