"""TLS of connections to other people's services.

Invariant: what is https has a context of its own, never aiohttp's, whose authorities virtslo may
not have loaded.
"""

import ssl
from urllib.parse import urlsplit

from virtslo.base.errors import ClusterError


def tls_of(
    url: str, place: str, *, authority: bytes | None = None, verify: bool = True
) -> ssl.SSLContext | bool:
    """What aiohttp's `ssl` takes for a URL; without an authority the system's are trusted.

    Raises ClusterError for an authority that is none, beginning with `place`.
    """
    if urlsplit(url).scheme == "http":
        return True
    try:
        context = ssl.create_default_context(cadata=authority.decode() if authority else None)
    except (ssl.SSLError, ValueError) as error:
        raise ClusterError(f"{place}: its authority is no PEM certificate") from error
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
