"""The diagnosis: train the program as it is, then with each change that a check proposes."""

from dataclasses import dataclass, replace

from dlguide.diagnosis import _data_checks, _head_checks, _layer_checks, _step_checks
from dlguide.diagnosis._program import Program
from dlguide.diagnosis._report import Suspicion
from dlguide.diagnosis._trainings import GOOD, Outcome, Trainings

CONTRADICTIONS = (
    _data_checks.check_finite,
    _head_checks.check_head,
    _step_checks.check_sign,
    _layer_checks.check_frozen,
    _data_checks.check_order,
    _head_checks.check_metrics,
    _data_checks.check_leakage,
)
"""What can be seen without a training. One of them may be uncertain, and is then proved like those below."""

PROVED = (
    _layer_checks.check_weights,
    _layer_checks.check_dropout,
    _layer_checks.check_penalty,
    _data_checks.check_inputs,
    _step_checks.check_high,
    _data_checks.check_targets,
    _layer_checks.check_linear,
    _layer_checks.check_saturating,
    _layer_checks.check_depth,
    _layer_checks.check_dead,
    _step_checks.check_steps,
    _step_checks.check_batch,
    _head_checks.check_head,  # Where another change has made the output wrong.
)
"""What is reported only if a short training with the change is clearly better; what explains others comes first."""

LAST = (_layer_checks.check_one_saturating,)
"""What is tried if none of these is clear."""

TOGETHER = (
    _layer_checks.check_weights,
    _layer_checks.check_dropout,
    _data_checks.check_inputs,
    _data_checks.check_targets,
    _head_checks.check_head,
    _layer_checks.check_linear,
    _layer_checks.check_saturating,
    _layer_checks.check_depth,
)
"""What is tried all at once if nothing helps alone."""

GAIN, LARGE_GAIN, ERRORS_LEFT = 0.1, 0.25, 0.5
NEARLY = 0.1  # Of two changes that gain as much, the one that stands first in the table is the cause.
MOST_FOUND, ENOUGH = 4, 0.9


@dataclass(frozen=True)
class Proof:
    """A suspicion and its training: the program with this change alone, or beside those found before."""

    suspicion: Suspicion
    before: Outcome
    after: Outcome | None
    is_together: bool = False
    """Whether it was trained with other changes that do not help alone."""

    @property
    def is_clear(self) -> bool:
        """Whether the training with the change is clearly better."""
        if self.after is None:
            return False
        before, after = max(self.before.skill, 0), self.after.skill
        return after - before >= LARGE_GAIN or (after - before >= GAIN and 1 - after <= ERRORS_LEFT * (1 - before))


def diagnose(program: Program, trainings: Trainings) -> tuple[list[Proof], list[Proof], Program]:
    """Return what is wrong, the cause first, what was tried in vain, and the program with its own outcome."""
    base = trainings.better_of_two(program)
    program = current = replace(program, base=base)
    found, tried = [], []
    for suspicion in (each for check in CONTRADICTIONS for each in check(program)):
        proof = Proof(suspicion, base, suspicion.repaired and trainings.run(suspicion.repaired, suspicion.fault))
        if suspicion.is_certain or proof.is_clear:
            found.append(proof)
            same = (each.repaired for check in CONTRADICTIONS for each in check(current) if each.key == suspicion.key)
            current = next(filter(None, same), current)  # All changes together.
    outcome = base if current is program else trainings.better_of_two(current)
    while len(found) < MOST_FOUND and outcome.skill < (ENOUGH if found else GOOD) and trainings.seconds_left > 0:
        current = replace(current, base=outcome)
        proofs = _best(current, trainings, tried) or _together(current, trainings)
        if not proofs:
            break
        current, outcome = proofs[-1].suspicion.repaired, proofs[-1].after
        found += proofs
    return found, tried, program


def _best(program: Program, trainings: Trainings, tried: list) -> list[Proof]:
    """Return the change that makes the training clearly better, if there is one."""
    clear = []
    for check in (*PROVED, *LAST):
        for suspicion in check(program) if not clear or check in PROVED else ():
            if suspicion.repaired is None or trainings.seconds_left <= 0:
                continue
            proof = Proof(suspicion, program.base, trainings.run(suspicion.repaired, suspicion.fault))
            (clear if proof.is_clear else tried).append(proof)
            if proof.is_clear and proof.after.skill >= 1 - NEARLY:
                break  # None that follows can be better by as much.
        if clear and clear[-1].after.skill >= 1 - NEARLY:
            break
    most = max((proof.after.skill for proof in clear), default=0)
    return [proof for proof in clear if proof.after.skill >= most - NEARLY][:1]


def _together(program: Program, trainings: Trainings) -> list[Proof]:
    """Return several changes that help together, if none of them helps alone; of a program that does not learn."""
    changed, suspicions = program, []
    for check in TOGETHER if program.base.skill < LARGE_GAIN else ():
        for suspicion in [each for each in check(changed) if each.repaired][:1]:
            changed = suspicion.repaired
            suspicions.append(suspicion)
    if len(suspicions) < 2 or trainings.seconds_left <= 0:
        return []
    after = trainings.run(changed, suspicions[0].fault)
    proofs = [Proof(replace(each, repaired=changed), program.base, after, True) for each in suspicions]
    return proofs if proofs[0].is_clear else []
