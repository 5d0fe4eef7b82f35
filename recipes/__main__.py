"""List the recipes: purpose, data, published result, time."""

from recipes._lib.runs import recipe_list, results


def main() -> None:
    for name in recipe_list.names():
        title, *lines = recipe_list.docstring(name).splitlines()
        print(f"python -m recipes.{name}\n    {title}")
        print(f"    {next(line for line in lines if line.startswith('Data: '))}")
        print(f"    Result: {results.headline(name)}")
        published = results.result(name)
        print(f"    Time: {results.written_seconds(published)}\n" if published else "")
    print("The experiments, each with its question and its answer: python -m recipes.faq")


if __name__ == "__main__":
    main()
