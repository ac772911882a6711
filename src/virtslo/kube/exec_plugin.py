"""Exec plug-ins of a kubeconfig: run with limits, their answers checked.

Invariant: neither what a plug-in is given nor what it prints is in a message or a log; it ends in
time and its answer has a limit. Only one that may use the terminal reads from it and writes to it.
"""

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from virtslo.base.errors import ClusterError
from virtslo.base.json_reader import JsonProblem, parse_json
from virtslo.base.limits import PLUG_IN_ANSWER, PLUG_IN_TIME
from virtslo.base.yaml_reader import Reading, YamlProblem, name_of, parse_yaml
from virtslo.base.yaml_scalars import Rules
from virtslo.kube.kubeconfig import Section

_HINT: Final = "try kubectl with the same context: it shows what the plug-in says"
_VERSIONS: Final = ("client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1")

_KIND: Final = "ExecCredential"
_NEVER: Final = "Never"
_IF_AVAILABLE: Final = "IfAvailable"
_ALWAYS: Final = "Always"


@dataclass(frozen=True, slots=True)
class PlugIn:
    """A command that prints credentials."""

    place: str
    arguments: tuple[str, ...]
    environment: Mapping[str, str]
    api_version: str
    cluster: Mapping[str, Any] | None
    """What it is reported of the cluster, where it asks for that."""
    interactive: bool = False
    """Whether it may ask for something at the terminal; else it has no input."""


@dataclass(frozen=True, slots=True)
class PlugInAnswer:
    """What a plug-in printed."""

    token: str | None
    certificate: bytes | None
    key: bytes | None
    expires: datetime | None


def plug_in_of(user: Section, cluster: Section) -> PlugIn | None:
    """The plug-in of a user's section. Raises ClusterError."""
    if user.values.get("exec") is None:
        return None
    if user.values.get("auth-provider") is not None:
        raise user.refusal("", "exec and auth-provider", "one way to authenticate")
    section = user.section("exec")
    command, version = section.text("command"), section.text("apiVersion")
    if not command:
        raise section.refusal("command", "nothing", "a command")
    if version not in _VERSIONS:
        found = "another one" if version else "nothing"
        raise section.refusal("apiVersion", found, f"one of {', '.join(_VERSIONS)}")
    if os.sep in command:
        command = str(section.folder / command)
    environment: dict[str, str] = {}
    for entry in section.sections("env"):
        if not entry.text("name"):
            raise entry.refusal("name", "nothing", "a name")
        environment[entry.text("name")] = entry.text("value")
    arguments = (command, *section.texts("args"))
    if any("\0" in text for text in (*arguments, *environment, *environment.values())):
        raise section.refusal("", "a NUL byte", "texts")
    told = _told(cluster) if section.flag("provideClusterInfo") else None
    interactive = _is_interactive(section, version)
    return PlugIn(section.place, arguments, environment, version, told, interactive)


def _is_interactive(section: Section, version: str) -> bool:
    """Whether a plug-in may use the terminal; raises ClusterError where it must and cannot."""
    mode = section.text("interactiveMode") or (_IF_AVAILABLE if version == _VERSIONS[1] else "")
    if mode not in (_NEVER, _IF_AVAILABLE, _ALWAYS):
        found = "another text" if mode else "nothing"
        raise section.refusal(
            "interactiveMode", found, f"one of {_NEVER}, {_IF_AVAILABLE}, {_ALWAYS}"
        )
    has_terminal = sys.stdin is not None and sys.stdin.isatty()
    if mode == _ALWAYS and not has_terminal:
        found = f"{_ALWAYS}, and standard input is no terminal"
        raise section.refusal("interactiveMode", found, f"{_NEVER} or {_IF_AVAILABLE}")
    return has_terminal and mode != _NEVER


def _told(cluster: Section) -> Mapping[str, Any]:
    keys = ("server", "tls-server-name", "insecure-skip-tls-verify", "certificate-authority-data")
    told = {key: cluster.values[key] for key in keys if cluster.values.get(key) is not None}
    return {**told, "config": None}


async def run_plug_in(plug_in: PlugIn) -> PlugInAnswer:
    """Run a plug-in and read its answer. Raises ClusterError."""
    try:
        async with asyncio.timeout(PLUG_IN_TIME.most):
            output = await _output(plug_in)
    except TimeoutError:
        raise _failed(plug_in, f"no answer within {PLUG_IN_TIME.amount}") from None
    document = _document(plug_in, output)
    if not isinstance(document, dict) or not isinstance(document.get("status"), dict):
        raise _failed(plug_in, "its answer has no status")
    if document.get("kind") not in (None, "", _KIND):
        raise _failed(plug_in, f"its answer is no {_KIND}")
    if document.get("apiVersion") != plug_in.api_version:
        raise _failed(plug_in, f"its answer is not of the apiVersion {plug_in.api_version}")
    return _answer(plug_in, document["status"])


def _document(plug_in: PlugIn, output: bytes) -> Any:
    """What a plug-in printed, which client-go takes as YAML too."""
    try:
        return parse_json(output)
    except JsonProblem:
        pass
    try:
        return parse_yaml(output, Reading(rules=Rules.SIGS))
    except YamlProblem:
        raise _failed(plug_in, "its answer is neither JSON nor YAML") from None


async def _output(plug_in: PlugIn) -> bytes:
    try:
        process = await asyncio.create_subprocess_exec(
            *plug_in.arguments,
            env={
                **os.environ,
                **plug_in.environment,
                "KUBERNETES_EXEC_INFO": _information(plug_in),
            },
            stdin=None if plug_in.interactive else asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=None if plug_in.interactive else asyncio.subprocess.DEVNULL,
        )
    except (OSError, ValueError) as error:
        words = getattr(error, "strerror", None) or "it cannot be started"
        raise _failed(plug_in, f"{words}: the command of the plug-in") from None
    assert process.stdout is not None
    try:
        held = bytearray()
        while chunk := await process.stdout.read(1 << 16):
            held += chunk
            if len(held) > PLUG_IN_ANSWER.most:
                raise _failed(plug_in, f"its answer is larger than {PLUG_IN_ANSWER.amount}")
        code = await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if code != 0:
        raise _failed(plug_in, f"it returned {code}")
    return bytes(held)


def _information(plug_in: PlugIn) -> str:
    spec: dict[str, Any] = {"interactive": plug_in.interactive}
    if plug_in.cluster is not None:
        spec["cluster"] = plug_in.cluster
    return json.dumps({"apiVersion": plug_in.api_version, "kind": _KIND, "spec": spec})


def _answer(plug_in: PlugIn, status: Mapping[str, Any]) -> PlugInAnswer:
    texts: dict[str, str | None] = {}
    for name in ("token", "clientCertificateData", "clientKeyData", "expirationTimestamp"):
        value = status.get(name)
        if value is not None and not isinstance(value, str):
            raise _failed(plug_in, f"status.{name} of its answer is a {name_of(value)}")
        texts[name] = value or None
    certificate, key = texts["clientCertificateData"], texts["clientKeyData"]
    if (certificate is None) is not (key is None) or (certificate is None and not texts["token"]):
        raise _failed(plug_in, "its answer holds no token and no certificate with its key")
    return PlugInAnswer(
        texts["token"],
        None if certificate is None else certificate.encode(),
        None if key is None else key.encode(),
        _moment(plug_in, texts["expirationTimestamp"]),
    )


def _moment(plug_in: PlugIn, text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise _failed(plug_in, "status.expirationTimestamp of its answer is no date") from None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _failed(plug_in: PlugIn, words: str) -> ClusterError:
    return ClusterError(f"{plug_in.place}: credentials cannot be used: {words}", hint=_HINT)
