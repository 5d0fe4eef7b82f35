"""Checks of the compiled metrics: whether they measure what their reader thinks."""

import keras

from dlguide import _keras
from dlguide.diagnosis._finding import Suspicion
from dlguide.diagnosis._program import Program

m = keras.metrics


def check_metrics(program: Program) -> list[Suspicion]:
    """Metrics that do not measure the task."""
    units, task = program.model.output_shape[-1], program.task
    for metric in _keras.compiled_metrics(program.model):
        name = metric if isinstance(metric, str) else getattr(metric, "__name__", type(metric).__name__)
        if task.kind != "classes":
            continue
        is_exact = type(metric) is m.Accuracy or metric == "Accuracy"
        is_of_bits = isinstance(metric, m.BinaryAccuracy) or metric in ("binary_accuracy", "BinaryAccuracy")
        of_one = isinstance(metric, m.CategoricalAccuracy) or metric in ("categorical_accuracy", "CategoricalAccuracy")
        if is_exact and program.model.loss:
            return [Suspicion("wrong_metric", "metric_exact", {"metric": name}, None, True)]
        if is_of_bits and task.num_classes > 2:
            return [
                Suspicion("wrong_metric", "metric_of_bits", {"metric": name, "classes": task.num_classes}, None, True)
            ]
        if of_one and (units == 1 or task.form == "integers"):
            return [Suspicion("wrong_metric", "metric_of_one", {"metric": name}, None, True)]
    return []
