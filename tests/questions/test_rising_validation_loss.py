"""Question 27: the scores that it computes, and that its rows differ in one thing."""

import numpy as np
import pytest

from questions import _retraining
from questions.rising_validation_loss import experiment as rising

Y = np.array([0, 0, 0, 1])
SURE = np.tile([4.0, 0.0], (4, 1))  # Three of four are right; the page computes the loss by hand.


def test_a_temperature_makes_the_network_as_sure_as_it_is_right_and_changes_no_answer():
    heat = rising.temperature(SURE, Y)
    assert heat == pytest.approx(4 / np.log(3), rel=1e-3)
    assert rising.losses(SURE, Y).mean() == pytest.approx(1.018, abs=1e-3)
    assert rising.losses(SURE / heat, Y).mean() == pytest.approx(0.562, abs=1e-3)
    assert (rising.hits(SURE / heat, Y) == rising.hits(SURE, Y)).all()
    assert rising.calibration_error(SURE, Y) == pytest.approx(rising.confidence(SURE)[0] - 0.75)
    assert rising.calibration_error(SURE / heat, Y) == pytest.approx(0, abs=1e-3)
    two_bins = np.log([[0.9, 0.1]] * 2 + [[0.55, 0.45]] * 2)  # Both right; one of two: 0.1 too low, 0.05 too high.
    assert rising.calibration_error(two_bins, Y) == pytest.approx((0.1 + 0.05) / 2)


def test_validation_examples_alone_say_which_epoch_and_which_temperature():
    weak, rather, wrong = SURE / 10, SURE / 2, -SURE
    epochs = [{"valid": weak, "test": wrong}, {"valid": wrong, "test": weak}, {"valid": SURE, "test": rather}]
    found = rising.ends(epochs, Y)
    assert found["last"] is rather and found["early_loss"] is wrong and found["early_accuracy"] is wrong
    np.testing.assert_allclose(found["temperature"], rather * np.log(3) / 4, rtol=1e-3)


def test_the_networks_differ_in_their_regularisation_alone(monkeypatch):
    given = {}
    monkeypatch.setattr(_retraining, "trainer", lambda build, **options: (build, options))
    for row in ("none", *rising.STRENGTHS):
        build, options = rising.trainer.__wrapped__(row, 0.3)
        smoothing, layers = options.pop("loss").get_config()["label_smoothing"], build().layers
        penalties = {layer.kernel_regularizer is not None for layer in layers if hasattr(layer, "kernel_regularizer")}
        given[row] = (smoothing, sum("Dropout" in type(layer).__name__ for layer in layers), any(penalties), options)
    options = given["none"][-1]
    assert given == {
        "none": (0, 0, False, options),
        "smoothing": (0.3, 0, False, options),
        "dropout": (0, 2, False, options),
        "l2": (0, 0, True, options),
    }
