"""Tests can't leave this machine."""

import socket

import pytest

from tests.conftest import LeftThisMachine


def test_a_test_cannot_connect_to_another_machine() -> None:
    with socket.socket() as plug, pytest.raises(LeftThisMachine):
        plug.connect(("192.0.2.1", 443))


def test_names_of_other_machines_do_not_resolve() -> None:
    with pytest.raises(socket.gaierror):
        socket.getaddrinfo("watchbill.example", 443)


def test_loopback_is_open() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(("localhost", server.getsockname()[1])) as plug:
        assert plug.getpeername()[0] == "127.0.0.1"
