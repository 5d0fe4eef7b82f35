"""Deep Q-learning: environments, replay memory, the algorithm, baselines, pictures."""
