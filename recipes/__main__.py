"""List the recipes: purpose, data, published result."""

from recipes import _results


def main() -> None:
    """Print the list; reads docstrings and JSON, imports no recipe."""
    for name in _results.recipe_names():
        print(f"python -m recipes.{name}")
        print(f"    {_results.docstring(name).splitlines()[0]}")
        print(f"    Data: {_results.field(name, 'Data')}")
        print(f"    Result: {_results.headline(name)}\n")
    print("Questions of the FAQ, each an experiment: recipes/faq/README.md")


if __name__ == "__main__":
    main()
