"""Draw the pictures of `questions/data.md`: what the examples of a data set look like, in both languages.

python -m tools.data_pictures
"""

import numpy as np

from dlguide import data
from questions import _figure
from questions._names import HERE, Names
from questions.lstm.experiment import adding
from recipes._lib.words import LANGUAGES


def main() -> None:
    """Draw all pictures."""
    for name, draw in PICTURES.items():
        for language, suffix in LANGUAGES.items():
            draw(Names(HERE, language)).savefig(HERE / f"data_{name}{suffix}.png")


@_figure.of_size(6.4, 3.4)
def mnist1d(figure, names: Names) -> None:
    """Three training examples of each class, one above the other."""
    x, y = data.load("mnist1d").train
    for digit, axes in enumerate(figure.subplots(2, 5, sharex=True, sharey=True).flat):
        axes.plot(x[y == digit][:3, :, 0].T - [0, 7, 14], color="tab:blue")
        axes.set_title(names("data", "class").format(digit), fontsize=9)
        axes.set_yticks([])
    figure.supxlabel(names("data", "place"), fontsize=9)


@_figure.of_size(6.4, 2.2)
def adding_problem(figure, names: Names) -> None:
    """An example of 25 time steps with its target."""
    x, y = adding(1, 25, np.random.default_rng(3))
    (values, marks), axes = x[0].T, figure.subplots()
    axes.bar(range(25), values, color=np.where(marks, "tab:orange", "lightgray"))
    for place in np.flatnonzero(marks):
        axes.text(place, values[place], f"{values[place]:.2f}", ha="center", va="bottom", fontsize=8)
    one, other = values[marks == 1]
    axes.set_title(names("data", "target").format(f"{one:.2f} + {other:.2f} = {y[0, 0]:.2f}"), fontsize=10)
    axes.set(xlabel=names("data", "step"), ylabel=names("data", "value"), ylim=(0, 1.1))


@_figure.of_size(6.4, 3.4)
def vowels(figure, names: Names) -> None:
    """Two utterances of each of three speakers, without the padding."""
    x, y = data.load("vowels").train
    shown = x[[place for speaker in range(3) for place in np.flatnonzero(y == speaker)[:2]]]
    all_axes = figure.subplots(2, 3, sharey=True, sharex=True)
    for utterance, (place, axes) in zip(shown, np.ndenumerate(all_axes.T), strict=True):
        frames = utterance[utterance.any(axis=1)]
        drawn = axes.imshow(
            frames.T, aspect="auto", cmap="RdBu", vmin=-2, vmax=2, extent=(0.5, len(frames) + 0.5, 12.5, 0.5)
        )
        axes.set_title(names("data", "speaker").format(place[0] + 1), fontsize=9)
    figure.supxlabel(names("data", "frame"), fontsize=9)
    figure.supylabel(names("data", "coefficient"), fontsize=9)
    figure.colorbar(drawn, ax=all_axes)


@_figure.of_size(6.4, 2.6)
def bicycles(figure, names: Names) -> None:
    """The hires of each hour of the training days, on working days and on others."""
    (x, y), info = data.load("bikeshare").train, data.load("bikeshare").info
    hour = x[:, [name.startswith("hr=") for name in info.feature_names]].argmax(axis=1)
    is_working = x[:, info.feature_names.index("workingday")] == 1
    for axes, key, days in zip(
        figure.subplots(1, 2, sharey=True), ("working", "free"), (is_working, ~is_working), strict=True
    ):
        axes.plot(hour[days], y[days], ".", color="gray", alpha=0.15, markersize=3)
        axes.plot([y[days & (hour == h)].mean() for h in range(24)], ".-", label=names("data", "mean"))
        axes.set_title(names("data", key), fontsize=10)
        axes.set_xlabel(names("data", "hour"))
        axes.legend(fontsize=8)
    figure.axes[0].set_ylabel(names("data", "hires"))


@_figure.of_size(6.4, 2.6)
def cars(figure, names: Names) -> None:
    """The fuel economy of the training cars over three of the seven variables."""
    (x, y), info = data.load("auto_mpg").train, data.load("auto_mpg").info
    for axes, key in zip(figure.subplots(1, 3, sharey=True), ("weight", "horsepower", "year"), strict=True):
        axes.plot(x[:, info.feature_names.index(key)], y, ".", markersize=4, alpha=0.6)
        axes.set_xlabel(names("data", key))
    figure.axes[0].set_ylabel(names("data", "mpg"))


PICTURES = {"mnist1d": mnist1d, "adding": adding_problem, "vowels": vowels, "bicycles": bicycles, "cars": cars}


if __name__ == "__main__":
    main()
