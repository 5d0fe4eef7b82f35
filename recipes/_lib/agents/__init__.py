"""Agents and players: deep Q-learning, Connect Four by self-play, their baselines and pictures."""
