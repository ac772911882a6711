"""Other people's servers on loopback: a port for each, and waiting until it answers."""

import http.client
import socket
import subprocess
import time


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_ready(port: int, process: subprocess.Popen[bytes], path: str = "/-/ready") -> None:
    """Until it answers 200."""
    for _ in range(6000):
        assert process.poll() is None, "it ended"
        try:
            if answer_of(port, path)[0] == 200:
                return
        except OSError:
            pass
        time.sleep(0.1)
    raise AssertionError("it did not become ready")


def answer_of(port: int, path: str) -> tuple[int, bytes]:
    """The status code and the body that a path is answered with."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()
