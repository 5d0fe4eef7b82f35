"""List the recipes, or do something with a saved run: python -m recipes [predict | export] RUN"""

import importlib
import sys

from recipes._lib.runs import arguments, command_line, recipe_list, results

COMMANDS = ("predict", "export")


def main() -> None:
    """Print purpose, data, published result and time of each recipe."""
    for name in recipe_list.names():
        title, *lines = recipe_list.docstring(name).splitlines()
        print(f"python -m recipes.{name}\n    {title}")
        print(f"    {next(line for line in lines if line.startswith('Data: '))}")
        _print_result(name)
        for row in recipe_list.rows(name)[1:]:
            print(f"{recipe_list.command(row)}\n    The same recipe with other options.")
            print(f"    Data: {recipe_list.recipe(row).data}")
            _print_result(row)
    print("What to do with the folder of a run: python -m recipes predict or export, with --help")
    print("The experiments, each with its question and its answer: python -m questions")


def _print_result(name: str) -> None:
    published = results.result(name)
    print(f"    Result: {results.headline(name)}")
    print(f"    Time: {results.written_seconds(published)}\n" if published else "")


if __name__ == "__main__":
    word = sys.argv[1] if sys.argv[1:] else None
    if word is None:
        main()
    elif word in COMMANDS:
        del sys.argv[1]
        command_line.run_tool(importlib.import_module(f"recipes._lib.commands.{word}").main, f"recipes {word}")
    elif word.startswith("-"):
        command_line.run_tool(main, "recipes")
    elif word in recipe_list.names():
        sys.exit(f"A recipe is a module: python -m recipes.{word}")
    else:
        note = arguments.did_you_mean(word, COMMANDS)  # Without Keras, whose import takes seconds.
        print(f"`command` must be one of {', '.join(COMMANDS)}. Received: command={word!r}{note}", file=sys.stderr)
        sys.exit(2)
