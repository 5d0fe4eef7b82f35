"""The experiments of the questions.

python -m questions                      # list them: question, command, time, answer in a sentence
python -m questions activations          # measure one with the published seeds, and print its answer
python -m questions 1 --class            # its effect in three minutes: fewer seeds, the published settings
python -m questions activations --quick  # whether it runs, in about a minute
"""

import sys
from typing import Annotated

import tyro

from questions import _index, _page, _questions, _run
from recipes._lib.runs import command_line


def main(
    name: Annotated[str | None, tyro.conf.Positional] = None,
    *,
    seeds: tuple[int, ...] = (),
    quick: bool = False,
    class_size: Annotated[bool, tyro.conf.arg(name="class")] = False,
    out: str | None = None,
    publish: bool = False,
    draw: bool = False,
) -> dict:
    """Measure an experiment with several seeds and print the answer; the same command resumes a killed run.

    Args:
        name: The question, a folder of questions or its number. None: list them all.
        seeds: Seeds to measure with, three or more (to publish: five), and the settings that were chosen for the
            published numbers. None given: the published seeds, or three with --quick; settings are chosen again.
        quick: Only see whether it runs: small data, short training, three seeds, no answer.
        class_size: At most three minutes: as many of the published seeds as fit, with the published settings; numbers
            without a verdict, beside the published answer.
        out: Folder for results.json and the figures. None: runs/question_NAME (_quick with --quick, _class with
            --class).
        publish: Replace the published numbers, figures and computed text of the question.
        draw: Only draw the published figures and renew the pages, from the published numbers.
    """
    if name is None:
        print(listing())
        return {}
    try:
        folder = _questions.folder_name(name)
    except LookupError as error:
        _end(str(error))
    question = _questions.question(folder)
    if (publish or draw) and (quick or class_size or out is not None):
        received = f"publish={publish!r}, draw={draw!r}, quick={quick!r}, class={class_size!r}, out={out!r}"
        _end(f"`publish` and `draw` must stand without `quick`, `class` and `out`. Received: {received}")
    if class_size and (quick or seeds):
        _end(f"`class` must stand without `quick` and `seeds`. Received: quick={quick!r}, seeds={seeds!r}")
    if not draw:
        _run.run(question, seeds, kind="quick" if quick else class_size * "class", out=out, is_published=publish)
    if publish or draw:
        _run.publish(question)
    return {}


def _end(mistake: str) -> None:
    """End with status 2, without the seconds that importing Keras takes."""
    print(mistake, file=sys.stderr)
    sys.exit(2)


def listing() -> str:
    """Return the list of the experiments."""
    lines = []
    for number, name in enumerate(_questions.names(), 1):
        question = _questions.question(name)
        published = question.results()
        lines.append(f"{number}. {_questions.number_and_title(question.page('en'))[1]}")
        lines.append(f"    python -m questions {name}")
        if published:
            lines.append("    Time: {seconds:.0f} s on {cores} {core}".format(**_page.command_facts(published)))
        lines.append(f"    Answer: {_index.first_sentence(question, 'en')}\n")
    lines.append("--class shows the effect in three minutes, --quick only that it runs. The pages: questions/README.md")
    return "\n".join(lines)


if __name__ == "__main__":
    command_line.run_tool(main, "questions")
