"""Bearer tokens of service accounts: signed, bound to an account, and good for a while.

Invariant: a token that this process did not sign, that has been changed, that is over, or whose
service account is gone, names no user.
"""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from virtslo.model.kubernetes.identity import ACCOUNT_PREFIX

AUDIENCE: Final = "https://kubernetes.default.svc.cluster.local"
"""Who tokens are for, and who they are from, unless other audiences are asked for."""
_HEADER: Final[Mapping[str, str]] = {"alg": "HS256", "typ": "JWT"}


@dataclass(frozen=True, slots=True)
class Claim:
    """What a token says, once it is found to be genuine."""

    namespace: str
    name: str
    uid: str
    token_id: str
    audiences: tuple[str, ...]
    expires_at: int
    """Seconds since the epoch."""

    @property
    def username(self) -> str:
        """The user that the token stands for."""
        return f"{ACCOUNT_PREFIX}{self.namespace}:{self.name}"


class TokenSigner:
    """Signs and reads tokens with one key."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def sign(self, claim: Claim, *, issued_at: int, bound: Mapping[str, Any] | None) -> str:
        """A token that says this."""
        private: dict[str, Any] = {
            "namespace": claim.namespace,
            "serviceaccount": {"name": claim.name, "uid": claim.uid},
        }
        if bound is not None:
            private[str(bound["kind"]).lower()] = {"name": bound["name"], "uid": bound["uid"]}
        payload = {
            "aud": list(claim.audiences),
            "exp": claim.expires_at,
            "iat": issued_at,
            "iss": AUDIENCE,
            "jti": claim.token_id,
            "kubernetes.io": private,
            "nbf": issued_at,
            "sub": claim.username,
        }
        text = f"{_encoded(_HEADER)}.{_encoded(payload)}"
        return f"{text}.{self._signature(text)}"

    def read(self, token: str, *, now: int) -> Claim | None:
        """What a token says; None if it is not ours, or over."""
        text, _, signature = token.rpartition(".")
        expected = self._signature(text)
        if not text or not hmac.compare_digest(signature.encode(), expected.encode()):
            return None
        try:
            payload = json.loads(_decoded(text.partition(".")[2]))
        except (binascii.Error, ValueError):
            return None
        if payload["exp"] <= now:
            return None
        private = payload["kubernetes.io"]
        account = private["serviceaccount"]
        return Claim(
            private["namespace"],
            account["name"],
            account["uid"],
            payload["jti"],
            tuple(payload["aud"]),
            payload["exp"],
        )

    def _signature(self, text: str) -> str:
        return _text_of(hmac.digest(self._key, text.encode(), hashlib.sha256))


def _encoded(document: Mapping[str, Any]) -> str:
    return _text_of(json.dumps(document, separators=(",", ":")).encode())


def _text_of(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
