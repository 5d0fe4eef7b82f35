"""List the experiments: question, command, time, answer in a sentence."""

import re

from recipes.faq import _page, _questions


def main() -> None:
    """Print the list, from what the experiments state and from the published numbers."""
    for number, question in enumerate(_questions.QUESTIONS, 1):
        published = _page.published(question.module)
        if published:
            experiment, cores = _questions.experiment(question.module), published["cores"]
            print(f"{number}. {experiment.question.en}")
            print(f"    python -m recipes.faq.{question.module}")
            print(f"    Time: {published['seconds']:.0f} s on {cores} {'core' if cores == 1 else 'cores'}")
            print(f"    Answer: {first_sentence(experiment.summary.en)}\n")
    print("With --quick, an experiment is tried in about a minute. Answers with their numbers: recipes/faq/README.md")


def first_sentence(text: str) -> str:
    """Return the first sentence; a full stop within a number or before a small letter does not end it."""
    return re.split(r"(?<=[.!?])\s+(?=[A-Z“])", text)[0]


if __name__ == "__main__":
    main()
