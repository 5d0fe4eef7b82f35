"""The question of `made_up` is a fixture of every test here."""

from tests.questions.made_up import question as question
