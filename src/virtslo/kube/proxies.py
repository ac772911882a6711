"""Which proxy the environment means for an address, as Go's clients read it.

Invariant: HTTPS_PROXY, HTTP_PROXY and NO_PROXY mean here what they mean to kubectl.
"""

import ipaddress
import os
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

_MAPPED: Final = 96
"""The prefix of addresses of version 4 that are written as version 6."""
_PORTS: Final = {"http": 80, "https": 443}

Ip = ipaddress.IPv4Address | ipaddress.IPv6Address


def environment_proxy(url: str, environment: Mapping[str, str] | None = None) -> str | None:
    """The proxy for a URL; None for loopback and for what NO_PROXY names."""
    variables = os.environ if environment is None else environment
    parts = urlsplit(url)
    proxy = _variable(variables, f"{parts.scheme}_proxy")
    host = _ascii(parts.hostname or "")
    if not proxy or not host:
        return None
    port = parts.port or _PORTS.get(parts.scheme, 0)
    is_localhost = host == "localhost" and host in parts.netloc  # Go wants it in small letters
    if is_localhost or _is_left_out(host, port, _variable(variables, "no_proxy")):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"


def _variable(variables: Mapping[str, str], name: str) -> str:
    return variables.get(name.upper()) or variables.get(name) or ""


def _is_left_out(host: str, port: int, no_proxy: str) -> bool:
    ip = _ip(host)
    if ip is not None and ip.is_loopback:
        return True
    return any(_matches(entry.strip().lower(), host, port, ip) for entry in no_proxy.split(","))


def _matches(entry: str, host: str, port: int, ip: Ip | None) -> bool:
    """Whether an entry of NO_PROXY names a host: `*`, a network, an address or a domain."""
    if not entry:
        return False
    if entry == "*":
        return True
    if "/" in entry:
        network = _network(entry)
        if network is not None:
            return ip is not None and ip in network
    name, wanted_port = _split(entry)
    if not name or (wanted_port and wanted_port != str(port)):
        return False
    named = _ip(name)
    if named is not None:
        return named == ip
    name = _ascii(name)
    if name.startswith("*."):
        name = name[1:]
    if name.startswith("."):
        return host.endswith(name)
    return host == name or host.endswith(f".{name}")


def _split(entry: str) -> tuple[str, str]:
    """Host and port of `host`, `host:port` or `[address]:port`."""
    if entry.startswith("["):
        name, bracket, rest = entry[1:].partition("]")
        return (name, rest[1:]) if bracket and rest.startswith(":") else (entry, "")
    name, colon, port = entry.rpartition(":")
    return (name, port) if colon and ":" not in name else (entry, "")


def _ip(text: str) -> Ip | None:
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = getattr(found, "ipv4_mapped", None)
    return mapped if mapped is not None else found


def _ascii(name: str) -> str:
    """A name as it is looked up: letters beyond ASCII in punycode."""
    if name.isascii():
        return name
    try:
        return name.encode("idna").decode()
    except UnicodeError:
        return name


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    """A network by its prefix; a mask in its place is none to Go."""
    if not text.rpartition("/")[2].isdecimal():
        return None
    try:
        found = ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None
    if isinstance(found, ipaddress.IPv6Network) and found.prefixlen >= _MAPPED:
        mapped = found.network_address.ipv4_mapped
        if mapped is not None:
            return ipaddress.IPv4Network((mapped, found.prefixlen - _MAPPED))
    return found
