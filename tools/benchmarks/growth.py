"""How a training step of `training.fit` grows with batch size, width and length, beside the least time it can take."""

import itertools

from matplotlib import ticker

from recipes._lib import drawing
from tools.benchmarks import processes, speed, tables
from tools.benchmarks.models import WIDE, Row

LENGTHS, WIDTHS = (16, 32, 64, 128, 256), (64, 128, 256, 512, 1024, 2048)
CURVES = {
    "batch": {size: Row("mlp", size, size, WIDE) for size in (16, 32, 64, 128, 256, 512, 1024)},
    "width": {width: Row("mlp", 128, 128, {"hidden_units": (width, width)}) for width in WIDTHS},
    "transformer": {length: Row("transformer", 128, 128, {"length": length}) for length in LENGTHS},
    "lstm": {length: Row("lstm", 128, 128, {"length": length}) for length in LENGTHS},
}
"""The models of each curve by what varies: the batch size, the width or the length."""
EPOCH_FLOPS = 5e10
"""About so many operations has an epoch: 10 to 500 steps."""


def main(*, sizes: int | None = None) -> None:
    """Measure each model.

    Args:
        sizes: Only so many sizes of each curve, in epochs of ten steps, and nothing is written.
    """
    content = {"sgemm_gflops": {}, "curves": {name: [] for name in CURVES}}
    with processes.start("tensorflow") as tensorflow, processes.start("torch") as torch:
        workers = {"tensorflow": tensorflow, "torch": torch}
        for library, backend in speed.LIBRARIES.items():
            content["sgemm_gflops"][library] = [workers[backend](speed.sgemm_gflops, library)]
        for name, rows in CURVES.items():
            for size, row in itertools.islice(rows.items(), sizes):
                flops = torch(speed.flops, row)
                steps = 10 if sizes else int(min(max(EPOCH_FLOPS / flops, 10), 500))
                row = row._replace(examples=steps * row.batch_size)
                seconds = tensorflow(speed.timed, row, "fit")["epoch_seconds"]
                content["curves"][name].append({"size": size, "flops_per_step": flops, "step_seconds": seconds / steps})
                print(name, content["curves"][name][-1], flush=True)
    if sizes is None:
        tables.save("growth", content)
        tables.save_figures("growth", draw)


def draw(content: dict, words: dict[str, str]):
    """Return a figure with a panel for each curve, both axes logarithmic."""
    peak = tables.fastest_product(content)["peak"]
    with drawing.new_figure(9, 6.4) as figure:
        for axes, (name, points) in zip(figure.subplots(2, 2).flat, content["curves"].items(), strict=True):
            sizes = [point["size"] for point in points]
            axes.loglog(sizes, [1e3 * point["step_seconds"] for point in points], "o-", label=words["measured"])
            limits = [point["flops_per_step"] / peak / 1e6 for point in points]
            axes.loglog(sizes, limits, "--", color="gray", label=words["limit"])
            axes.set_xticks(sizes, [str(size) for size in sizes])
            axes.minorticks_off()
            axes.yaxis.set_major_locator(ticker.LogLocator(subs=(1, 2, 5)))
            axes.yaxis.set_major_formatter("{x:g}")
            axes.set_title(words[f"{name}_title"], fontsize=10)
            axes.set(xlabel=words[f"{name}_axis"], ylabel=words["step"])
            axes.grid(alpha=0.3)
            axes.legend(fontsize=8)
    return figure


if __name__ == "__main__":
    tables.save_figures("growth", draw)
