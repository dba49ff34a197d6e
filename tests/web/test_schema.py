"""What the OpenAPI document allows, and what it forbids, thrown at every operation with a fixed seed: no answer is a 500; each is one that
the document declares, in the form it declares.
"""

import warnings
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.wsgi import get_wsgi_application
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.web.conftest import Company
from tests.web.test_api import Program
from watchbill.cases.findings.queries import search
from watchbill.paging.queries import open_alerts
from watchbill.web.api.api import openapi

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # its dependencies' own deprecations
    import schemathesis
    from schemathesis import GenerationMode
    from schemathesis.checks import not_a_server_error
    from schemathesis.specs.openapi.checks import (
        content_type_conformance,
        negative_data_rejection,
        response_schema_conformance,
        status_code_conformance,
    )

EXAMPLES = 20
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance, negative_data_rejection]
FIXED = settings(
    max_examples=EXAMPLES,
    derandomize=True,
    deadline=None,
    phases=(Phase.generate,),
    database=None,
    suppress_health_check=list(HealthCheck),
)


def operations() -> list[str]:
    """Every operation of the document, as "post /api/v1/inbox"."""
    return [f"{method} {path}" for path, methods in openapi(None)["paths"].items() for method in methods]


@pytest.fixture
def schema(saltmarsh: Company) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return schemathesis.openapi.from_wsgi("/api/v1/openapi.json", get_wsgi_application())


@pytest.fixture
def token(saltmarsh: Company) -> Iterator[str]:
    program = Program("admin", "read", "act", "send", "admin")
    return program.headers["HTTP_AUTHORIZATION"]


@pytest.mark.filterwarnings(
    "ignore:unclosed file:ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)  # its client closes no file
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["allowed", "forbidden"])
@pytest.mark.parametrize("name", operations())
def test_every_answer_is_declared(schema: Any, token: str, name: str, mode: GenerationMode) -> None:
    method, path = name.split(" ")
    operation = schema[path][method]
    if mode is GenerationMode.NEGATIVE and not (operation.body or operation.query or operation.path_parameters):
        pytest.skip("there is nothing to get wrong")
    known = {"finding_id": [one.id for one in search("").rows], "alert_id": [alert.id for alert in open_alerts()]}

    @FIXED
    @given(case=operation.as_strategy(generation_mode=mode), real=st.randoms(use_true_random=False))
    def throw(case: Any, real: Any) -> None:
        if mode is GenerationMode.POSITIVE:
            for parameter in case.path_parameters or {}:
                if ids := known.get(parameter):
                    case.path_parameters[parameter] = real.choice(ids)
        case.headers = {**(case.headers or {}), "Authorization": token, "Host": "localhost", "Accept-Encoding": "identity"}
        case.validate_response(case.call(), checks=CHECKS)

    throw()
