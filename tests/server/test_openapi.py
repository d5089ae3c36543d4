"""The OpenAPI document says what the service does."""

from __future__ import annotations

import os

import msgspec
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from tests.server.conftest import Served

from impasto.server.app import ENDPOINTS
from impasto.server.openapi import document
from impasto.stylize.controls import Controls

pytestmark = pytest.mark.xdist_group("server")

DOCUMENT = document(ENDPOINTS, "1.0")
EXAMPLES = 60 if os.environ.get("IMPASTO_SLOW", "0") != "0" else 6
schema = schemathesis.openapi.from_dict(DOCUMENT)


def test_the_controls_come_from_their_struct() -> None:
    form = DOCUMENT["paths"]["/api/v1/pictures"]["post"]["requestBody"]["content"]["multipart/form-data"]["schema"]
    strength = form["properties"]["strength"]
    assert (strength["minimum"], strength["maximum"], strength["default"]) == (0, 1.5, 1)
    assert set(Controls.__struct_fields__) <= set(form["properties"])
    assert form["required"] == ["photo"]
    assert form["properties"]["size"]["type"] == "integer"  # nothing in a form is null


def test_every_path_is_explained() -> None:
    for endpoint in ENDPOINTS:
        operation = DOCUMENT["paths"][f"/api/v1{endpoint.path}"][endpoint.method.lower()]
        assert operation["summary"].endswith((".", ";"))
        assert operation["responses"]


def test_is_served(served: Served) -> None:
    answer = served.client.get("/openapi.json")
    assert answer.json()["paths"] == msgspec.json.decode(msgspec.json.encode(DOCUMENT["paths"]))
    page = served.client.get(f"http://127.0.0.1:{served.port}/api/docs").text
    assert "POST /api/v1/pictures" in page
    assert "http://" not in page
    assert "https://" not in page


@schema.exclude(operation_id="add_style").parametrize()
@settings(max_examples=EXAMPLES, phases=[Phase.generate], suppress_health_check=list(HealthCheck), derandomize=True)
def test_anything_at_all(case: schemathesis.Case, served: Served) -> None:
    """Whatever is sent, nothing but what the document says is answered, and never a fault."""
    answer = case.call(base_url=f"http://127.0.0.1:{served.port}", timeout=60)
    checks = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
    case.validate_response(answer, checks=checks)
