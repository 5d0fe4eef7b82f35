"""The diagnosis: train the program as it is, then with each change that a check proposes."""

import dataclasses

from dlguide.diagnosis import _checks
from dlguide.diagnosis._finding import Suspicion
from dlguide.diagnosis._program import Program
from dlguide.diagnosis._trainings import LONGEST, Outcome, Trainings

GAIN, ERRORS_LEFT = 0.1, 0.75
NEARLY = 0.1  # Of two changes that gain as much, the one that stands first in the table is the cause.
MOST_FOUND = 4


@dataclasses.dataclass(frozen=True)
class Proof:
    """A suspicion and its training: the program with this change alone."""

    suspicion: Suspicion
    before: Outcome
    after: Outcome | None

    @property
    def is_clear(self) -> bool:
        return self.after is not None and is_better(self.before, self.after)


def is_better(before: Outcome, after: Outcome) -> bool:
    """Return whether a training is clearly better than another."""
    room = 1 - max(before.skill, -0.0)
    return after.skill - before.skill >= GAIN and 1 - after.skill <= ERRORS_LEFT * room


def diagnose(program: Program, trainings: Trainings) -> tuple[list[Proof], Outcome]:
    """Return what is wrong, the cause first, and the outcome of the program as it is."""
    base = trainings.run(program, LONGEST, "as it is")
    seen = [each for check in _checks.CONTRADICTIONS for each in check(program)]
    found = [
        Proof(each, base, trainings.run(each.repaired, name=each.fault) if each.repaired else None) for each in seen
    ]
    current, outcome = program, base
    for proof in [each for each in found if each.suspicion.is_certain and each.after]:
        changed = _again(proof.suspicion, current)
        if changed is not None:
            current = changed
    if current is not program:
        outcome = trainings.run(current, LONGEST, "with these changes")
    found = [each for each in found if each.suspicion.is_certain or each.is_clear]
    while len(found) < MOST_FOUND and outcome.skill < 0.95 and trainings.seconds_left > 0:
        proof = _best(current, outcome, trainings)
        if proof is None:
            break
        current, outcome = proof.suspicion.repaired, proof.after
        found.append(proof)
    return found, base


def _best(program: Program, outcome: Outcome, trainings: Trainings) -> Proof | None:
    """Return the change that makes the training clearly better; None if there is none."""
    clear = []
    for check in _checks.PROVED:
        for suspicion in check(program):
            if trainings.seconds_left <= 0:
                break
            proof = Proof(suspicion, outcome, trainings.run(suspicion.repaired, name=suspicion.fault))
            if proof.is_clear:
                clear.append(proof)
    if not clear:
        return None
    most = max(proof.after.skill for proof in clear)
    return next(proof for proof in clear if proof.after.skill >= most - NEARLY)


def _again(suspicion: Suspicion, program: Program) -> Program | None:
    """Return a program with the change of a suspicion that was made for another one."""
    for check in _checks.CONTRADICTIONS:
        for each in check(program):
            if each.fault == suspicion.fault:
                return each.repaired
    return None
