"""What imports what, and where Keras's private names are."""

import ast
import graphlib
import itertools
import re
import sys
import tomllib
from pathlib import Path

from recipes._lib.runs import recipe_list

ROOT = Path(__file__).parents[2]
ROOMS = ("dlguide", "recipes", "questions", "tools")
"""The package, the book in two rooms, and what authors use: a room imports nothing of those after it."""
FILES = sorted(path for folder in ROOMS for path in (ROOT / folder).rglob("*.py"))


MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): ast.parse(path.read_text("utf-8"))
    for path in FILES
}
RECIPES = {f"recipes.{name}" for name in recipe_list.names()}

# Attributes that Keras or TensorFlow documents nowhere, whatever their names look like; with the names that begin with
# an underscore in `dlguide/_private_apis.py`, which says what they are for.
PRIVATE = {
    "_compile_loss", "_initial_epoch", "_jax_state", "_loss_tracker", "_symbolic_build", "_tracker",
    "clear_kernel_cache", "get_global_attribute", "global_seed_generator", "jax_state_sync", "monitor_op",
    "predict_function", "supports_jit", "test_function", "train_function",
}  # fmt: skip
PRIVATE |= {
    name
    for node in ast.walk(MODULES["dlguide._private_apis"])
    for name in (getattr(node, "attr", None), getattr(node, "value", None))  # An attribute, or a text for `getattr`.
    if isinstance(name, str) and re.fullmatch(r"_[a-z]\w+", name)
}
PRIVATE_MODULES = ("keras.src", "tensorflow.python")


def imported(tree: ast.AST) -> list[str]:
    """Return the full names that a module imports, also inside its functions."""
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    parents = {node: f"{node.module}." if isinstance(node, ast.ImportFrom) else "" for node in nodes}
    return [parents[node] + alias.name for node in nodes for alias in node.names]


def private_uses(tree: ast.AST) -> list[str]:
    """Return what a module touches that Keras keeps private."""
    found = [name for name in imported(tree) if name.startswith(PRIVATE_MODULES)]
    for node in ast.walk(tree):
        text = ast.unparse(node) if isinstance(node, ast.Attribute | ast.Raise) else ""
        is_stored_size = text.endswith(".cardinality") and isinstance(node.ctx, ast.Store)
        is_private = isinstance(node, ast.Attribute) and (node.attr in PRIVATE or text.startswith(PRIVATE_MODULES))
        if is_private or is_stored_size or text.startswith("raise StopIteration"):
            found.append(f"line {node.lineno}: {text}")
    return found


def test_what_keras_keeps_private_is_touched_in_one_module_only():
    uses = {name: private_uses(tree) for name, tree in MODULES.items()}
    assert len(uses.pop("dlguide._private_apis")) >= 9
    assert {"_inbound_nodes", "_keras_history"} <= PRIVATE
    assert {name: found for name, found in uses.items() if found} == {}


def imports(name: str) -> set[str]:
    """Return the modules of this project that a module imports: `from package import module`, or `import name`."""
    found = [full if full in MODULES else full.rpartition(".")[0] for full in imported(MODULES[name])]
    return {module for module in found if module in MODULES}


def test_each_package_that_is_imported_is_declared():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needed = [*project["dependencies"], *itertools.chain(*project["optional-dependencies"].values())]
    declared = {re.match(r"[\w-]+", each)[0].replace("-", "_").lower() for each in needed}
    trees = [*MODULES.values(), *(ast.parse(path.read_text("utf-8")) for path in (ROOT / "tests").rglob("*.py"))]
    found = {name.partition(".")[0] for tree in trees for name in imported(tree)} - sys.stdlib_module_names
    names = {"PIL": "pillow", "sklearn": "scikit_learn", "yaml": "pyyaml"}
    assert {names.get(each, each).lower() for each in found - {*ROOMS, "tests"}} - declared == set()


def test_imports_go_only_downwards_and_form_no_circle():
    graph = {name: imports(name) for name in MODULES}
    assert graph["dlguide.training._fit"] and graph["questions._run"]
    list(graphlib.TopologicalSorter(graph).static_order())  # Raises CycleError, which names the circle.
    rooms = {name: ROOMS.index(name.partition(".")[0]) for name in MODULES}
    assert set(rooms.values()) == set(range(len(ROOMS)))
    assert [(name, other) for name in MODULES for other in graph[name] if rooms[other] > rooms[name]] == []


def test_nothing_private_of_the_package_is_imported_outside_it():
    found = [(name, each) for name, tree in MODULES.items() for each in imported(tree) if "._" in each]
    private = [name for name, each in found if each.startswith("dlguide.")]
    assert len(private) >= 9 and {name for name in private if not name.startswith("dlguide")} == set()


def test_no_helper_imports_a_recipe():
    assert {"recipes.mlp_mnist", "recipes.vae_mnist"} <= RECIPES
    helpers = [name for name in MODULES if any(part[0] == "_" for part in name.split("."))]
    assert {(name, module) for name in helpers for module in imports(name) & RECIPES} == set()


def test_no_public_module_bears_the_name_of_a_function_that_it_exports():
    for name, tree in MODULES.items():
        functions = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
        last = name.rpartition(".")[2]
        assert last.startswith("_") or last not in functions, name
