"""The diagnosis on each backend: a fault is found there, the program without it has none."""

import pytest

from dlguide.diagnosis import check
from tests.dlguide.diagnosis.programs import ADAM, hidden, of_two

pytestmark = [pytest.mark.each_backend, pytest.mark.thorough(seconds=5)]


@pytest.mark.filterwarnings("ignore:.*softmax over axis")
@pytest.mark.parametrize(
    ("activation", "rate", "faults"),
    [("softmax", 0.05, ["output_activation"]), ("sigmoid", 0.05, []), ("sigmoid", 1e-4, ["learning_rate_low"])],
)
def test_a_fault_is_found_and_its_change_is_proved(activation, rate, faults):
    model, x, y, options = of_two(hidden(), activation=activation, optimizer=ADAM(rate), epochs=20)
    found = check(model, x, y, **options).findings
    assert [each.fault for each in found] == faults and all(each.after > 0.8 for each in found)
