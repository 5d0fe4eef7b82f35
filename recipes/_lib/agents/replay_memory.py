"""The transitions that deep Q-learning learns from, again and again."""

import numpy as np

from recipes._lib.agents.environments import Transitions


class ReplayMemory:
    """The last `capacity` transitions; a new one takes the place of the oldest."""

    checkpoint_attributes = ("arrays", "count")

    def __init__(self, capacity: int, observation_shape: tuple[int, ...]):
        observations = np.zeros((capacity, *observation_shape), "float32")
        self.arrays = [*Transitions(
            observations, np.zeros(capacity, "int64"), np.zeros(capacity, "float32"), observations.copy(),
            np.zeros(capacity, bool),
        )]  # fmt: skip
        self.count = 0  # Of all transitions that came, also those whose place was taken.

    def __len__(self) -> int:
        return min(self.count, len(self.arrays[0]))

    def add(self, transitions: Transitions) -> None:
        """Take in transitions, the first axis of each array."""
        rows = np.arange(self.count, self.count + len(transitions.actions)) % len(self.arrays[0])
        for array, values in zip(self.arrays, transitions, strict=True):
            array[rows] = values
        self.count += len(rows)

    def sample(self, rng: np.random.Generator, count: int) -> Transitions:
        """Draw transitions, each with the same probability, also twice."""
        rows = rng.integers(len(self), size=count)
        return Transitions(*(array[rows] for array in self.arrays))
