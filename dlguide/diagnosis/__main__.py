"""Run somebody's script, and say why the networks that it trains do not learn.

python -m dlguide.diagnosis train.py [its arguments]
"""

import contextlib
import functools
import os
import runpy
import sys
import traceback

import keras

from dlguide import training
from dlguide import _keras
from dlguide.diagnosis import check
from dlguide.diagnosis._trainings import copied

MOST = 3  # Trainings that are looked at.


def main() -> int:
    """Run the script, then print what was found of each training; return the status."""
    if len(sys.argv) < 2 or sys.argv[1] in ("-h", "--help"):
        print(__doc__, file=sys.stderr)
        return 0 if len(sys.argv) > 1 else 2
    path = sys.argv[1]
    if not os.path.isfile(path):
        print(f"`script` must be a Python file. Received: script={path!r}", file=sys.stderr)
        return 2
    language = "zh" if os.environ.get("DLGUIDE_LANGUAGE") == "zh" else "en"
    sys.argv = sys.argv[1:]
    sys.path[0] = os.path.dirname(os.path.abspath(path))
    calls, status = [], 0
    with _watched(calls):
        try:
            runpy.run_path(path, run_name="__main__")
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else int(end.code is not None)
        except BaseException:
            traceback.print_exc()
            status = 1
    print(file=sys.stderr)
    if status:
        print(f"{path} failed with status {status}.")
    if not calls:
        print(f"{path} called `model.fit` of no Keras model.")
    for number, (model, arguments) in enumerate(calls[:MOST], 1):
        print(f"\n{path}, training {number} of {len(calls)}: {model.name}")
        print(check(model, language=language, verbose=1, **arguments))
    return status


@contextlib.contextmanager
def _watched(calls: list):
    """Inside, note each call of `fit` that the script makes, with the model as it was before."""
    is_within = []

    def noting(fit):
        @functools.wraps(fit)
        def call(model, *args, **options):
            if not is_within and model.compiled:
                arguments = dict(zip(("x", "y"), args, strict=False), **options)
                calls.append((_as_now(model), {name: arguments[name] for name in OPTIONS if name in arguments}))
            is_within.append(model)
            try:
                return fit(model, *args, **options)
            finally:
                is_within.pop()

        return call

    owners = ((keras.Model, keras.Model.fit), (training, training.fit))
    for owner, fit in owners:
        owner.fit = noting(fit)
    try:
        yield
    finally:
        for owner, fit in owners:
            owner.fit = fit


def _as_now(model):
    """Return a copy of a model, compiled alike."""
    copy = copied(model)
    optimizer = keras.optimizers.deserialize(keras.optimizers.serialize(model.optimizer))
    copy.compile(optimizer=optimizer, loss=model.loss, metrics=_keras.compiled_metrics(model))
    return copy


if __name__ == "__main__":
    sys.exit(main())
