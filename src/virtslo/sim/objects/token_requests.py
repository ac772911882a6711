"""`serviceaccounts/token`: tokens on demand, as kubelets and `kubectl create token` ask for them.

Invariant: a token is for an account that exists, and for an object that exists where it is bound
to one; it lasts ten minutes at least.
"""

import uuid
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Final

from virtslo.base.clock import Clock, timestamp
from virtslo.base.errors import BadRequest
from virtslo.model.identifiers import Object
from virtslo.model.kubernetes import resources
from virtslo.model.kubernetes.identity import Identity, groups_of_accounts
from virtslo.model.kubernetes.review_resources import TOKEN_REQUESTS
from virtslo.sim.api.refusals import conflict, invalid, invalid_value, not_found
from virtslo.sim.api.requests import Request
from virtslo.sim.objects.tokens import AUDIENCE, Claim, TokenSigner
from virtslo.sim.storage.object_store import ObjectStore

DEFAULT_SECONDS: Final = 3600
LEAST_SECONDS: Final = 600
MOST_SECONDS: Final = 1 << 32
_BOUND_TO: Final = {
    resource.kind: resource for resource in (resources.PODS, resources.SECRETS, resources.NODES)
}


class TokenRequests:
    """Issues tokens, and knows whose they are."""

    def __init__(self, store: ObjectStore, clock: Clock, key: bytes) -> None:
        self._store = store
        self._clock = clock
        self._signer = TokenSigner(key)
        self.find_user: Callable[[str, str], Identity | None] = self.user_of
        """Whose bearer token this is, of all that are let in; by token and user agent."""

    def issue(self, request: Request, account: Object, body: Object) -> Object:
        """The TokenRequest with its token. Raises BadRequest, Conflict, Invalid or NotFound."""
        spec = body.get("spec") or {}
        asked = spec.get("expirationSeconds")
        seconds = DEFAULT_SECONDS if asked is None else asked
        metadata = account["metadata"]
        words = ""
        if seconds < LEAST_SECONDS:
            words = "may not specify a duration less than 10 minutes"
        elif seconds > MOST_SECONDS:
            words = "may not specify a duration larger than 2^32 seconds"
        if words:
            cause = invalid_value("spec.expirationSeconds", seconds, words)
            raise invalid(TOKEN_REQUESTS, "", [cause])
        bound = self._bound(metadata["namespace"], spec.get("boundObjectRef"))
        now = self._clock.wall()
        expires = now + timedelta(seconds=seconds)
        audiences = tuple(spec.get("audiences") or (AUDIENCE,))
        claim = Claim(
            metadata["namespace"],
            metadata["name"],
            metadata["uid"],
            str(uuid.uuid5(uuid.UUID(metadata["uid"]), timestamp(now))),
            audiences,
            int(expires.timestamp()),
        )
        token = self._signer.sign(claim, issued_at=int(now.timestamp()), bound=bound)
        return {
            **body,
            "metadata": {
                "name": metadata["name"],
                "namespace": metadata["namespace"],
                "creationTimestamp": timestamp(now),
            },
            "spec": {
                "audiences": list(audiences),
                "expirationSeconds": seconds,
                "boundObjectRef": spec.get("boundObjectRef"),
            },
            "status": {"token": token, "expirationTimestamp": timestamp(expires)},
        }

    def user_of(self, token: str, user_agent: str) -> Identity | None:
        """The user of this token; None if it is unknown, or for another audience."""
        claim = self._signer.read(token, now=int(self._clock.wall().timestamp()))
        if claim is None or AUDIENCE not in claim.audiences:
            return None
        account = self._store.get(resources.SERVICE_ACCOUNTS, (claim.namespace, claim.name))
        if account is None or account["metadata"]["uid"] != claim.uid:
            return None
        component = user_agent.partition("/")[0] or "unknown"
        return Identity(component, claim.username, user_agent, groups_of_accounts(claim.namespace))

    def _bound(self, namespace: str, reference: Any) -> Mapping[str, Any] | None:
        """What a token is to be bound to, with its UID."""
        if not reference:
            return None
        kind, name = reference.get("kind", ""), reference.get("name", "")
        resource = _BOUND_TO.get(kind)
        if resource is None:
            version = reference.get("apiVersion", "")
            raise BadRequest(f"cannot bind token to object of type {version}, Kind={kind}")
        found = self._store.get(resource, (namespace if resource.namespaced else "", name))
        if found is None:
            raise not_found(resource, name)
        uid = found["metadata"]["uid"]
        if reference.get("uid") and reference["uid"] != uid:
            raise conflict(resource, name)
        return {"kind": kind, "name": name, "uid": uid}
