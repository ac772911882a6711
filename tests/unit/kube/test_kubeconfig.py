"""Kubeconfigs of every form, and of no form: read, or refused without showing any secret."""

import asyncio
import base64
import copy
import json
import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from virtslo.base.clock import SystemClock
from virtslo.base.errors import ClusterError
from virtslo.kube import credentials
from virtslo.kube.kubeconfig import kubeconfig_paths, read_kubeconfig

SECRET = "s3cr3t"
ENCODED = base64.b64encode(SECRET.encode()).decode()
Place = tuple[str | int, ...]


def full() -> dict[str, Any]:
    """A kubeconfig with every field, a secret in each of a user's."""
    plug_in = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "command": f"/nowhere/{SECRET}",
        "args": [f"--token={SECRET}"],
        "env": [{"name": f"TOKEN_{SECRET}", "value": SECRET}],
        "installHint": SECRET,
        "interactiveMode": "Never",
        "provideClusterInfo": True,
    }
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {
                "name": "c",
                "cluster": {
                    "server": f"https://me:{SECRET}@127.0.0.1:6443",
                    "certificate-authority-data": "aGk=",
                    "insecure-skip-tls-verify": False,
                    "tls-server-name": "name",
                    "proxy-url": f"http://me:{SECRET}@127.0.0.1:1",
                },
            }
        ],
        "users": [
            {
                "name": "u",
                "user": {
                    "token": SECRET,
                    "tokenFile": f"file-{SECRET}",
                    "username": f"me-{SECRET}",
                    "password": SECRET,
                    "client-certificate-data": ENCODED,
                    "client-key-data": ENCODED,
                    "client-certificate": f"file-{SECRET}",
                    "client-key": f"file-{SECRET}",
                    "as": f"jane-{SECRET}",
                    "as-uid": SECRET,
                    "as-groups": [SECRET],
                    "as-user-extra": {"example.org/scope": [SECRET]},
                    "exec": plug_in,
                    "auth-provider": {
                        "name": "oidc",
                        "config": {"id-token": SECRET, "client-secret": SECRET, "expiry": SECRET},
                    },
                },
            }
        ],
        "contexts": [{"name": "mine", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "mine",
    }


def places(value: Any, at: Place = ()) -> Iterator[Place]:
    """Every place of a document."""
    if at:
        yield at
    if isinstance(value, dict | list):
        for key, below in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places(below, (*at, key))


def put(document: Any, place: Place, value: Any) -> None:
    for key in place[:-1]:
        document = document[key]
    document[place[-1]] = value


def drop(document: Any, place: Place) -> None:
    for key in place[:-1]:
        document = document[key]
    del document[place[-1]]


def tried(path: Path) -> str:
    """What is said of a kubeconfig; nothing if it is taken."""

    async def open_it() -> None:
        await credentials._endpoint(path, None, SystemClock(), "me/1")

    said = ""
    try:
        said += credentials.describe_target(kubeconfig=path, context=None, in_cluster=False)
    except ClusterError as error:
        said += f"{error}{error.hint}"
    try:
        asyncio.run(open_it())
    except ClusterError as error:
        said += f"{error}{error.hint}"
    return said


WHOLE = yaml.safe_dump(full())
ODD = [
    None, 5, True, "", SECRET, f"{SECRET}\n", f"{SECRET}\0", [], [SECRET], {SECRET: SECRET}, [None],
]  # fmt: skip
ONE_WAY = {
    "all": (),
    "token": ("tokenFile", "username", "exec", "auth-provider"),
    "exec": ("token", "tokenFile", "username", "auth-provider"),
    "provider": ("token", "tokenFile", "username", "exec"),
}


@pytest.mark.parametrize("way", ONE_WAY)
def test_no_odd_value_anywhere_is_shown_or_a_traceback(
    tmp_path: Path, way: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    path = tmp_path / "config"
    start = full()
    user = start["users"][0]["user"]
    for key in ONE_WAY[way]:
        user.pop(key)
    if way != "all":
        for key in (
            "client-certificate",
            "client-certificate-data",
            "client-key",
            "client-key-data",
        ):
            user.pop(key)
    count = 0
    for place in places(start):
        if way != "all" and place[0] != "users":
            continue
        for odd in ODD:
            document = copy.deepcopy(start)
            put(document, place, odd)
            text = json.dumps(document)
            if place[0] != "users":  # names of contexts and of files of a cluster are shown
                text = text.replace(f'"{SECRET}', '"odd')
            path.write_text(text)
            count += 1
            assert SECRET not in tried(path), (place, odd)
        document = copy.deepcopy(start)
        drop(document, place)
        path.write_text(json.dumps(document))
        assert SECRET not in tried(path), place

    assert count > (300 if way == "all" else 100)
    assert SECRET not in caplog.text


@given(st.text(max_size=30), st.integers(0, 2000))
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_no_damaged_text_is_shown_or_a_traceback(tmp_path: Path, insert: str, at: int) -> None:
    path = tmp_path / "config"
    path.write_bytes(f"{WHOLE[:at]}{insert}{WHOLE[at:]}".encode(errors="replace"))

    assert SECRET not in tried(path)


def answered(program: str) -> str:
    """What is said of a plug-in that is this program."""
    from virtslo.kube.exec_plugin import PlugIn, run_plug_in

    version = "client.authentication.k8s.io/v1"
    plug_in = PlugIn("users[0].user.exec", (sys.executable, "-c", program), {}, version, None)
    with pytest.raises(ClusterError) as refused:
        asyncio.run(run_plug_in(plug_in))
    return f"{refused.value}{refused.value.hint}"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("", "no status"),
        (SECRET, "no status"),
        ("[" * 5000, "neither JSON nor YAML"),
        ('{"kind": "s3cr3t", "apiVersion": "V", "status": {}}', "no ExecCredential"),
        ("[]", "no status"),
        ('{"status": []}', "no status"),
        ('{"apiVersion": "V", "status": {"token": ["s3cr3t"]}}', "status.token"),
        (
            '{"apiVersion": "V", "status": {"expirationTimestamp": "s3cr3t", "token": "x"}}',
            "no date",
        ),
        ('{"apiVersion": "V", "status": {"clientKeyData": "s3cr3t"}}', "no token"),
        ('{"apiVersion": "s3cr3t", "status": {"token": "s3cr3t"}}', "apiVersion"),
    ],
)
def test_a_plug_ins_answer_is_read_or_refused_without_being_shown(answer: str, words: str) -> None:
    answer = answer.replace('"V"', '"client.authentication.k8s.io/v1"')

    said = answered(f"print({answer!r})")

    assert words in said
    assert SECRET not in said


def test_a_plug_in_without_end_is_ended() -> None:
    assert "larger than 1 MiB" in answered("while True: print('x' * 65536)")


def test_relative_paths_are_relative_to_the_file_and_the_first_file_wins(tmp_path: Path) -> None:
    first, second = tmp_path / "a" / "one", tmp_path / "b" / "two"
    for path, user in ((first, {}), (second, {"exec": {"command": "./plug.sh"}})):
        path.parent.mkdir()
        document = full() | {"users": [{"name": path.name, "user": user}]}
        document["contexts"][0]["context"]["user"] = "two"
        path.write_text(yaml.safe_dump(document))

    target = read_kubeconfig([first, second]).target(None)

    assert target.cluster.folder == first.parent
    assert target.user.folder == second.parent


def test_empty_files_are_empty_and_missing_ones_are_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "empty").write_text("")
    (tmp_path / "full").write_text(yaml.safe_dump(full()))
    monkeypatch.setenv(
        "KUBECONFIG", f":{tmp_path / 'empty'}::{tmp_path / 'none'}:{tmp_path / 'full'}:"
    )

    merged = read_kubeconfig(kubeconfig_paths(None))

    assert merged.target(None).context == "mine"


def test_a_folder_is_refused_and_a_tilde_is_a_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As kubectl has both: the shell expands a tilde, or nothing does."""
    (tmp_path / "full").write_text(yaml.safe_dump(full()))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("KUBECONFIG", f"{tmp_path}:{tmp_path / 'full'}")
    with pytest.raises(ClusterError, match="a folder"):
        read_kubeconfig(kubeconfig_paths(None))
    monkeypatch.setenv("KUBECONFIG", "~/full")
    with pytest.raises(ClusterError, match="no kubeconfig at"):
        kubeconfig_paths(None)


@pytest.mark.parametrize(("key", "value"), [("kind", "Pod"), ("apiVersion", "v2"), ("kind", 5)])
def test_a_document_of_another_kind_is_no_kubeconfig(
    tmp_path: Path, key: str, value: object
) -> None:
    path = tmp_path / "config"
    path.write_text(yaml.safe_dump(full() | {key: value}))

    with pytest.raises(ClusterError, match=f"its {key} is not"):
        read_kubeconfig([path])
