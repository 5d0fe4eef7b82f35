"""The checks in the order in which the faults are named: what explains others comes first."""

from dlguide.diagnosis import _data_checks, _head_checks, _metric_checks, _network_checks, _step_checks

CONTRADICTIONS = (
    _data_checks.check_finite,
    _head_checks.check_head,
    _step_checks.check_sign,
    _network_checks.check_frozen,
    _data_checks.check_order,
    _metric_checks.check_metrics,
    _data_checks.check_leakage,
)
"""What can be seen without a training. One of them may be uncertain, and is then proved like those below."""

PROVED = (
    _network_checks.check_weights,
    _network_checks.check_dropout,
    _network_checks.check_penalty,
    _data_checks.check_inputs,
    _step_checks.check_high,
    _data_checks.check_targets,
    _network_checks.check_linear,
    _network_checks.check_saturating,
    _network_checks.check_depth,
    _network_checks.check_dead,
    _step_checks.check_low,
    _step_checks.check_epochs,
    _step_checks.check_batch,
)
"""What is reported only if a short training with the change is clearly better."""

COUNT = len(CONTRADICTIONS) + len(PROVED)
