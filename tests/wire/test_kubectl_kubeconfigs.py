"""kubectl is the judge of kubeconfigs: what it takes is taken, and what is refused it refuses too.

Where both differ the case says so, with the reason.
"""

import asyncio
import base64
import copy
import json
import os
import subprocess
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from support.clusters import Served, served
from support.kubectl import KUBECTL, UNCOLLECTED, WHY_NOT
from virtslo.base.clock import SystemClock
from virtslo.base.errors import ClusterError
from virtslo.kube.credentials import connect

pytestmark = [
    pytest.mark.skipif(KUBECTL is None, reason=WHY_NOT),
    pytest.mark.timeout(180),
]

Document = dict[str, Any]
Form = Callable[[Document], Any]
EXEC = {
    "apiVersion": "client.authentication.k8s.io/v1",
    "command": "./plug.sh",
    "interactiveMode": "Never",
}


def cluster(**changes: Any) -> Form:
    def form(document: Document) -> Document:
        section = document["clusters"][0]["cluster"]
        for key, value in changes.items():
            name = key.replace("_", "-")
            section.pop(name, None) if value is None else section.update({name: value})
        return document

    return form


def user(**changes: Any) -> Form:
    def form(document: Document) -> Document:
        document["users"][0]["user"] |= {k.replace("_", "-"): v for k, v in changes.items()}
        return document

    return form


def only(section: Any) -> Form:
    def form(document: Document) -> Document:
        document["users"][0]["user"] = section
        return document

    return form


def server(change: Callable[[str], str]) -> Form:
    def form(document: Document) -> Document:
        section = document["clusters"][0]["cluster"]
        section["server"] = change(section["server"])
        return document

    return form


def ca(change: Callable[[str], str]) -> Form:
    def form(document: Document) -> Document:
        section = document["clusters"][0]["cluster"]
        key = "certificate-authority-data"
        section[key] = change(section[key])
        return document

    return form


def token(change: Callable[[str], str]) -> Form:
    def form(document: Document) -> Document:
        section = document["users"][0]["user"]
        section["token"] = change(section["token"])
        return document

    return form


def at(*place: Any, value: Any) -> Form:
    def form(document: Document) -> Document:
        found: Any = document
        for key in place[:-1]:
            found = found[key]
        found[place[-1]] = value
        return document

    return form


def beside(section: str, kind: str, entry: Any) -> Form:
    """An entry that the current context does not use."""

    def form(document: Document) -> Document:
        document[section].append({"name": "other", kind: entry})
        return document

    return form


def text(change: Callable[[str], str]) -> Form:
    return lambda document: change(yaml.safe_dump(document))


TAKEN: dict[str, Form] = {
    "as it is": lambda document: document,
    "JSON": json.dumps,
    "a byte order mark": text(lambda words: f"\ufeff{words}"),
    "carriage returns": text(lambda words: words.replace("\n", "\r\n")),
    "a leading ---": text(lambda words: f"---\n{words}"),
    "a trailing ---": text(lambda words: f"---\n{words}---\n"),
    "a second document": text(lambda words: f"{words}---\na: 1\n"),
    "base64 in lines": ca(lambda data: "\n".join(textwrap.wrap(data, 76)) + "\n"),
    "base64 in CRLF lines": ca(lambda data: "\r\n".join(textwrap.wrap(data, 64))),
    "a certificate beside the file": cluster(
        certificate_authority_data=None, certificate_authority="ca.pem"
    ),
    "no check of certificates": cluster(
        certificate_authority_data=None, insecure_skip_tls_verify=True
    ),
    "an empty proxy": cluster(proxy_url=""),
    "another name of the server": cluster(tls_server_name="localhost"),
    "a slash after the address": server(lambda url: f"{url}/"),
    "an upper scheme": server(lambda url: url.replace("https", "HTTPS")),
    "a token file beside the file": only({"tokenFile": "token"}),
    "a token file and another token": only({"tokenFile": "token", "token": "wrong"}),
    "an exec command beside the file": only({"exec": EXEC}),
    "exec with null args and env": only({"exec": {**EXEC, "args": None, "env": None}}),
    "exec told of the cluster": only({"exec": {**EXEC, "provideClusterInfo": True}}),
    "a slash in as-user-extra": user(
        **{
            "as": "jane",
            "as-groups": ["system:masters"],
            "as-user-extra": {"example.org/a%b": ["x"]},
        }
    ),
    "a group": user(**{"as": "jane", "as-groups": ["system:masters"]}),
    "an odd name of a context": lambda document: at("current-context", value="a/b:c@d")(
        at("contexts", 0, "name", value="a/b:c@d")(document)
    ),
    "null lists": lambda document: {**document, "extensions": None, "preferences": None},
    "unknown keys": at("users", 0, "user", "colour", value="red"),
    "an anchor and a merge": text(
        lambda words: words.replace("clusters:", "x-a: &a {server: https://x}\nclusters:")
    ),
}
TAKEN |= {
    "nulls in lists": user(**{"as": "jane", "as-groups": ["system:masters", None]}),
    "a null of an impersonated user": user(
        **{"as": "jane", "as-groups": ["system:masters"], "as-user-extra": {"a": None}}
    ),
    "an entry that is null": lambda document: {
        **document,
        "contexts": [*document["contexts"], None],
    },
    "a token with a tabulator": token(lambda words: f"{words}\t"),
    "a token file that is missing beside a token": user(tokenFile="none"),
    "a key without a certificate": user(**{"client-key": "none"}),
    "exec with a variable without a value": only({"exec": {**EXEC, "env": [{"name": "a"}]}}),
    "a namespace that is no name": at("contexts", 0, "context", "namespace", value="A_b"),
    "an unused context of nothing": beside(
        "contexts", "context", {"cluster": "none", "user": "none"}
    ),
    "an unused certificate that is missing": beside(
        "clusters", "cluster", {"server": "https://x", "certificate-authority": "none"}
    ),
}
TAKEN |= {
    "an empty token file beside a token": user(tokenFile="empty"),
    "a plug-in beside a token": user(exec={**EXEC, "command": "./fails.sh"}),
    "a plug-in that prints YAML": only({"exec": {**EXEC, "command": "./yaml.sh"}}),
    "a user without a name": lambda document: at("users", 0, "name", value=None)(
        at("contexts", 0, "context", "user", value="")(document)
    ),
    "a context without a name": lambda document: at("contexts", 0, "name", value=None)(
        at("current-context", value="")(document)
    ),
}
REFUSED: dict[str, Form] = {
    "a plug-in that prints another kind": only({"exec": {**EXEC, "command": "./pod.sh"}}),
    "a token with a line feed": token(lambda words: f"{words}\n"),
    "both a certificate and no check": cluster(insecure_skip_tls_verify=True),
    "a truth in quotes": cluster(insecure_skip_tls_verify="true"),
    "a list as the address": cluster(server=["x"]),
    "another user in the address": server(lambda url: url.replace("://", "://me:pw@")),
    "a port that is none": server(lambda url: "https://127.0.0.1:99999"),
    "a port of letters": server(lambda url: "https://127.0.0.1:abc"),
    "no base64": ca(lambda data: "!!!"),
    "no certificate": ca(lambda data: base64.b64encode(b"nothing").decode()),
    "a list as a context": at("contexts", 0, "context", value=[1]),
    "a text as a list": at("contexts", value="x"),
    "a number as a name": at("contexts", 0, "name", value=123),
    "a name twice": lambda document: {**document, "users": document["users"] * 2},
    "a cluster that is missing": at("contexts", 0, "context", "cluster", value="none"),
    "a user that is missing": at("contexts", 0, "context", "user", value="none"),
    "a plug-in that is missing": only({"exec": {**EXEC, "command": "no-such-plug-in"}}),
    "a plug-in without a command": only({"exec": {**EXEC, "command": ""}}),
    "a plug-in of no version": only({"exec": {**EXEC, "apiVersion": "x/v9"}}),
    "a token file that is missing": only({"tokenFile": "none"}),
    "a certificate without its key": user(client_certificate_data="aGk="),
    "groups without a name": user(as_groups=["x"]),
    "token and user name": user(username="me", password="pw"),
    "a space before the address": server(lambda url: f" {url}"),
    "a certificate file that is missing beside its data": cluster(certificate_authority="none"),
    "a certificate file beside its data": cluster(certificate_authority="ca.pem"),
    "a numeric namespace": at("contexts", 0, "context", "namespace", value=5),
    "an unused numeric namespace": beside("contexts", "context", {"namespace": 5}),
    "an unused address that is a number": beside("clusters", "cluster", {"server": 5}),
    "unused data that is no base64": beside("users", "user", {"client-key-data": "!"}),
    "unused groups that are a text": beside("users", "user", {"as-groups": "x"}),
    "arguments that are numbers": only({"exec": {**EXEC, "args": [5]}}),
    "variables as a mapping": only({"exec": {**EXEC, "env": {"a": "b"}}}),
    "a numeric hint": only({"exec": {**EXEC, "installHint": 5}}),
    "extensions as a mapping": cluster(extensions={"a": 1}),
    "an extension twice": cluster(extensions=[{"name": "a", "extension": {}}] * 2),
    "preferences as a list": at("preferences", value=[]),
    "a truth that is a text": cluster(disable_compression="no"),
    "a password beside a token": user(password="pw"),
    "a plug-in without a mode": only({"exec": {**EXEC, "interactiveMode": ""}}),
    "a plug-in of another mode": only({"exec": {**EXEC, "interactiveMode": "never"}}),
    "a plug-in that must ask, without a terminal": only(
        {"exec": {**EXEC, "interactiveMode": "Always"}}
    ),
    "a plug-in and a provider": only({"exec": EXEC, "auth-provider": {"name": "gcp"}}),
    "no YAML": lambda document: "a: [",
    "a number": lambda document: "5",
}


def judged(path: Path) -> tuple[bool, str]:
    done = subprocess.run(
        [str(KUBECTL), f"--kubeconfig={path}", "get", "--raw", "/api/v1/nodes"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        cwd="/",
        stdin=subprocess.DEVNULL,
        env={"PATH": os.environ["PATH"], "HOME": str(path.parent), **UNCOLLECTED},
    )
    return done.returncode == 0, done.stdout + done.stderr


async def ours(path: Path) -> tuple[bool, str]:
    try:
        async with await connect(
            kubeconfig=path, context=None, in_cluster=False, clock=SystemClock(), user_agent="me/1"
        ) as api:
            await api.read_raw("/api/v1/nodes")
    except ClusterError as error:
        return False, error.message
    return True, ""


def laid_out(folder: Path, there: Served) -> Document:
    (folder / "ca.pem").write_bytes(there.certificates.ca_pem)
    (folder / "token").write_text(f"{there.token}\n")
    answer = {
        "apiVersion": EXEC["apiVersion"],
        "kind": "ExecCredential",
        "status": {"token": there.token},
    }
    prints = {
        "plug.sh": json.dumps(answer),
        "yaml.sh": yaml.safe_dump(answer),
        "pod.sh": json.dumps({**answer, "kind": "Pod"}),
    }
    scripts = {name: f"echo '{words}'" for name, words in prints.items()}
    for name, line in {**scripts, "fails.sh": "exit 3"}.items():
        (folder / name).write_text(f"#!/bin/sh\n{line}\n")
        (folder / name).chmod(0o755)
    (folder / "empty").touch()
    data = base64.b64encode(there.certificates.ca_pem).decode()
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {"name": "c", "cluster": {"server": there.url, "certificate-authority-data": data}}
        ],
        "users": [{"name": "u", "user": {"token": there.token}}],
        "contexts": [{"name": "mine", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "mine",
    }


def compare(folder: Path, forms: dict[str, Form], *, is_taken: bool) -> None:
    async def main() -> list[str]:
        differences = []
        async with served() as there:
            document = laid_out(folder, there)
            for name, form in forms.items():
                made = form(copy.deepcopy(document))
                path = folder / "config"
                words = made if isinstance(made, str) else yaml.safe_dump(made)
                path.write_bytes(words.encode())
                kubectls = await asyncio.to_thread(judged, path)
                us = await ours(path)
                if (kubectls[0], us[0]) != (is_taken, is_taken):
                    differences.append(f"{name}: kubectl {kubectls}, virtslo {us}")
        return differences

    assert asyncio.run(main()) == []


def test_what_kubectl_takes_is_taken(tmp_path: Path) -> None:
    compare(tmp_path, TAKEN, is_taken=True)


def test_what_is_refused_kubectl_refuses_too(tmp_path: Path) -> None:
    compare(tmp_path, REFUSED, is_taken=False)
