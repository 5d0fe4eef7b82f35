"""`check`: the diagnosis of a call of `model.fit`."""

import math
import sys
import warnings

import keras

from dlguide import _checks
from dlguide.diagnosis._diagnose import CONTRADICTIONS, PROVED, Proof, diagnose
from dlguide.diagnosis._notes import linear_skill, notes_of
from dlguide.diagnosis._program import Program, program_of
from dlguide.diagnosis._report import LANGUAGES, Finding, Report, sentence
from dlguide.diagnosis._trainings import Trainings, kept_seeds


def check(model, x, y=None, *, language: str = "en", verbose="auto", **options) -> Report:
    """Say why a model does not learn: look at the model and the data, and train copies for about a minute.

    The model keeps its weights, its optimizer and its metrics. What is reported is a contradiction in the program,
    or a change with which a short training came out clearly better.

    Args:
        model: A compiled `keras.Model`.
        x: What `model.fit` takes: arrays, or a data set, of which the first 12,000 examples are used.
        y: The targets.
        language: `"en"` or `"zh"`, of the report.
        verbose: 0 silent, 1 shows a progress bar on the standard error, "auto" 1 on a terminal.
        **options: Options of `model.fit`: `epochs`, `batch_size`, `validation_data`, `validation_split`, `shuffle`,
            `class_weight`, `sample_weight`; others have no effect.

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
    is_shown = sys.stderr.isatty() if verbose == "auto" else bool(verbose)
    with kept_seeds(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        keras.utils.set_random_seed(0)
        program = program_of(model, x, y, **options)
        proofs, tried, program = diagnose(program, Trainings(_bar if is_shown else lambda text, share: None))
        notes = [sentence(key, language, facts) for key, facts in notes_of(program)]
    if is_shown:
        print("\r" + 65 * " " + "\r", end="", file=sys.stderr, flush=True)
    base, findings = program.base, [_finding(proof, language, program) for proof in proofs]
    checks = len({*CONTRADICTIONS, *PROVED})
    best = {each.suspicion.fault: each.after.skill for each in sorted(tried, key=lambda each: each.after.skill)}
    reached = None if math.isnan(base.skill) else base.skill
    return Report(findings, notes, reached, linear_skill(program), base.error, checks, base.losses, best, language)


def _finding(proof: Proof, language: str, program: Program) -> Finding:
    each, after = proof.suspicion, proof.after
    texts = [sentence(each.key, column, each.facts) for column in (language, f"evidence_{language}", "change")]
    is_measured = after is not None and not math.isnan(after.skill)
    before, skill, losses = (proof.before.skill, after.skill, after.losses) if is_measured else (None, None, [])
    confidence = "certain" if each.is_certain else "together" if proof.is_together else "shown"
    return Finding(each.fault, *texts, confidence, before, skill, proof.is_clear, proof.before is program.base, losses)


def _bar(text: str, share: float) -> None:
    done = round(20 * min(share, 1))
    print(f"\r[{'=' * done}{' ' * (20 - done)}] {text:40}", end="", file=sys.stderr, flush=True)
