"""Find out before the start whether a port is free, and who holds it when it is not."""

import socket

import psutil


def is_free(host: str, port: int) -> bool:
    """Say whether a server could listen there now."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        # As uvicorn does: connections of a server that has just stopped do not count as taken.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def holder_of(port: int) -> str:
    """Name the process that listens on a port, as far as this user may know."""
    try:
        for connection in psutil.net_connections("tcp"):
            is_it = connection.status == psutil.CONN_LISTEN and tuple(connection.laddr)[1:2] == (port,)
            if is_it and connection.pid:
                return f"{psutil.Process(connection.pid).name()} (pid {connection.pid})"
    except psutil.Error:
        pass
    return "another process"


def taken_ports(host: str, ports: dict[str, int]) -> list[str]:
    """Return a sentence for every port that is taken."""
    return [
        f"port {port} (for {name}) is taken by {holder_of(port)}"
        for name, port in ports.items()
        if not is_free(host if name == "gateway" else "127.0.0.1", port)
    ]
