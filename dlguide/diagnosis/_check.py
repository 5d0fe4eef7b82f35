"""`check`: the diagnosis of a call of `model.fit`."""

import sys

from dlguide import _checks as arguments
from dlguide.diagnosis import _checks, _data_checks
from dlguide.diagnosis._call import program_of
from dlguide.diagnosis._diagnose import Proof, diagnose
from dlguide.diagnosis._finding import Finding
from dlguide.diagnosis._program import Program
from dlguide.diagnosis._report import LANGUAGES, PAGE, Report, sentence
from dlguide.diagnosis._trainings import SECONDS, Trainings


def check(model, x, y=None, *, language: str = "en", verbose="auto", **options) -> Report:
    """Say why a model does not learn: look at the model and the data, and train copies for less than a minute.

    The model keeps its weights, its optimizer and its metrics. What is reported is a contradiction in the program,
    or a change with which a short training came out clearly better.

    Args:
        model: A compiled `keras.Model`.
        x: What `model.fit` takes: arrays, or a data set, of which the first 12,000 examples are used.
        y: The targets.
        language: `"en"` or `"zh"`, of the report.
        verbose: 0 silent, 1 says on the standard error what is being trained, "auto" 1 on a terminal.
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
        >>> model.compile("adam", "binary_crossentropy")
        >>> x = np.random.default_rng(0).normal(size=(400, 2))
        >>> check(model, x, x[:, 0] > 0).findings[0].fault
        'output_activation'
    """
    arguments.choice("language", language, LANGUAGES)
    program = program_of(model, x, y, **options)
    is_shown = sys.stderr.isatty() if verbose == "auto" else bool(verbose)
    trainings = Trainings(_bar if is_shown else lambda text, share: None)
    proofs, base = diagnose(program, trainings)
    if is_shown:
        print(file=sys.stderr)
    found = [_finding(proof, program, language) for proof in proofs]
    losses = {"as it is": base.losses} | {
        each.fault: proof.after.losses for each, proof in zip(found, proofs, strict=True) if proof.after
    }
    return Report(found, base.skill, _data_checks.linear_skill(program), base.error, _checks.COUNT, losses, language)


def _bar(text: str, share: float) -> None:
    done = round(20 * min(share, 1))
    print(f"\r[{'=' * done}{' ' * (20 - done)}] {text:40}", end="", file=sys.stderr, flush=True)


def _finding(proof: Proof, program: Program, language: str) -> Finding:
    each = proof.suspicion
    text, evidence, change = (sentence(each.key + end, each.facts, language) for end in ("", ".evidence", ".change"))
    confidence = "certain" if each.is_certain else "shown" if proof.is_clear else "likely"
    before, after = (None, None) if proof.after is None else (proof.before.skill, proof.after.skill)
    return Finding(each.fault, text, evidence, change, confidence, f"{PAGE}#{each.fault}", before, after)


__all__ = ["SECONDS", "check"]
