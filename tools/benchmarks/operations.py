"""Where the time of a training step goes: TensorFlow's operations during `training.fit`, by kind, from its profiler."""

import collections
import tempfile
from pathlib import Path

from dlguide import training
from tools.benchmarks import models, processes, tables

KINDS = {
    "products": ("MatMul",),
    "convolutions": ("Conv2D",),
    "pooling": ("Pool",),
    "adam": ("ResourceApplyAdam",),
    "random": ("StatelessRandom",),
    "moves": ("Slice", "Split", "Concat", "Transpose", "Pack", "Gather"),
    "begin": ("PrefetchDataset",),
}
"""A part of the names of operations, by kind; all others are "rest"."""
ROWS = tuple(name for name, row in models.ROWS.items() if not row.jit_compile)
"""A compiled step has no operations of its own in the profile."""
EPOCHS = 3
INSIDE = ("ParallelMapDataset", "FlatMapDataset")
"""They are timed within PrefetchDataset."""


def main(*, names: tuple[str, ...] = ROWS) -> None:
    """Profile each model in a process of its own, and write the result."""
    content = {}
    for name in names:
        with processes.start() as call:
            content[name] = call(milliseconds, name)
        print(name, content[name], flush=True)
    tables.save("operations", {"rows": content})


def milliseconds(name: str) -> dict[str, float]:
    """Return the milliseconds of each kind of operation in a step, after a first epoch."""
    import tensorflow as tf

    row = models.ROWS[name]
    (x, y), model = models.arrays(row), models.keras_model(row)
    training.fit(model, x, y, epochs=1, batch_size=row.batch_size, verbose=0)
    with tempfile.TemporaryDirectory() as folder:
        with tf.profiler.experimental.Profile(folder):
            training.fit(model, x, y, epochs=EPOCHS, batch_size=row.batch_size, verbose=0)
        [file] = Path(folder).rglob("*.xplane.pb")
        picoseconds = _operations(file.read_bytes())
    found = dict.fromkeys([*KINDS, "rest"], 0.0)
    for operation, time in picoseconds.items():
        kind = next((kind for kind, parts in KINDS.items() if any(part in operation for part in parts)), "rest")
        found[kind] += time / 1e9 / (EPOCHS * -(-row.examples // row.batch_size))
    return found


def _operations(profile: bytes) -> collections.Counter:
    """Return the picoseconds of each kind of operation in the profile of a CPU."""
    from tensorflow.python.framework import op_def_registry
    from tensorflow.tsl.profiler.protobuf import xplane_pb2

    times: collections.Counter = collections.Counter()
    for plane in xplane_pb2.XSpace.FromString(profile).planes:
        for event in (event for line in plane.lines for event in line.events):
            _, colon, operation = plane.event_metadata[event.metadata_id].name.rpartition(":")
            if colon and op_def_registry.get(operation) and not operation.startswith(INSIDE):
                times[operation] += event.duration_ps
    return times
