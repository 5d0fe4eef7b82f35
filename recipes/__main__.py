"""List the recipes: purpose, data, published result, time."""

from recipes._lib.runs import recipe_list, results


def main() -> None:
    for name in recipe_list.names():
        title, *lines = recipe_list.docstring(name).splitlines()
        print(f"python -m recipes.{name}\n    {title}")
        print(f"    {next(line for line in lines if line.startswith('Data: '))}")
        _print_result(name)
        for row in recipe_list.rows(name)[1:]:
            print(f"{recipe_list.command(row)}\n    The same recipe with other options.")
            print(f"    Data: {recipe_list.recipe(row).data}")
            _print_result(row)
    print("The experiments, each with its question and its answer: python -m recipes.faq")


def _print_result(name: str) -> None:
    published = results.result(name)
    print(f"    Result: {results.headline(name)}")
    print(f"    Time: {results.written_seconds(published)}\n" if published else "")


if __name__ == "__main__":
    main()
