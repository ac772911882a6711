"""Which rules hold for a user: those of the roles that bindings give it.

Invariant: it reads what is stored at the moment, so that a role or a binding holds from its write
on; a binding to a role that is missing gives nothing, and is reported.
"""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from virtslo.model.identifiers import Object
from virtslo.model.kubernetes.access_resources import (
    CLUSTER_ROLE_BINDINGS,
    CLUSTER_ROLES,
    RBAC,
    ROLE_BINDINGS,
    ROLES,
)
from virtslo.model.kubernetes.identity import ACCOUNT_PREFIX, Identity
from virtslo.sim.authorization.go_text import go_quoted
from virtslo.sim.authorization.rules import Rule
from virtslo.sim.storage.object_store import Collection, ObjectStore

MOST_USERS: Final = 1024

Subject = Any


class Held(NamedTuple):
    """Rules that a binding gives; or why it gives none."""

    source: str
    rules: tuple[Rule, ...]
    problem: str = ""


class _Binding(NamedTuple):
    binding: Object
    subject: Subject


class MissingRole(Exception):
    """A binding names a role that is not there; the words are the API server's."""


class Roles:
    """Roles and bindings of a store, by user."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self._found: dict[tuple[Identity, str], tuple[_Binding, ...]] = {}
        self._seen: tuple[int, int] = (-1, -1)

    def held(self, user: Identity, namespace: str) -> Iterator[Held]:
        """What a user may do anywhere, and in a namespace if one is named."""
        for binding, subject in self._bindings(user, namespace):
            try:
                rules = self.rules_of(binding["roleRef"], binding["metadata"].get("namespace", ""))
            except MissingRole as problem:
                yield Held("", (), str(problem))
            else:
                yield Held(_described(binding, subject), rules)

    def rules_of(self, reference: Any, namespace: str) -> tuple[Rule, ...]:
        """The rules of the role that a binding refers to. Raises MissingRole."""
        name = reference["name"]
        resource, place = (ROLES, namespace) if reference["kind"] == "Role" else (CLUSTER_ROLES, "")
        role = self._store.get(resource, (place, name))
        if role is None:
            raise MissingRole(f"{resource.singular}.{RBAC} {go_quoted(name)} not found")
        return tuple(role.get("rules") or ())

    def _bindings(self, user: Identity, namespace: str) -> tuple[_Binding, ...]:
        """The bindings that a user is a subject of; searched once while no binding changes."""
        everywhere = self._store.collection(CLUSTER_ROLE_BINDINGS)
        here = self._store.collection(ROLE_BINDINGS)
        seen = (_version(everywhere), _version(here))
        if seen != self._seen or len(self._found) > MOST_USERS:
            self._found.clear()
            self._seen = seen
        key = (user, namespace)
        found = self._found.get(key)
        if found is None:
            bound = list(_applying(everywhere, user, ""))
            if namespace:
                bound += _applying(here, user, namespace)
            found = self._found[key] = tuple(bound)
        return found


def _version(collection: Collection) -> int:
    """The version of a collection's last change."""
    return collection.log[-1].resource_version if collection.log else collection.forgotten


def _applying(collection: Collection, user: Identity, namespace: str) -> Iterator[_Binding]:
    for (place, _), binding in collection.in_order():
        if place != namespace:
            continue
        for subject in binding.get("subjects") or ():
            if _is_meant(subject, user, namespace):
                yield _Binding(binding, subject)
                break


def _is_meant(subject: Subject, user: Identity, namespace: str) -> bool:
    match subject["kind"]:
        case "User":
            return bool(subject["name"] == user.username)
        case "Group":
            return subject["name"] in user.groups
        case _:
            place = subject.get("namespace") or namespace
            return bool(place) and user.username == f"{ACCOUNT_PREFIX}{place}:{subject['name']}"


def _described(binding: Object, subject: Subject) -> str:
    metadata, role = binding["metadata"], binding["roleRef"]
    namespace = metadata.get("namespace", "")
    kind = "RoleBinding" if namespace else "ClusterRoleBinding"
    name = f"{metadata['name']}/{namespace}" if namespace else metadata["name"]
    who = subject["name"]
    if subject["kind"] == "ServiceAccount":
        who = f"{who}/{subject.get('namespace') or namespace}"
    return (
        f"{kind} {go_quoted(name)} of {role['kind']} {go_quoted(role['name'])} to "
        f"{subject['kind']} {go_quoted(who)}"
    )
