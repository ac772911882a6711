"""Leaving a watch closes its connection, whatever the server does, over sockets."""

import asyncio
import gc
import socket
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from virtslo.base.clock import SystemClock
from virtslo.kube.connector import Endpoint, tls_context
from virtslo.kube.http_transport import open_api
from virtslo.model.kubernetes import resources
from virtslo.sim.http.certificates import Certificates, make_certificates

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"


@contextmanager
def silent_server(certificates: Certificates) -> Iterator[str]:
    """A server that answers one watch and takes no part in ending the connection."""
    is_over = threading.Event()

    def serve() -> None:
        taken, _ = listener.accept()
        with certificates.server.wrap_socket(taken, server_side=True) as connection:
            connection.recv(65536)
            connection.sendall(HEAD)
            is_over.wait(30)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = threading.Thread(target=serve)
        server.start()
        yield f"https://127.0.0.1:{listener.getsockname()[1]}"
        is_over.set()
        server.join()


def test_a_watch_that_is_left_does_not_wait_for_the_servers_farewell() -> None:
    certificates = make_certificates()

    async def main(url: str) -> None:
        endpoint = Endpoint(url, "test/1", tls=tls_context(ca=certificates.ca_pem))
        async with (
            open_api(endpoint, SystemClock()) as api,
            api.watch(resources.CONFIG_MAPS, resource_version="1"),
        ):
            pass

    with silent_server(certificates) as url, warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        asyncio.run(main(url))
        gc.collect()

    assert [str(warning.message) for warning in told if warning.category is ResourceWarning] == []
