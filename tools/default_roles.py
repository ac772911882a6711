"""Writes the roles and bindings that every cluster begins with, for the simulated server.

They are read from a real control plane without other users' roles (`virtslo plane up`), through
kubectl: `tools/default_roles.py --kubeconfig "$(virtslo plane kubeconfig)"`.
"""

import argparse
import json
import subprocess
from pathlib import Path
from typing import Any

TARGET = Path(__file__).parents[1] / "src/virtslo/sim/authorization/default_roles.json"
KINDS = ("clusterroles", "clusterrolebindings", "roles", "rolebindings")
KEPT = ("apiVersion", "kind", "metadata", "aggregationRule", "roleRef", "rules", "subjects")
KEPT_METADATA = ("annotations", "labels", "name", "namespace")


def main() -> None:
    """Read, reduce and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kubeconfig", required=True, help="Kubeconfig of the plane.")
    arguments = parser.parse_args()
    command = ["kubectl", "--kubeconfig", arguments.kubeconfig, "get", ",".join(KINDS)]
    done = subprocess.run(
        [*command, "--all-namespaces", "-o", "json"], check=True, capture_output=True
    )
    lines = [written(item) for item in json.loads(done.stdout)["items"]]
    TARGET.write_text("[\n" + ",\n".join(sorted(lines)) + "\n]\n", encoding="utf-8")


def written(item: dict[str, Any]) -> str:
    """An object without what the server adds of itself, on a line."""
    metadata = {key: item["metadata"][key] for key in KEPT_METADATA if key in item["metadata"]}
    reduced = {**{key: item[key] for key in KEPT if key in item}, "metadata": metadata}
    return json.dumps(reduced, sort_keys=True, separators=(",", ":"))


if __name__ == "__main__":
    main()
