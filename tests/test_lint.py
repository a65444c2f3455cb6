"""Rules that no tool knows: who may touch files, what is never called, what must not be in the tree."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests import sources

TOUCHES_DISK = frozenset(
    """chmod glob hardlink_to iterdir mkdir open read_bytes read_text rename rglob rmdir
    symlink_to touch unlink write_bytes write_text""".split()  # noqa: SIM905 - a list in a column
)
TOUCHES_DISK_WITHOUT_ARGUMENTS = frozenset(
    {
        "absolute",
        "exists",
        "is_dir",
        "is_file",
        "is_mount",
        "is_symlink",
        "lstat",
        "resolve",
        "stat",
    }
)
ALLOWED = {
    "lvtui/demo/disk.py": {"read_bytes"},  # the package's own data
    "lvtui/cli/__init__.py": {"open"},  # the null device, when the reader of stdout has gone
}
SHELLS = frozenset({"system", "popen", "getoutput", "getstatusoutput"})
UNSAFE_MODULES = frozenset({"pickle", "marshal", "shelve", "dill", "yaml"})


def calls(tree: ast.Module) -> list[ast.Call]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call)]


def test_only_host_opens_files() -> None:
    found = []
    for where, tree in sources.modules():
        if where.startswith("lvtui/host/"):
            continue
        for call in calls(tree):
            if isinstance(call.func, ast.Name):
                touches = call.func.id == "open"
                name = call.func.id
            elif isinstance(call.func, ast.Attribute):
                name = call.func.attr
                bare = not call.args
                touches = name in TOUCHES_DISK or (bare and name in TOUCHES_DISK_WITHOUT_ARGUMENTS)
            else:
                continue
            if touches and name not in ALLOWED.get(where, ()):
                found.append(f"{where}:{call.lineno} {ast.unparse(call)}")

    assert found == []


@pytest.mark.parametrize("folder", ["lvtui", "tests"])
def test_no_shell_no_eval_no_pickle(folder: str) -> None:
    found = []
    for where, tree in sources.modules(folder):
        for node in ast.walk(tree):
            bad = False
            if isinstance(node, ast.Call):
                name = ast.unparse(node.func)
                shell = any(
                    keyword.arg == "shell"
                    and not (isinstance(keyword.value, ast.Constant) and not keyword.value.value)
                    for keyword in node.keywords
                )
                from_os = name.partition(".")[0] in {"os", "subprocess"}
                bad = (
                    shell
                    or name in {"eval", "exec"}
                    or (from_os and name.rpartition(".")[2] in SHELLS)
                )
            elif isinstance(node, ast.Import | ast.ImportFrom):
                names = {alias.name for alias in node.names}
                if isinstance(node, ast.ImportFrom):
                    names.add(node.module or "")
                bad = bool({name.partition(".")[0] for name in names} & UNSAFE_MODULES)
            if bad:
                found.append(f"{where}:{node.lineno} {ast.unparse(node)}")  # type: ignore[attr-defined]

    assert found == []


def test_a_module_is_one_idea() -> None:
    long = {
        where: lines
        for where, _ in sources.modules()
        if (lines := len((sources.ROOT / where).read_text().splitlines())) > 300
    }

    assert long == {}


def test_the_tree_names_no_machine() -> None:
    here = {str(sources.ROOT) + "/", str(Path.home()) + "/.", "file:" + "///", "/" + "work" + "/"}
    here |= {value for value in _pip_sources() if value}
    found = []
    for path in sources.files():
        if path.suffix in {".xz", ".gz", ".bin", ".img"}:
            continue
        text = path.read_bytes().decode("utf8", "replace")
        found += [f"{path.relative_to(sources.ROOT)}: {name}" for name in here if name in text]

    assert found == []


def _pip_sources() -> set[str]:
    """Where this machine's pip looks for packages, as hosts and folders."""
    argv = [sys.executable, "-m", "pip", "config", "list"]
    said = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    values = [line.partition("=")[2].strip("'\"") for line in said.splitlines()]
    public = "pypi.org"
    return {
        part.partition("://")[2].partition("/simple")[0]
        for value in values
        for part in value.replace("\\n", " ").split()
        if "://" in part and public not in part
    }


def test_a_code_always_says_the_same() -> None:
    said: dict[str, dict[str, str]] = {}
    for code, template, _, where in sources.codes():
        if template:
            said.setdefault(code, {}).setdefault(template, where)
    twice = {code: templates for code, templates in said.items() if len(templates) > 1}

    assert said
    assert twice == {}


@pytest.mark.parametrize(
    "argv",
    [
        pytest.param(["ruff", "format", "--check", "--quiet", "."], id="ruff-format"),
        pytest.param(["ruff", "check", "--quiet", "."], id="ruff-check"),
        pytest.param(["mypy", "--no-error-summary"], id="mypy-strict"),
        pytest.param(["lint-imports", "--no-cache"], id="layers"),
    ],
)
@pytest.mark.xdist_group("lint")
def test_tools_are_silent(argv: list[str]) -> None:
    tool = shutil.which(argv[0], path=str(Path(sys.executable).parent))
    assert tool, f"{argv[0]} is not in the environment of the tests"

    done = subprocess.run(
        [tool, *argv[1:]], capture_output=True, text=True, check=False, cwd=sources.ROOT
    )

    assert done.returncode == 0, done.stdout + done.stderr
