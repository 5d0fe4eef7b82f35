"""Pictures of an agent: its returns, its actions, frames of two episodes. gymnasium's own frames would need pygame."""

import numpy as np

from dlguide import plots
from recipes._lib import drawing
from recipes._lib.agents import environments


def figures(env: str, history, metrics: dict, episode: environments.Episode) -> dict:
    """Return the pictures of the curves, of the actions of a test episode, and of frames beside random actions."""

    def episodes():
        seeds = environments.episode_seeds(0, environments.TEST, count=1)
        [at_random] = environments.play(environments.random_policy(env, 0), environments.make(env, 1), seeds)
        return frames(env, {"random actions": at_random, "learned policy": episode})

    return {
        "learning_curves": lambda: learning_curves(history.history, metrics),
        "actions": lambda: actions(env, episode),
        "episodes": episodes,
    }


def learning_curves(history: dict[str, list[float]], metrics: dict):
    """Draw the loss, and the return of the policy in validation episodes beside the baselines' test returns."""
    returns = {"return": [np.nan] * len(history["val_return"]), "val_return": history["val_return"]}
    figure = plots.learning_curves({"loss": history["loss"], **returns})
    figure.axes[1].lines[0].remove()  # There is no return in training.
    for name, key, style in (("linear policy", "baseline_return", "--"), ("random actions", "random_return", ":")):
        figure.axes[1].axhline(metrics[key], color="gray", linestyle=style, label=f"{name}, {metrics[key]:.1f}")
    figure.axes[1].legend(fontsize=8)
    return figure


def actions(env: str, episode: environments.Episode):
    """Draw the action at each step of an episode, over two of the observed numbers."""
    x_name, y_name, names, *_ = VIEWS[env]
    with drawing.new_figure(5, 4) as figure:
        axes = figure.subplots()
        for action, name in enumerate(names):
            x, y = episode.observations[:-1][episode.actions == action, -2:].T
            axes.plot(x, y, ".", label=name)
        axes.set(xlabel=x_name, ylabel=y_name)
        axes.legend(fontsize=8)
    return figure


def frames(env: str, episodes: dict[str, environments.Episode], count: int = 9):
    """Draw frames of each episode, from its first to its last step."""
    *_, (left, right, bottom, top), draw = VIEWS[env]
    height = 1.3 * (top - bottom) / (right - left) + 0.3
    with drawing.new_figure(1.3 * count + 1, height * len(episodes)) as figure:
        rows = figure.subplots(len(episodes), count, squeeze=False)
        for row, (name, episode) in zip(rows, episodes.items(), strict=True):
            for axes, step in zip(row, np.linspace(0, len(episode.actions), count).astype(int), strict=True):
                draw(axes, episode.observations[step])
                axes.set(xlim=(left, right), ylim=(bottom, top), aspect="equal", xticks=[], yticks=[])
                axes.set_title(f"step {step}", fontsize=8)
            row[0].set_ylabel(name, fontsize=8, rotation=0, ha="right", va="center")
    return figure


def _draw_cart(axes, observation) -> None:
    x, _, angle, _ = observation
    axes.axhline(0, color="gray", linewidth=1)
    axes.plot([x - 0.25, x + 0.25], [0, 0], color="black", linewidth=6, solid_capstyle="butt")
    axes.plot([x, x + np.sin(angle)], [0, np.cos(angle)], color="tab:orange", linewidth=3)


def _draw_acrobot(axes, observation) -> None:
    cos_1, sin_1, cos_2, sin_2, _, _ = observation
    x, y = sin_1 + sin_1 * cos_2 + cos_1 * sin_2, -cos_1 - (cos_1 * cos_2 - sin_1 * sin_2)
    axes.axhline(1, color="tab:green", linewidth=1)  # The end has to rise above it.
    axes.plot([0, sin_1, x], [0, -cos_1, y], color="tab:orange", linewidth=3, marker="o", markersize=3)


# The last two observed numbers; the actions; left, right, bottom and top of a frame, and the function that draws it.
VIEWS = {
    "CartPole-v1": ("angle", "angular speed of the pole", ("left", "right"), (-2.4, 2.4, -0.4, 1.3), _draw_cart),
    "Acrobot-v1": ("speed of link 1", "speed of link 2", ("-1", "0", "+1"), (-2.2, 2.2, -2.2, 2.2), _draw_acrobot),
}
