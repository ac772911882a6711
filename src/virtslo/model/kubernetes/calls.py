"""A REST call as it is counted: by verb, resource, subresource and code, in every source alike.

Invariant: verbs are those of KubeVirt's client metric (CREATE, UPDATE, …) in every source; what is
no resource has its path in place of the subresource.
"""

from collections.abc import Mapping
from typing import NamedTuple


class RestCall(NamedTuple):
    """Requests that are counted together."""

    verb: str
    resource: str
    """Empty for a path that is no resource, such as `/metrics`."""
    subresource: str
    """Empty for the resource itself; a path for what is no resource."""
    code: str

    @classmethod
    def of_target(cls, verb: str, target: str, code: str) -> "RestCall":
        """The call of a verb on `resource`, `resource/subresource` or a path."""
        if target.startswith("/"):
            return cls(verb, "", target, code)
        resource, _, subresource = target.partition("/")
        return cls(verb, resource, subresource, code)

    @property
    def target(self) -> str:
        """`resource`, `resource/subresource`, or a path."""
        if self.resource and self.subresource:
            return f"{self.resource}/{self.subresource}"
        return self.resource or self.subresource

    @property
    def is_success(self) -> bool:
        """Whether the requests were answered 2xx."""
        return self.code.startswith("2")

    def folded(self) -> "RestCall":
        """The same without its subresource, as KubeVirt's metric counts it."""
        return self._replace(subresource="") if self.subresource else self


Counted = Mapping[RestCall, int]
"""How often each call was made."""


class ComponentCall(NamedTuple):
    """Requests of one component that are counted together."""

    component: str
    """`*` where all callers are counted together."""
    call: RestCall


class TimedCall(NamedTuple):
    """Requests whose durations are kept together, as Kubernetes' SLI for API calls has them."""

    verb: str
    target: str
    """`resource` or `resource/subresource`."""
    scope: str
    """`resource`, `namespace` or `cluster`."""
