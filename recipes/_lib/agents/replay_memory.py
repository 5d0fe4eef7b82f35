"""The transitions that deep Q-learning draws its batches from."""

import numpy as np

from recipes._lib.agents.environments import Transitions


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
