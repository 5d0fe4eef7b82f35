"""List the recipes: purpose, data, published result, time."""

from recipes._lib.runs import results, statements


def main() -> None:
    """Print the list; reads docstrings and JSON, imports no recipe."""
    for name in statements.recipe_names():
        print(f"python -m recipes.{name}")
        print(f"    {statements.docstring(name).splitlines()[0]}")
        print(f"    Data: {statements.field(name, 'Data')}")
        print(f"    Result: {results.headline(name)}")
        published = results.result(name)
        print(f"    Time: {results.written_seconds(published)}\n" if published else "")
    print("The experiments, each with its question and its answer: python -m recipes.faq")


if __name__ == "__main__":
    main()
