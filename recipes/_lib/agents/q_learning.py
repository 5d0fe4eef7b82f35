"""Deep Q-learning with Keras's own `train_on_batch`: it computes the gradients, so this runs on every backend.

The network gives the value of each action in a state: the sum of the rewards that follow, discounted, if the best
action is taken from then on. It is trained towards the reward plus the discounted value of the next state (Mnih et al.,
"Human-level control through deep reinforcement learning", Nature 518, 2015). The network chooses the action there, and
a target network, an older copy of it, gives the value (van Hasselt et al., "Deep reinforcement learning with double
Q-learning", AAAI 2016).

Differs from the papers in: a squared error; 32 environments at once, and 16 updates after each step of them, with
targets from before the first one; a learning rate that falls to 0; a policy that is chosen by validation episodes.
"""

import keras
import numpy as np

from dlguide import training
from recipes._lib.agents import environments
from recipes._lib.agents.environments import Transitions

ENVIRONMENTS = 32
ROUNDS = 100  # In an epoch; in a round, each environment takes a step.
UPDATES = 16  # Of the weights, in a round.
SETTINGS = {
    "discount": 0.99,
    "memory": 1_000_000,  # Transitions at most.
    "target_rounds": 6,  # Between two renewals of the target network: 192 steps, 96 updates.
    "first_exploration": 1.0,  # Share of random actions; it falls to the last one ...
    "last_exploration": 0.05,
    "exploration_share": 0.2,  # ... in this share of the rounds.
    "episodes": 20,  # By which the policy is chosen.
}


def value_of_action(network: keras.Model) -> keras.Model:
    """Return a model from observations and actions (as numbers 0 and 1) to the value of each, of shape `(batch, 1)`."""
    action = keras.Input((network.output_shape[-1],), name="action")
    return keras.Model([network.input, action], keras.layers.Dot(axes=-1)([network.output, action]))


def greedy(network: keras.Model):
    """Return the policy that takes the action with the largest value."""
    return lambda observations: network.predict_on_batch(observations).argmax(axis=-1)


def targets(batch: Transitions, next_values: np.ndarray, next_target_values: np.ndarray) -> np.ndarray:
    """Return the targets of the values of a batch of actions, of shape `(batch, 1)`.

    `next_values`, the network's, choose the action in the next state; `next_target_values`, the target network's, give
    its value. No reward follows a transition that is terminated.
    """
    chosen = next_values.argmax(axis=1)[:, None]
    following = np.take_along_axis(next_target_values, chosen, axis=1)
    return batch.rewards[:, None] + SETTINGS["discount"] * np.where(batch.terminated[:, None], 0, following)


class ReplayMemory:
    """The last `capacity` transitions; a new one replaces the oldest."""

    def __init__(self, capacity: int, observation_shape: tuple[int, ...]):
        shapes = Transitions(observation_shape, (), (), observation_shape, ())
        types = Transitions("float32", "int64", "float32", "float32", "bool")
        self.arrays = [np.zeros((capacity, *shape), dtype) for shape, dtype in zip(shapes, types, strict=True)]
        self.count = 0  # Of all transitions so far, the replaced ones included.

    def get_state(self) -> dict:
        return {"arrays": self.arrays, "count": self.count}

    def set_state(self, state: dict) -> None:
        self.arrays, self.count = state["arrays"], state["count"]

    def __len__(self) -> int:
        return min(self.count, len(self.arrays[0]))

    def add(self, transitions: Transitions) -> None:
        """Add transitions, one for each row of the arrays."""
        rows = np.arange(self.count, self.count + len(transitions.actions)) % len(self.arrays[0])
        for array, values in zip(self.arrays, transitions, strict=True):
            array[rows] = values
        self.count += len(rows)

    def sample(self, rng: np.random.Generator, count: int) -> Transitions:
        """Draw transitions with replacement, each with the same probability."""
        rows = rng.integers(len(self), size=count)
        return Transitions(*(array[rows] for array in self.arrays))


class Learner:
    """The state of the training that is not in the model, the memory or the environments, and its steps."""

    def __init__(self, model, network, env: str, *, epochs: int, batch_size: int, seed: int):
        self.model, self.network, self.target = model, network, keras.models.clone_model(network)
        capacity = min(SETTINGS["memory"], epochs * ROUNDS * ENVIRONMENTS)
        self.memory = ReplayMemory(capacity, network.input_shape[1:])
        self.episodes = environments.RunningEpisodes(env, ENVIRONMENTS, seed)
        self._valid = environments.make(env, SETTINGS["episodes"])
        self._valid_seeds = environments.episode_seeds(seed, environments.VALID, count=len(self._valid))
        self.exploration_rounds = SETTINGS["exploration_share"] * (epochs * ROUNDS)
        self._batch_size, self._seed = batch_size, seed
        self.steps = 0  # Of all environments, those of the greedy episodes included.
        self.loss_sum = 0.0
        self.target.set_weights(network.get_weights())
        self.returns, self.best_weights = [], network.get_weights()

    def get_state(self) -> dict:
        self.check()  # A run whose loss is not finite keeps the checkpoint before it.
        names = ("steps", "loss_sum", "returns", "best_weights")
        return {"target_weights": self.target.get_weights(), **{name: getattr(self, name) for name in names}}

    def set_state(self, state: dict) -> None:
        self.target.set_weights(state.pop("target_weights"))
        vars(self).update(state)

    def round(self, number: int) -> None:
        """Take a step in each environment, then update the weights; random draws depend on the seed and `number`."""
        rng = np.random.default_rng((self._seed, environments.ROUND, number))
        num_actions = self.network.output_shape[-1]
        if number % SETTINGS["target_rounds"] == 0:
            self.target.set_weights(self.network.get_weights())
        first, last = SETTINGS["first_exploration"], SETTINGS["last_exploration"]
        explores = rng.random(ENVIRONMENTS) < first + (last - first) * min(1.0, number / self.exploration_rounds)
        random = rng.integers(num_actions, size=ENVIRONMENTS)
        actions = np.where(explores, random, greedy(self.network)(self.episodes.observations))
        self.memory.add(self.episodes.step(actions))
        self.steps += ENVIRONMENTS
        batch = self.memory.sample(rng, UPDATES * self._batch_size)
        values = [each.predict_on_batch(batch.next_observations) for each in (self.network, self.target)]
        wanted, one_hot = targets(batch, *values), np.eye(num_actions, dtype="float32")[batch.actions]
        for part in np.split(np.arange(len(wanted)), UPDATES):
            loss = self.model.train_on_batch([batch.observations[part], one_hot[part]], wanted[part])
            self.loss_sum += float(loss)

    def end_epoch(self) -> dict[str, float]:
        """Play greedy episodes; keep the weights if they are the best so far; return the logs of the epoch."""
        self.check()
        episodes = environments.play(greedy(self.network), self._valid, self._valid_seeds)
        self.steps += sum(len(episode.actions) for episode in episodes)
        self.returns.append(environments.mean_return(episodes))
        # Of equal returns, the one after the better epoch (less luck), then the last.
        pairs = list(zip(self.returns, [-np.inf, *self.returns], strict=False))
        if pairs[-1] == max(pairs):
            self.best_weights = self.network.get_weights()
        logs = {"loss": self.loss_sum / (ROUNDS * UPDATES), "val_return": self.returns[-1]}
        self.loss_sum = 0.0
        return logs

    def check(self) -> None:
        """Refuse a non-finite loss."""
        if not np.isfinite(self.loss_sum):
            received = f"Received: loss={self.loss_sum}"
            raise FloatingPointError(f"`loss` must be finite. {received}. Try a smaller `learning_rate`.")


def fit(
    model, network, env: str, *, epochs: int, batch_size: int, seed: int, run_dir=None, verbose=2
) -> keras.callbacks.History:
    """Train `model`, which is `value_of_action(network)`, compiled; leave the best weights in the network.

    A killed run is resumed, as by `training.fit`. It cannot be extended: exploration and memory depend on `epochs`.
    `seed` fixes episodes, exploration and batches. The history has `loss` and `val_return`, the mean return of the
    greedy episodes after each epoch; its `steps` are those in all environments, its `seconds` those of training.
    """
    learner = Learner(model, network, env, epochs=epochs, batch_size=batch_size, seed=seed)
    options = {"rounds": ROUNDS, "updates": UPDATES, "batch_size": batch_size, "seed": seed, "env": env, **SETTINGS}
    options |= {"exploration_rounds": learner.exploration_rounds, "memory_rows": len(learner.memory.arrays[0])}
    state = {"epochs": epochs, "model": model, "options": options}
    with training.Run(run_dir, **state) as run:
        run.keep(learner=learner, memory=learner.memory, episodes=learner.episodes)
        for epoch in run.epochs():
            for number in range(epoch * ROUNDS, (epoch + 1) * ROUNDS):
                learner.round(number)
            logs = learner.end_epoch()
            run.end_epoch(logs)
            if verbose:
                written = f"loss {logs['loss']:.4g}  val_return {logs['val_return']:.4g}"
                print(f"epoch {epoch + 1}/{epochs}  {run.history.seconds:.0f} s  {written}", flush=True)
        network.set_weights(learner.best_weights)
        run.save_model(network)
    run.history.steps = learner.steps
    return run.history
