"""What imports what, and where Keras's private names are."""

import ast
import graphlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = sorted(path for folder in ("dlguide", "recipes") for path in (ROOT / folder).rglob("*.py"))


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


MODULES = {module_name(path): ast.parse(path.read_text(encoding="utf-8")) for path in FILES}

# Attributes that Keras documents nowhere; `dlguide/_keras.py` says what they are for.
PRIVATE = {
    "_compile_loss",
    "_compile_metrics",
    "_initial_epoch",
    "_jax_state",
    "_layout",
    "_loss_tracker",
    "_symbolic_build",
    "_tracker",
    "get_global_attribute",
    "global_seed_generator",
    "jax_state_sync",
    "monitor_op",
    "predict_function",
    "supports_jit",
    "test_function",
    "train_function",
}


def private_uses(tree: ast.AST) -> list[str]:
    """Return the lines of a module that touch what Keras keeps private."""
    found = []
    for node in ast.walk(tree):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        is_import = any(name.startswith("keras.src") for name in names)
        is_attribute = isinstance(node, ast.Attribute) and (
            node.attr in PRIVATE
            or ast.unparse(node).startswith("keras.src")
            or (node.attr == "cardinality" and isinstance(node.ctx, ast.Store))
        )
        is_end = isinstance(node, ast.Raise) and node.exc is not None and "StopIteration" in ast.unparse(node.exc)
        if is_import or is_attribute or is_end:
            found.append(f"line {node.lineno}: {ast.unparse(node)}")
    return found


@pytest.mark.parametrize("name", sorted(set(MODULES) - {"dlguide._keras"}))
def test_what_keras_keeps_private_is_touched_in_one_module_only(name):
    assert private_uses(MODULES[name]) == []


def test_each_kind_of_private_use_is_found():
    uses = (
        "import keras.src.random",
        "from keras.src.backend.common import global_state",
        "from keras.src import backend",
        "keras.src.random.x()",
        "model.train_function = None",
        "variable._layout",
        "batches.cardinality = 3",
        "raise StopIteration",
        "raise StopIteration()",
    )
    for use in uses:
        assert private_uses(ast.parse(use)), use
    assert not private_uses(ast.parse("int(batches.cardinality())"))
    assert len(private_uses(MODULES["dlguide._keras"])) >= 9


def imports(name: str) -> set[str]:
    """Return the modules of this project that a module imports, also inside its functions."""
    found = set()
    for node in ast.walk(MODULES[name]):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            # `from package import module` imports the module; `from package import name` what the package defines.
            modules = {alias.name: f"{node.module}.{alias.name}" for alias in node.names}
            found |= {full if full in MODULES else node.module for full in modules.values()}
    return {module for module in found if module in MODULES}


def test_imports_form_no_circle():
    graph = {name: imports(name) for name in MODULES}
    names = {"dlguide._checks", "dlguide.training._fit", "recipes._lib.pictures.run_pictures", "recipes.faq._run"}
    assert names <= set(graph)
    assert graph["dlguide.training._fit"] and graph["recipes.faq._run"]
    list(graphlib.TopologicalSorter(graph).static_order())  # Raises CycleError, which names the circle.


def private_imports(tree: ast.AST) -> list[str]:
    """Return the private modules and names of `dlguide` that a module imports."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            names = []
        found += [n for n in names if n.startswith("dlguide.") and any(part[0] == "_" for part in n.split("."))]
    return found


@pytest.mark.parametrize("name", [name for name in MODULES if name.startswith("recipes")])
def test_nothing_private_of_the_package_is_imported_outside_it(name):
    assert private_imports(MODULES[name]) == []


def test_each_form_of_a_private_import_is_found():
    for line in (
        "from dlguide import _checks",
        "from dlguide.plots import new_figure, _figure",
        "from dlguide.plots._figure import new_figure",
        "import dlguide.training._run as run",
        "def f():\n    from dlguide import _keras",
    ):
        assert private_imports(ast.parse(line)), line
    assert private_imports(ast.parse("from dlguide import plots\nfrom recipes import _lib")) == []


COMMANDS = {"benchmark", "export", "measure", "predict", "table", "verify"}


def test_no_helper_imports_a_recipe():
    public = {path.stem for path in FILES if path.parent.name == "recipes" and path.stem[0] != "_"}
    recipes = {f"recipes.{name}" for name in public - COMMANDS}
    assert {"recipes.mlp_mnist", "recipes.vae_mnist"} <= recipes
    helpers = {name for name in MODULES if any(part.startswith("_") for part in name.split("."))}
    assert {(name, module) for name in helpers for module in imports(name) & recipes} == set()


def test_no_module_bears_the_name_of_a_function_that_it_exports():
    for name, tree in MODULES.items():
        functions = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
        last = name.rpartition(".")[2]
        assert last.startswith("_") or last not in functions, name
