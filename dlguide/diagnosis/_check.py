"""`check`: a program is trained as it is, then with each change that a check proposes."""

import math
import sys
import warnings
from dataclasses import replace

import keras

from dlguide import _checks
from dlguide.diagnosis import _data_checks, _head_checks, _layer_checks
from dlguide.diagnosis._notes import linear_skill, notes_of
from dlguide.diagnosis._program import Program, program_of
from dlguide.diagnosis._report import LANGUAGES, Finding, Report, Suspicion, sentence
from dlguide.diagnosis._trainings import GOOD, LARGE_GAIN, Trainings, kept_seeds

CONTRADICTIONS = (
    _data_checks.check_finite,
    _head_checks.check_head,
    _data_checks.check_sign,
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
    _data_checks.check_high,
    _data_checks.check_targets,
    _layer_checks.check_linear,
    _layer_checks.check_saturating,
    _layer_checks.check_recurrent,
    _layer_checks.check_depth,
    _layer_checks.check_dead,
    _data_checks.check_steps,
    _data_checks.check_batch,
    _head_checks.check_head,  # Where another change has made the output wrong.
    _layer_checks.check_one_saturating,
)
"""What is reported only if a short training with the change is clearly better; what explains others comes first."""

LAST = _layer_checks.check_one_saturating
"""It is tried if none before it is clear."""

ALONE = (_data_checks.check_high, _layer_checks.check_dead, _data_checks.check_steps, _data_checks.check_batch, LAST)
"""The others are also tried all at once, if nothing helps alone."""

NEARLY = 0.1  # Of two changes that gain as much, the one that stands first in the table is the cause.
MOST_FOUND, ENOUGH = 4, 0.9


def check(model, x, y=None, *, language: str = "en", **options) -> Report:
    """Say why a model does not learn: look at the model and the data, and train copies for about a minute.

    The model keeps its weights, its optimizer and its metrics. What is reported is a contradiction in the program,
    or a change with which a short training came out clearly better. A terminal shows how far it is.

    Args:
        model: A compiled `keras.Model`.
        x: What `model.fit` takes: arrays, or a data set, of which the first 12,000 examples are used.
        y: The targets.
        language: `"en"` or `"zh"`, of the report.
        **options: Options of `model.fit`: `epochs`, `batch_size`, `validation_data`, `validation_split`, `shuffle`,
            `class_weight`, `sample_weight`; others have no effect. Without `epochs` the training has about 2,000
            steps, and their number is not judged.

    Returns:
        A `Report`.

    Raises:
        ValueError: If the model is not compiled, or an argument is out of range.
        TypeError: If an option is none of `model.fit`.

    Example:
        >>> import keras
        >>> import numpy as np
        >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, activation="softmax")])
        >>> model.compile(keras.optimizers.Adam(0.1), "binary_crossentropy")
        >>> x = np.random.default_rng(0).normal(size=(400, 2))
        >>> check(model, x, x[:, 0] > 0, epochs=20).findings[0].fault
        'output_activation'
    """
    _checks.choice("language", language, LANGUAGES)
    with kept_seeds(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        keras.utils.set_random_seed(0)
        program = program_of(model, x, y, **options)
        found, tried, base = diagnose(program, Trainings(_show))
        linear = linear_skill(program)
        notes = [sentence(key, language, facts) for key, facts in notes_of(replace(program, base=base), linear)]
    _show("")
    findings = [Finding.of(each, language, each.before is base) for each in found]
    best = {each.fault: each.after.skill for each in sorted(tried, key=lambda each: each.after.skill)}
    reached = None if math.isnan(base.skill) else base.skill
    number = len({*CONTRADICTIONS, *PROVED})
    return Report(findings, notes, reached, linear, base.error, number, base.losses, best, language)


def _show(line: str) -> None:
    """Show a line in place of the last one, on a terminal."""
    if sys.stderr.isatty():
        print(f"\r{line:65}\r", end="", file=sys.stderr, flush=True)


def diagnose(program: Program, trainings: Trainings) -> tuple:
    """Return what is wrong, the cause first, what was tried in vain, and the outcome of the program as it is."""
    base = outcome = trainings.better_of_two(program)
    program = current = replace(program, base=base)
    found, tried = [], []
    for suspicion in (each for check in CONTRADICTIONS for each in check(program)):
        proved = trainings.proved(suspicion, base)
        if suspicion.is_certain or proved.is_clear:
            found.append(proved)
            same = (each.repaired for check in CONTRADICTIONS for each in check(current) if each.key == suspicion.key)
            current = next(filter(None, same), current)  # All changes together.
    if current is not program:
        outcome = trainings.better_of_two(current)
    while len(found) < MOST_FOUND and outcome.skill < (ENOUGH if found else GOOD) and trainings.seconds_left > 0:
        current = replace(current, base=outcome)
        proved = _best(current, trainings, tried) or _together(current, trainings)
        if not proved:
            break
        current, outcome = proved[-1].repaired, proved[-1].after
        if found and found[-1].key == proved[0].key:  # Once more the same change: one of both sizes.
            before = found.pop()
            facts = before.facts | {name: proved[0].facts[name] for name in ("other",) if name in proved[0].facts}
            proved = [replace(proved[0], facts=facts, before=before.before)]
        found += proved
    return found, tried, base


def _best(program: Program, trainings: Trainings, tried: list) -> list[Suspicion]:
    """Return the change that makes the training clearly better, if there is one."""
    clear = []
    checks = (check for check in PROVED if not (clear and check is LAST))
    for suspicion in (each for check in checks for each in check(program) if each.repaired):
        if trainings.seconds_left <= 0 or (clear and clear[-1].after.skill >= 1 - NEARLY):
            break  # None that follows can be better by as much.
        proved = trainings.proved(suspicion, program.base)
        (clear if proved.is_clear else tried).append(proved)
    most = max((each.after.skill for each in clear), default=0)
    return [each for each in clear if each.after.skill >= most - NEARLY][:1]


def _together(program: Program, trainings: Trainings) -> list[Suspicion]:
    """Return several changes that help together, if none of them helps alone; of a program that does not learn."""
    changed, suspicions = program, []
    for check in PROVED if program.base.skill < LARGE_GAIN else ():
        for suspicion in [each for each in check(changed) if each.repaired and check not in ALONE][:1]:
            changed = suspicion.repaired
            suspicions.append(suspicion)
    if len(suspicions) < 2 or trainings.seconds_left <= 0:
        return []
    proved = trainings.proved(replace(suspicions[0], repaired=changed), program.base)
    facts = {"repaired": changed, "before": program.base, "after": proved.after, "is_together": True}
    return [replace(each, **facts) for each in suspicions] if proved.is_clear else []
