"""The scores of each test example, such as hits: their mean is a score, and claims compare them example by example."""

import base64
import functools
import zlib

import numpy as np

from questions._experiment import Experiment


def split(experiment: Experiment, scores: dict) -> dict:
    """Return the scores with means in place of arrays; "examples" has the arrays that a claim compares, packed."""
    compared = set()
    for claim in experiment.claims:
        compared |= {key(claim.panel, row, claim.at) for row in (claim.row, claim.reference)}
    found, examples = dict(scores), {}

    def mean(name: str, value):
        if not isinstance(value, np.ndarray):
            return value
        if name in compared:
            examples[name] = packed(value)
        return float(value.mean())

    for panel_name, panel in experiment.panels.items():
        found[panel_name] = {
            row: {at: mean(key(panel_name, row, at), number) for at, number in value.items()}
            if panel.x_axis
            else mean(key(panel_name, row), value)
            for row, value in scores.get(panel_name, {}).items()
        }
    return {**found, **({"examples": examples} if examples else {})}


def key(panel: str, row: str | float, at: str | None = None) -> str:
    """Return the name of a row's scores, as a marker of a page has it."""
    return f"{panel}: {row}" + (f" @ {at}" if at else "")


def packed(values: np.ndarray) -> str:
    """Return one score for each example as text: hits as bits, other scores as 32-bit numbers."""
    is_hit = values.dtype == bool
    content = np.packbits(values) if is_hit else values.astype("<f4")
    text = base64.b64encode(zlib.compress(content.tobytes(), 9)).decode()
    return f"{'bits' if is_hit else 'floats'} {len(values)} {text}"


@functools.lru_cache(maxsize=1000)
def unpacked(text: str) -> np.ndarray:
    """Return what `packed` was given, as numbers."""
    kind, count, content = text.split(" ")
    content = zlib.decompress(base64.b64decode(content))
    if kind == "floats":
        return np.frombuffer(content, "<f4").astype(float)
    return np.unpackbits(np.frombuffer(content, "uint8"), count=int(count)).astype(float)
