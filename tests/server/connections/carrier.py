"""A stand-in for a connection, where only the parsing is tested."""

from server.connections.request import Request
from server.front.problems import Answer


class SilentCarrier:
    """Takes nothing and sends nothing."""

    client = "192.0.2.1"
    server = ("192.0.2.2", 80)

    def read_on(self) -> None:
        """Does nothing."""

    def send_continue(self) -> None:
        """Does nothing."""

    def send(self, request: Request, answer: Answer) -> int:
        """Does nothing."""
        return 0
