"""The part of an API object that following it reads: who it is, how far, where and whose.

Invariant: what `observe/phases.py` reads is here; a watch that is opened for facts alone may leave
out everything else of an object. A built cluster's objects are mostly what is left out: managed
fields, specs and volumes.
"""

from typing import TypedDict


class OwnerFacts(TypedDict, total=False):
    """An owner reference."""

    kind: str
    name: str
    uid: str
    controller: bool


class MetadataFacts(TypedDict, total=False):
    """An object's identity."""

    name: str
    namespace: str
    uid: str
    resourceVersion: str
    labels: dict[str, str]
    creationTimestamp: str
    deletionTimestamp: str
    ownerReferences: list[OwnerFacts]


class ConditionFacts(TypedDict, total=False):
    """A condition."""

    type: str
    status: str


class PhaseTime(TypedDict, total=False):
    """The server's stamp of a phase."""

    phase: str
    phaseTransitionTimestamp: str


class MigrationFacts(TypedDict, total=False):
    """A VMI's last live migration."""

    migrationUid: str
    completed: bool
    failed: bool


class StatusFacts(TypedDict, total=False):
    """How far an object is."""

    phase: str
    printableStatus: str
    ready: bool
    nodeName: str
    conditions: list[ConditionFacts]
    phaseTransitionTimestamps: list[PhaseTime]
    migrationState: MigrationFacts


class SpecFacts(TypedDict, total=False):
    """Where an object is to be."""

    nodeName: str


class ObjectFacts(TypedDict, total=False):
    """An object, as far as following it goes."""

    apiVersion: str
    kind: str
    metadata: MetadataFacts
    spec: SpecFacts
    status: StatusFacts
