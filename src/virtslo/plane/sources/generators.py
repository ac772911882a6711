"""The program that prints what virt-operator of a source tree would install.

Invariant: nothing of KubeVirt is restated here: which definitions, roles and webhooks there are,
and how their functions are called, is read from the tree's own generators; a tree that lacks one
of those that are needed is refused by name.
"""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from virtslo.base.errors import Problem, ScenarioError
from virtslo.plane.sources.files import package_texts

GENERATE: Final = "pkg/virt-operator/resource/generate"
COMPONENTS: Final = "components"
RBAC: Final = "rbac"
ROLES: Final = ("GetAllCluster", "GetAllApiServer", "GetAllController", "GetAllHandler")
OTHERS: Final = (
    "NewVirtAPIMutatingWebhookConfiguration",
    "NewVirtAPIValidatingWebhookConfiguration",
    "NewKubeVirtPriorityClassCR",
)
_FUNCTION: Final = re.compile(r"^func (\w+)\(([^)]*)\)", re.MULTILINE)
_DEFINITION: Final = re.compile(r"^func (New\w+Crd)\(\) \(\*\w+\.CustomResourceDefinition, error\)",
                                re.MULTILINE)  # fmt: skip
_ARGUMENTS: Final = {"string": "namespace", "bool": "false"}


def generator_of(tree: Path) -> str:
    """The Go program for a source tree. Raises ScenarioError."""
    folder = tree / GENERATE
    return go_program(
        package_texts(folder / COMPONENTS),
        package_texts(folder / RBAC),
    )


def go_program(components: Iterable[str], rbac: Iterable[str]) -> str:
    """The Go program for the texts of both packages of generators. Raises ScenarioError."""
    components, rbac = list(components), list(rbac)
    definitions = [name for text in components for name in _DEFINITION.findall(text)]
    called = {**_signatures(components), **_signatures(rbac)}
    problems = [
        Problem(f"{GENERATE}", f"no function {name}", "KubeVirt's generators of manifests")
        for name in (*ROLES, *OTHERS)
        if name not in called
    ]
    if not definitions:
        problems.append(Problem(GENERATE, "no New…Crd()", "KubeVirt's generators of definitions"))
    if problems:
        raise ScenarioError("source tree", problems)
    lines = [f"\t\t{COMPONENTS}.{name}," for name in definitions]
    roles = [f"\tfor _, each := range {_call(RBAC, name, called)} {{\n\t\titems = append("
             "items, each)\n\t}" for name in ROLES]  # fmt: skip
    others = [f"\titems = append(items, {_call(COMPONENTS, name, called)})" for name in OTHERS]
    return _PROGRAM.format(
        definitions="\n".join(lines), roles="\n".join(roles), others="\n".join(others)
    )


def _signatures(texts: Iterable[str]) -> dict[str, str]:
    return {name: inside for text in texts for name, inside in _FUNCTION.findall(text)}


def _call(package: str, name: str, signatures: Mapping[str, str]) -> str:
    """A call of a function whose parameters are names and switches; switches are off."""
    arguments: list[str] = []
    waiting = 0
    for part in filter(None, (piece.strip() for piece in signatures[name].split(","))):
        words = part.split()
        waiting += 1
        if len(words) < 2:
            continue  # `a, b string`: the type comes with the last
        kind = words[-1]
        if kind not in _ARGUMENTS:
            expected = "strings and bools, as in the versions that are known"
            problem = Problem(f"{name}({signatures[name]})", f"a parameter of {kind}", expected)
            raise ScenarioError("source tree", [problem])
        arguments += [_ARGUMENTS[kind]] * waiting
        waiting = 0
    return f"{package}.{name}({', '.join(arguments)})"


_PROGRAM: Final = """\
// Command manifests prints what virt-operator would install of KubeVirt, as one JSON list.
package main

import (
\t"encoding/json"
\t"fmt"
\t"os"

\textv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
\t"kubevirt.io/kubevirt/pkg/virt-operator/resource/generate/components"
\t"kubevirt.io/kubevirt/pkg/virt-operator/resource/generate/rbac"
)

func main() {{
\tnamespace := os.Args[1]
\tvar items []any
\tfor _, define := range []func() (*extv1.CustomResourceDefinition, error){{
{definitions}
\t}} {{
\t\tdefinition, err := define()
\t\tif err != nil {{
\t\t\tfmt.Fprintln(os.Stderr, "manifests:", err)
\t\t\tos.Exit(1)
\t\t}}
\t\titems = append(items, definition)
\t}}
{roles}
{others}
\tlist := map[string]any{{"apiVersion": "v1", "kind": "List", "items": items}}
\tif err := json.NewEncoder(os.Stdout).Encode(list); err != nil {{
\t\tfmt.Fprintln(os.Stderr, "manifests:", err)
\t\tos.Exit(1)
\t}}
}}
"""
