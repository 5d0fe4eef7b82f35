"""Run a script, and say why the networks that it trains do not learn."""

import argparse
import contextlib
import inspect
import os
import runpy
import sys
import traceback

import keras

from dlguide import _private_apis, training
from dlguide.diagnosis import check
from dlguide.diagnosis._layers import copied
from dlguide.diagnosis._program import OPTIONS
from dlguide.diagnosis._report import LANGUAGES, sentence
from dlguide.diagnosis._trainings import kept_seeds

MOST = 3  # Models that are looked at.


def main() -> int:
    """Run the script, then print what was found of each training; return the script's status."""
    parser = argparse.ArgumentParser("python -m dlguide.diagnosis", description=__doc__)
    parser.add_argument("--language", choices=LANGUAGES, default="en", help="of the report")
    parser.add_argument("script", help="a Python file; it is run as it is, and nothing of it is changed")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help="those of the script")
    options = parser.parse_args()
    path = options.script
    if not os.path.isfile(path):
        parser.error(f"`script` must be a Python file. Received: script={path!r}")

    def say(key: str, **facts) -> None:
        print("\n" + sentence(f"command_{key}", options.language, {"path": path, **facts}), flush=True)

    sys.argv, sys.path[0] = [path, *options.arguments], os.path.dirname(os.path.abspath(path))
    status, calls = run(path)
    if status:
        say("failed", status=status)
    if not calls:
        say("none")
    for number, (model, copy, arguments) in enumerate(calls[:MOST], 1):
        say("model", number=number, count=min(len(calls), MOST), name=model.name)
        try:
            print(check(copy or model, language=options.language, **arguments))
        except Exception as error:  # One that cannot be looked at must not hide the others.
            print(f"{type(error).__name__}: {error}")
    if len(calls) > MOST:
        say("more", most=MOST)
    return status


def run(path: str) -> tuple[int, list]:
    """Run a script; return its status, and the first models that it trains, one more than are looked at.

    Each is noted as it was before its training, with the arguments of `fit`; later calls add epochs.
    """
    calls, is_within = [], []

    def noting(fit):
        def call(model, *args, **options):
            if not is_within and isinstance(model, keras.Model) and model.compiled:
                bound = inspect.signature(fit).bind(model, *args, **options)
                bound.apply_defaults()
                given = {**bound.arguments, **bound.kwargs}  # The second has those of a `**options`.
                kept = {name: given[name] for name in ("x", "y", *OPTIONS) if name in given}
                if same := [each for each in calls if each[0] is model]:
                    same[-1][2]["epochs"] += kept.get("epochs", 1)
                elif len(calls) <= MOST:
                    calls.append([model, None, {"epochs": 1, **kept}])
                    with kept_seeds(), contextlib.suppress(Exception):  # The script must not see it.
                        calls[-1][1] = copied(model, metrics=_private_apis.compiled_metrics(model))
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
        runpy.run_path(path, run_name="__main__")
    except SystemExit as end:
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
        return end.code if isinstance(end.code, int) else int(end.code is not None), calls
    except BaseException:
        traceback.print_exc()
        return 1, calls
    finally:
        for owner, fit in owners:
            owner.fit = fit
    return 0, calls


if __name__ == "__main__":
    sys.exit(main())
