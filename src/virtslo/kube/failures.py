"""What the network's own exceptions mean. Pure.

Invariant: every exception of `NETWORK_ERRORS` becomes an error of ours that names the request and
the host, and never a secret.
"""

import ssl
from typing import Final

from virtslo.base.errors import ClusterError, ConnectionLost
from virtslo.kube.http_library import aiohttp

NETWORK_ERRORS: Final = (aiohttp.ClientError, TimeoutError, OSError)
"""What aiohttp, ssl and sockets raise; ssl.SSLError is an OSError."""


def lost(place: str, error: Exception) -> ClusterError:
    """The error of ours for one of the network's, met at a place."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        error = error.certificate_error
    if isinstance(error, ssl.SSLCertVerificationError):
        return ClusterError(
            f"{place}: its certificate is not trusted: {error.verify_message}",
            hint="look at certificate-authority-data of this cluster in the kubeconfig",
        )
    if isinstance(error, aiohttp.InvalidURL):
        return ClusterError(f"{place}: this is no address")
    if isinstance(error, TimeoutError):
        return ConnectionLost(f"{place}: no answer in time")
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return ConnectionLost(f"{place}: the connection was closed before the answer")
    if isinstance(error, aiohttp.ClientPayloadError):
        return ConnectionLost(f"{place}: the connection was closed within the answer")
    told: object = getattr(error, "os_error", error)
    words = getattr(told, "strerror", None) or str(told) or type(told).__name__
    return ConnectionLost(f"{place}: {words}")
