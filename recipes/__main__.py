"""List the recipes: purpose, data, published result."""

from recipes._lib import results, statements


def main() -> None:
    """Print the list; reads docstrings and JSON, imports no recipe."""
    for name in statements.recipe_names():
        print(f"python -m recipes.{name}")
        print(f"    {statements.docstring(name).splitlines()[0]}")
        print(f"    Data: {statements.field(name, 'Data')}")
        print(f"    Result: {results.headline(name)}\n")
    print("Questions of the FAQ, each an experiment: recipes/faq/README.md")


if __name__ == "__main__":
    main()
