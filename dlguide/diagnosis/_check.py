"""`check`: a program is trained as it is, then with each change that a check proposes."""

import functools
import math
import warnings
from dataclasses import replace

import keras
import numpy as np

from dlguide import _checks
from dlguide.diagnosis import _data_checks, _head_checks, _layer_checks
from dlguide.diagnosis._program import Program, program_of
from dlguide.diagnosis._report import GAIN, LANGUAGES, Finding, Report, Suspicion, sentence
from dlguide.diagnosis._task import Task, is_numbers, skill
from dlguide.diagnosis._trainings import GOOD, Trainings, kept_seeds

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
    functools.partial(_layer_checks.check_saturating, fewest=1, most=1),  # It learns slowly; short steps explain that.
)
"""What is reported only if a short training with the change is clearly better; what explains others comes first. The
last one is tried if none before it is clear."""

NEARLY = 0.1  # Of two changes that gain as much, the one that stands first in the table is the cause.
MOST_FOUND, ENOUGH, RARE = 4, 0.9, 0.2


def check(model, x, y=None, *, language: str = "en", **options) -> Report:
    """Say why a model does not learn: look at the model and the data, and train copies for about a minute.

    The model keeps its weights, its optimizer and its metrics. What is reported is a contradiction in the program,
    or a change with which a short training came out clearly better.

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
        found, tried, base = diagnose(program, Trainings())
        linear = linear_skill(program)
        notes = [sentence(key, language, facts) for key, facts in notes_of(replace(program, base=base), linear)]
    findings = [Finding.of(each, language, each.before is base) for each in found]
    tried.sort(key=lambda each: each.after.skill)
    best = {sentence(each.key, "fault", {}): each.after.skill for each in tried}
    reached = None if math.isnan(base.skill) else base.skill
    return Report(findings, notes, reached, linear, base.error, list(base.losses), best, language)


def diagnose(program: Program, trainings: Trainings) -> tuple:
    """Return what is wrong, the cause first, what was tried in vain, and the outcome of the program as it is."""
    base = outcome = trainings.better_of_two(program)
    program = current = replace(program, base=base)
    found, tried = [], []
    for suspicion in (each for check in CONTRADICTIONS for each in check(program)):
        after = suspicion.repaired and trainings.run(suspicion.repaired)
        proved = replace(suspicion, before=base, after=after)
        if suspicion.is_certain or proved.is_clear:
            found.append(proved)
            same = (each.repaired for check in CONTRADICTIONS for each in check(current) if each.key == suspicion.key)
            current = next(filter(None, same), current)  # All changes together.
    if current is not program:
        outcome = trainings.better_of_two(current)
    while len(found) < MOST_FOUND and outcome.skill < (ENOUGH if found else GOOD) and trainings.seconds_left > 0:
        current = replace(current, base=outcome)
        best = _best(current, trainings, tried)
        if best is None:
            break
        current, outcome = best.repaired, best.after
        if found and found[-1].key == best.key:  # Once more the same change: one of both sizes.
            before = found.pop()
            best = replace(best, facts={**before.facts, "other": best.facts.get("other")}, before=before.before)
        found.append(best)
    return found, tried, base


def _best(program: Program, trainings: Trainings, tried: list) -> Suspicion | None:
    """Return the change that makes the training clearly better, if there is one."""
    clear = []
    checks = (check for check in PROVED if not (clear and check is PROVED[-1]))
    for suspicion in (each for check in checks for each in check(program) if each.repaired):
        if trainings.seconds_left <= 0 or (clear and clear[-1].after.skill >= 1 - NEARLY):
            break  # None that follows can be better by as much.
        proved = replace(suspicion, before=program.base, after=trainings.run(suspicion.repaired))
        (clear if proved.is_clear else tried).append(proved)
    most = max((each.after.skill for each in clear), default=0)
    return next((each for each in clear if each.after.skill >= most - NEARLY), None)


def notes_of(program: Program, linear: float | None = None):
    """Yield the key of `texts.csv` and the facts of each note; `linear` is the skill of a linear model."""
    base = program.base
    if linear is not None and linear > max(base.skill, 0.1) + 0.05:
        yield "note_linear", {"linear": linear, "skill": base.skill}
    if program.task.kind == "classes" and is_numbers(program.given["y"]):
        values, counts = np.unique(program.task.class_of(program.given["y"]), return_counts=True)
        if counts.min() < RARE * counts.mean():
            share, majority = (count / counts.sum() for count in (counts.min(), counts.max()))
            yield "note_rare", {"value": values[counts.argmin()], "share": share, "majority": majority}
    x = program.x
    if is_numbers(x) and x.ndim == 2 and (constant := int((x.std(0) == 0).sum())):
        yield "note_constant", {"count": constant, "columns": x.shape[1]}
    if program.task.kind == "numbers" and program.given["has_accuracy"]:
        yield "note_accuracy", {}
    train, valid = np.array(base.losses), np.array(base.valid_losses)
    if base.error or not len(valid) or not np.isfinite([*train, *valid]).all():
        return
    best = int(valid.argmin())
    if valid[-1] > 1.1 * valid[best] and train[-1] < train[0] and best < len(valid) - 1:
        epoch = max(1, round((best + 1) / len(valid) * program.epochs))
        yield "note_overfitting", {"epoch": epoch, "best": valid[best], "last": valid[-1]}
    elif valid[-1] < 0.9 * train[-1]:
        has_dropout = _layer_checks.settings(program, _layer_checks.RATES)
        yield "note_below_dropout" if has_dropout else "note_below", {"train": train[-1], "valid": valid[-1]}
    if base.skill < GAIN and len(train) > 1 and train[-1] > 0.95 * train[0]:
        yield "note_flat", {"first": train[0], "last": train[-1]}


def linear_skill(program: Program) -> float | None:
    """Return the skill of the least-squares line through the inputs: what a network should beat."""
    task, y = program.task, program.y
    if not is_numbers(program.x) or not is_numbers(y) or y.ndim > 2 or program.x[0].size > 3000:
        return None
    scaled = _data_checks.with_scaled_inputs(program)
    x, held = (np.c_[part.reshape(len(part), -1), np.ones(len(part))] for part in (scaled.x, scaled.held_out[0]))
    held_y = program.held_out[1]
    if task.kind == "classes":
        eye = np.eye(int(max(task.num_classes - 1, *(task.class_of(part).max() for part in (y, held_y)))) + 1)
        y, held_y = (eye[task.class_of(part)] for part in (y, held_y))
        task = Task("classes", "one_hot", np.arange(y.shape[1]))
    weights = np.linalg.solve(x.T @ x + 1e-3 * len(x) * np.eye(x.shape[1]), x.T @ y.reshape(len(y), -1))
    return skill(task, held @ weights, held_y, False)
