"""Webhook signatures as Standard Webhooks has them, against that specification's own example."""

import base64

from hypothesis import given
from hypothesis import strategies as st

from watchbill.paging.rules.signature import key_bytes, sign

SECRET = "whsec_" + base64.b64encode(b"a key of some thirty random bytes").decode()


def test_the_specifications_example_is_reproduced() -> None:
    """The values that the reference libraries of Standard Webhooks test themselves with."""
    told = sign("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert told == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_prefixed_secret_is_read_as_base64() -> None:
    assert key_bytes(SECRET) == b"a key of some thirty random bytes"


def test_a_plain_secret_is_its_own_bytes() -> None:
    assert key_bytes("correct horse") == b"correct horse"


def test_a_prefixed_secret_that_is_no_base64_is_its_own_bytes() -> None:
    assert key_bytes("whsec_n0 base64!") == b"whsec_n0 base64!"


@given(st.binary(max_size=50), st.binary(max_size=50), st.integers(0, 2**33))
def test_another_body_has_another_signature(one: bytes, other: bytes, stamp: int) -> None:
    assert (sign(SECRET, "id", stamp, one) == sign(SECRET, "id", stamp, other)) == (one == other)


def test_another_time_or_id_has_another_signature() -> None:
    assert len({sign(SECRET, "a", 1, b"x"), sign(SECRET, "a", 2, b"x"), sign(SECRET, "b", 1, b"x")}) == 3
