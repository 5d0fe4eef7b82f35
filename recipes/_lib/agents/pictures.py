"""What an agent has learned, in pictures: returns over steps, the policy, two episodes; gymnasium would need pygame."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from dlguide.plots import new_figure
from recipes._lib.agents import environments, q_learning
from recipes._lib.agents.environments import Episode
from recipes._lib.pictures import run_pictures as pictures

FRAMES = 9


def save_figures(run_dir, title: str, env: str, network, history, metrics: dict, episode: Episode) -> None:
    """Save the returns over the steps, the policy, and frames of an episode beside one of random actions."""
    seeds = environments.episode_seeds(0, environments.TEST, count=1)
    [at_random] = environments.play(environments.random_policy(env, 0), environments.make(env, 1), seeds)
    pictures.save_figures(
        run_dir,
        title,
        learning_curves=learning_curves(history.history, metrics),
        policy=policy(env, network),
        episodes=strips(env, {"random actions": at_random, "learned policy": episode}),
    )


def learning_curves(history: dict[str, list[float]], metrics: dict):
    """Draw the return of the policy over the steps of all environments beside the baselines', and the loss."""
    returns = history["val_return"]
    steps = np.arange(1, len(returns) + 1) * q_learning.ROUNDS * q_learning.ENVIRONMENTS / 1000
    chosen = q_learning.best_epoch(returns)
    with new_figure(9, 3.7) as figure:
        left, right = figure.subplots(1, 2, width_ratios=(3, 2))
        left.plot(steps, returns, marker=".", label="deep Q-learning")
        left.plot(steps[chosen], returns[chosen], "o", color="crimson", markersize=8, label="chosen policy")
        for name, key, style in (("linear policy", "baseline_return", "--"), ("random actions", "random_return", ":")):
            left.axhline(metrics[key], color="gray", linestyle=style, label=f"{name}, {metrics[key]:.1f} in the test")
        left.set(
            xlabel="thousand steps of training", ylabel=f"mean return of {q_learning.SETTINGS['episodes']} episodes"
        )
        figure.legend(fontsize=8, loc="outside lower center", ncols=4)
        right.plot(steps, history["loss"], marker=".")
        right.set(xlabel="thousand steps of training", ylabel="loss")
        for axes in (left, right):
            axes.grid(alpha=0.3)
    return figure


def policy(env: str, network):
    """Draw which action the network prefers, and by how much, over an angle and its speed; all else is 0."""
    view = VIEWS[env]
    angles, speeds = (np.linspace(-end, end, 161) for end in (view.largest_angle, view.largest_speed))
    grid = [values.ravel() for values in np.meshgrid(angles, speeds)]
    values = network.predict(view.observations(*grid).astype("float32"), batch_size=4096, verbose=0)
    values = values.reshape(len(speeds), len(angles), -1)
    ordered = np.sort(values, axis=-1)
    with new_figure(10, 4) as figure:
        from matplotlib.colors import BoundaryNorm, ListedColormap

        left, right = figure.subplots(1, 2, sharex=True, sharey=True)
        count = len(view.actions)
        colours = ListedColormap(["tab:blue", "lightgray", "tab:orange"][:: 2 if count == 2 else 1])
        bounds = BoundaryNorm(np.arange(count + 1) - 0.5, count)
        shown = left.pcolormesh(np.degrees(angles), speeds, values.argmax(axis=-1), cmap=colours, norm=bounds)
        figure.colorbar(shown, ax=left, ticks=range(count)).ax.set_yticklabels(view.actions)
        left.set_title("action with the largest value (all else is 0)", fontsize=9)
        shown = right.pcolormesh(np.degrees(angles), speeds, ordered[..., -1] - ordered[..., -2], cmap="viridis")
        figure.colorbar(shown, ax=right)
        right.set_title("lead of its value over the next", fontsize=9)
        left.set(ylabel=view.speed_name)
        for axes in (left, right):
            axes.set(xlabel=view.angle_name)
    return figure


def strips(env: str, episodes: dict[str, Episode]):
    """Draw frames of each episode, from its first to its last step."""
    view = VIEWS[env]
    left, right, bottom, top = view.frame
    width = 1.3
    height = width * (top - bottom) / (right - left) + 0.3
    with new_figure(width * FRAMES + 1, height * len(episodes)) as figure:
        rows = figure.subplots(len(episodes), FRAMES, squeeze=False)
        for axes_of_row, (name, episode) in zip(rows, episodes.items(), strict=True):
            steps = np.linspace(0, len(episode.actions), FRAMES).astype(int)
            for axes, step in zip(axes_of_row, steps, strict=True):
                view.draw(axes, episode.observations[step])
                axes.set(xlim=(left, right), ylim=(bottom, top), aspect="equal", xticks=[], yticks=[])
                axes.set_title(f"step {step}", fontsize=8)
            axes_of_row[0].set_ylabel(name, fontsize=8, rotation=0, ha="right", va="center")
    return figure


def _draw_cart(axes, observation: Sequence[float]) -> None:
    x, _, angle, _ = observation
    axes.axhline(0, color="gray", linewidth=1)
    axes.plot([x - 0.25, x + 0.25], [0, 0], color="black", linewidth=6, solid_capstyle="butt")
    axes.plot([x, x + np.sin(angle)], [0, np.cos(angle)], color="tab:orange", linewidth=3)


def _draw_acrobot(axes, observation: Sequence[float]) -> None:
    cos_1, sin_1, cos_2, sin_2, _, _ = observation
    x, y = sin_1, -cos_1
    end = x + sin_1 * cos_2 + cos_1 * sin_2, y - (cos_1 * cos_2 - sin_1 * sin_2)
    axes.axhline(1, color="tab:green", linewidth=1)  # The end has to rise above it.
    axes.plot([0, x, end[0]], [0, y, end[1]], color="tab:orange", linewidth=3, marker="o", markersize=3)


class View(NamedTuple):
    """How an environment is drawn."""

    angle_name: str
    speed_name: str
    largest_angle: float
    """In radians."""
    largest_speed: float
    observations: Callable
    """From angles and speeds to observations in which all else is 0."""
    actions: tuple[str, ...]
    frame: tuple[float, float, float, float]
    """Left, right, bottom and top of what is drawn of a state."""
    draw: Callable


VIEWS = {
    "CartPole-v1": View(
        "angle of the pole (degrees)", "its speed (radians per second)", np.radians(12), 2.0,
        lambda angle, speed: np.stack([0 * angle, 0 * angle, angle, speed], axis=-1),
        ("left", "right"), (-2.4, 2.4, -0.4, 1.3), _draw_cart,
    ),
    "Acrobot-v1": View(
        "angle of the upper link (degrees)", "its speed (radians per second)", np.pi, 4 * np.pi,
        lambda angle, speed: np.stack(
            [np.cos(angle), np.sin(angle), 1 + 0 * angle, 0 * angle, speed, 0 * angle], axis=-1
        ),
        ("torque -1", "no torque", "torque +1"), (-2.2, 2.2, -2.2, 2.2), _draw_acrobot,
    ),
}  # fmt: skip
