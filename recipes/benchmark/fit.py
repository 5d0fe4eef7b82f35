"""The speed of `training.fit`, plain `model.fit` and a PyTorch loop, in interleaved rounds on three backends."""

import contextlib

from recipes._lib.runs import arguments, results
from recipes.benchmark import models, processes, tables, timing

ROUNDS = 5


def main(rows: tuple[str, ...] = (), rounds: int = ROUNDS) -> None:
    """Time each model once in every way in each round; write the JSON after at least five rounds of all models."""
    rows = rows or tuple(models.ROWS)
    if set(rows) - set(models.ROWS):
        raise arguments.error("rows", f"of {', '.join(models.ROWS)}", rows)
    if rounds < 1:
        raise arguments.error("rounds", "at least 1", rounds)
    with contextlib.ExitStack() as stack:
        workers = {name: stack.enter_context(processes.start(name)) for name in results.BACKENDS}
        flops = {row: workers["torch"](timing.flops, models.ROWS[row]) for row in rows}
        content = {"rounds": rounds, "sgemm_gflops": {library: [] for library in timing.LIBRARIES}}
        content["rows"] = {row: {"seconds": {}, "flops_per_step": flops[row]} for row in rows}
        for number in range(rounds):
            for library, backend in timing.LIBRARIES.items():
                content["sgemm_gflops"][library].append(workers[backend](timing.sgemm_gflops, library))
            for row in rows:
                seconds = content["rows"][row]["seconds"]
                for way, backend, options in ways(row)[:: -1 if number % 2 else 1]:
                    for metric, value in workers[backend](timing.timed, models.ROWS[row], *options).items():
                        seconds.setdefault(way, {}).setdefault(metric, []).append(value)
                epochs = "  ".join(f"{way} {times['epoch_seconds'][-1]:.3g}" for way, times in seconds.items())
                print(f"round {number + 1}/{rounds}  {row}  {epochs}  (seconds per epoch)", flush=True)
    if set(rows) == set(models.ROWS) and rounds >= ROUNDS:
        tables.save("fit", content)
    print("\n\n".join(tables.speed_tables(content, tables.words("en"))))


def ways(row: str) -> list[tuple[str, str, tuple]]:
    """Return the ways to time a model: the name in the JSON, the backend, and the arguments of `timed`."""
    pair = ("plain", "fit")
    tensorflow = [(f"tensorflow {how}", "tensorflow", (how, epochs)) for epochs in (timing.EPOCHS, 1) for how in pair]
    if models.ROWS[row].jit_compile:  # An option of TensorFlow.
        return tensorflow
    others = [(f"{backend} {how}", backend, (how,)) for backend in results.BACKENDS[1:] for how in pair]
    loops = [(f"PyTorch loop, {threads} threads", "torch", (f"loop{threads}",)) for threads in (1, 2)]
    return tensorflow + others + loops
