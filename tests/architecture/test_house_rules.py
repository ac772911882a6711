"""Rules of the house that no linter knows: file sizes, module docstrings, who names adapters."""

import ast
import re
from collections import Counter
from graphlib import TopologicalSorter
from pathlib import Path

import grimp

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "src" / "virtslo").rglob("*.py"))
ADAPTERS = ("virtslo.kube", "virtslo.remote", "virtslo.sim", "virtslo.store", "virtslo.report")
WIRING = ROOT / "src" / "virtslo" / "cli" / "wiring"
LONGEST = 400


MOST_MODULES = 30
MOST_PARAMETERS = 6
MORE_PARAMETERS = {
    # Options of a command are parameters of its function.
    "cli/commands/simulate.py command",
    "cli/history/changes.py command",
    "cli/history/compare.py command",
    "cli/whatif/predict.py command",
    # Assembled once, of parts that are chosen one by one, by keyword.
    "app/cluster/hollow_cluster.py install",
    "app/run/run_test.py __init__",
    "cli/running/run_once.py __init__",
    "hollow/cluster.py __init__",
    "hollow/process/component.py __init__",
    "hollow/process/delays.py __init__",
    "sim/api_server.py __init__",
    # Options of one action, by keyword, each with a default.
    "app/cluster/clean_up.py clean_up",
    "app/recording.py record_cluster",
    "app/run/progress.py tell_progress",
    "app/search/bounding.py ceilings_of",
    "cli/records.py print_report",
    "client/reflector.py __init__",
    "ports/kube_api.py watch",
}
"""What has more: file and function."""


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def room_of(path: Path) -> str:
    return path.relative_to(ROOT / "src" / "virtslo").parts[0]


def test_every_module_says_its_purpose() -> None:
    silent = [
        name_of(path)
        for path in SOURCES
        if not re.match(r'"""[^\s"]', path.read_text(encoding="utf-8"))
    ]

    assert silent == []


def test_no_file_is_longer_than_the_house_allows() -> None:
    files = [*SOURCES, *(ROOT / "tests").rglob("*.py")]

    too_long = {
        name_of(path): count
        for path in files
        if (count := len(path.read_text(encoding="utf-8").splitlines())) > LONGEST
    }

    assert too_long == {}


def test_no_folder_holds_more_modules_than_a_reader_takes_in() -> None:
    modules = Counter(name_of(path.parent) for path in SOURCES if path.name != "__init__.py")

    crowded = {folder: count for folder, count in modules.items() if count > MOST_MODULES}

    assert crowded == {}


def test_no_function_has_more_parameters_than_a_reader_keeps_in_mind() -> None:
    """What travels together is a value; what is listed is an interface of keywords."""
    more = {
        f"{path.relative_to(ROOT / 'src' / 'virtslo')} {node.name}"
        for path in SOURCES
        if may_have_more_parameters(text := path.read_text(encoding="utf-8"))
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and len(parameters_of(node.args)) > MOST_PARAMETERS
    }

    assert more == MORE_PARAMETERS


def may_have_more_parameters(text: str) -> bool:
    """Whether the head of a function has so many commas: what has fewer need not be parsed."""
    heads = (part.partition(":\n")[0] for part in text.split("def ")[1:])
    return any(head.count(",") >= MOST_PARAMETERS for head in heads)


def parameters_of(arguments: ast.arguments) -> list[str]:
    named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    return [each.arg for each in named if each.arg not in {"self", "cls"}]


def test_only_wiring_names_an_adapter() -> None:
    naming = [
        name_of(path)
        for path in SOURCES
        if room_of(path) == "cli"
        and path.parent != WIRING
        and any(module.startswith(ADAPTERS) for module in imported_modules(path))
    ]

    assert naming == []


def test_no_module_imports_one_that_imports_it() -> None:
    """Not inside a function either, nor for types alone: `prepare` raises CycleError."""
    graph = grimp.build_graph("virtslo", cache_dir=None)

    TopologicalSorter(
        {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    ).prepare()


def test_text_reaches_a_terminal_by_way_of_what_makes_it_harmless() -> None:
    raw = {
        name_of(path)
        for path in SOURCES
        if "click.echo" in path.read_text(encoding="utf-8")
        or "click.secho" in path.read_text(encoding="utf-8")
    }

    assert raw == {"src/virtslo/cli/main.py", "src/virtslo/cli/printing.py"}


def test_engines_do_not_open_sockets_or_read_the_machines_clock() -> None:
    forbidden = {"socket", "aiohttp", "ssl", "time"}
    rooms = {"load", "observe", "hollow", "slo", "config", "client", "app", "model"}

    offenders = {
        name_of(path): sorted(found)
        for path in SOURCES
        if room_of(path) in rooms
        and any(module in path.read_text(encoding="utf-8") for module in forbidden)
        and (found := forbidden.intersection(m.split(".")[0] for m in imported_modules(path)))
    }

    assert offenders == {}


def test_tools_find_what_they_share_with_tests_without_changing_the_path() -> None:
    """`dev-mode-dirs` in pyproject.toml says where it is; history_scores.py reads other tools."""
    changing = {
        path.name
        for path in (ROOT / "tools").rglob("*.py")
        if "sys.path" in path.read_text(encoding="utf-8")
    }

    assert changing == {"history_scores.py"}


def imported_modules(path: Path) -> list[str]:
    found: list[str] = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.append(node.module)
    return found
