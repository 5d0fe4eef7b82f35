"""Metrics of several numbers, as a run keeps and shows them."""

import json

import keras
import numpy as np
import pytest

from tests.helpers.training_runs import X, classifier, fit, history_rows

pytestmark = pytest.mark.each_backend
THREE = np.eye(3, dtype="float32")[np.arange(60) % 3]


class DictMetric(keras.metrics.Metric):
    def __init__(self, name="both"):
        super().__init__(name=name)
        self.count = self.add_variable((), "zeros", name="count")

    def update_state(self, y_true, y_pred, sample_weight=None):
        self.count.assign(self.count + 1.0)

    def result(self):
        return {"count": 1.0 * self.count, "twice": 2.0 * self.count}


def test_metrics_of_several_numbers_and_names_are_shown_and_kept(tmp_path, capsys):
    def history(folder, epochs, verbose):
        loss, metrics = keras.losses.CategoricalCrossentropy(from_logits=True), [keras.metrics.F1Score(), DictMetric()]
        model = classifier(loss, 3, metrics=metrics)
        options = {"validation_data": (X, THREE), "epochs": epochs, "verbose": verbose}
        return fit(model, folder, X, THREE, **options).history

    whole = history(None, 3, verbose=0)
    assert not capsys.readouterr().out
    history(tmp_path, 1, verbose=1)
    assert "f1_score" in capsys.readouterr().out
    resumed = history(tmp_path, 3, verbose=2)
    assert "f1_score" in capsys.readouterr().out
    assert resumed == whole and np.shape(resumed["f1_score"]) == (3, 3)
    assert json.dumps(resumed)
    assert resumed["count"] == [4] * 3 and resumed["twice"] == [8] * 3
    rows = history_rows(tmp_path)
    assert [[float(row[f"val_f1_score[{i}]"]) for i in range(3)] for row in rows] == resumed["val_f1_score"]
    assert [row["twice"] for row in rows] == ["8.0"] * 3
