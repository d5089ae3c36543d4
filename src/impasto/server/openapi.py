"""The OpenAPI document, made from the endpoints, and a page that shows it to people."""

from __future__ import annotations

import base64
import hashlib
import html
import http
import inspect
import re
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from starlette.responses import HTMLResponse

from impasto.server.endpoints import JSON, PREFIX, Endpoint, Struct
from impasto.server.guard import HEALTH
from impasto.server.problems import MEDIA_TYPE, Problem

_REFERENCE = "#/components/schemas/"
_FILE = {"type": "string", "format": "binary"}
_NO_TOKEN, _ANY_FORM = (401, 403), (400, 408, 413, 415, 422, 429, 503)
"""Problems that every path but the first may answer with, and those of every path that takes a form."""
_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}"
    "code{font:.9em ui-monospace,monospace}h2{margin:2.5rem 0 0;font-size:1.1rem}"
    "table{border-collapse:collapse}td{padding:.2rem 1rem .2rem 0;vertical-align:top}"
)


def document(endpoints: Iterable[Endpoint], version: str) -> dict[str, Any]:
    """The OpenAPI document (3.1) of all ``endpoints``, for a version of this package."""
    endpoints = list(endpoints)
    structs = {each for endpoint in endpoints for each in _structs(endpoint)} | {Problem}
    schemas = msgspec.json.schema_components(
        sorted(structs, key=lambda each: each.__name__), ref_template=_REFERENCE + "{name}"
    )[1]
    schemas |= dict.fromkeys({"File", "StoredFile"} & set(schemas), _FILE)
    paths: dict[str, dict[str, Any]] = {}
    for each in endpoints:
        paths.setdefault(PREFIX + each.path, {})[each.method.lower()] = _operation(each, schemas)
    for endpoint in endpoints:
        for form in (*endpoint.form, *endpoint.query):
            schemas.pop(form.__name__, None)
    token = {"type": "http", "scheme": "bearer", "description": "Needed where other computers can reach the service."}
    return {
        "openapi": "3.1.0",
        "info": {"title": "impasto", "version": version, "description": "Repaints photos."},
        "paths": paths,
        "components": {"schemas": schemas, "securitySchemes": {"token": token}},
        "security": [{}, {"token": []}],
    }


def _structs(endpoint: Endpoint) -> Iterator[Struct]:
    for each in (*endpoint.query, *endpoint.form, endpoint.body, endpoint.answer):
        if isinstance(each, type):
            yield each


def _operation(endpoint: Endpoint, schemas: dict[str, Any]) -> dict[str, Any]:
    summary, _, more = (inspect.getdoc(endpoint.handler) or "").partition("\n\n")
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "pattern": "^[^/]+$"}}
        for name in re.findall(r"\{(\w+)\}", endpoint.path)
    ]
    for name, schema in _fields(endpoint.query, schemas).items():
        parameters.append({"name": name, "in": "query", "required": False, "schema": schema})
    operation = {
        "operationId": endpoint.handler.__name__,
        "summary": " ".join(summary.split()),
        "description": " ".join(more.split()),
        "parameters": parameters,
        "responses": _responses(endpoint),
    }
    if body := _body(endpoint, schemas):
        operation["requestBody"] = {"required": True, "content": body}
    return operation


def _body(endpoint: Endpoint, schemas: dict[str, Any]) -> dict[str, Any]:
    if endpoint.form:
        required = [name for form in endpoint.form for name in schemas[form.__name__].get("required", [])]
        fields = _fields(endpoint.form, schemas)
        schema = {"type": "object", "properties": fields, "required": required, "additionalProperties": False}
        return {"multipart/form-data": {"schema": schema}}
    if isinstance(endpoint.body, str):
        return {endpoint.body: {"schema": _FILE}}
    return {JSON: {"schema": _reference(endpoint.body)}} if endpoint.body else {}


def _fields(structs: Iterable[Struct], schemas: dict[str, Any]) -> dict[str, Any]:
    """The fields of forms and queries, where nothing can be null: what is not given is left out."""
    return {
        name: _without_null(schema)
        for struct in structs
        for name, schema in schemas[struct.__name__]["properties"].items()
    }


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    kinds = [kind for kind in schema.get("anyOf", []) if kind != {"type": "null"}]
    if not kinds:
        return schema
    return {**kinds[0], **{name: value for name, value in schema.items() if name not in ("anyOf", "default")}}


def _responses(endpoint: Endpoint) -> dict[str, Any]:
    answer: dict[str, Any] = {"description": http.HTTPStatus(endpoint.status).phrase}
    if isinstance(endpoint.answer, str):
        answer["content"] = {endpoint.answer: {"schema": _FILE}}
    elif endpoint.answer:
        answer["content"] = {JSON: {"schema": _reference(endpoint.answer)}}
    problem = {MEDIA_TYPE: {"schema": _reference(Problem)}}
    guarded = () if PREFIX + endpoint.path == HEALTH else _NO_TOKEN
    asked = (400, 408, 413, 422) if endpoint.body else (422,) if endpoint.query else ()
    statuses = {*guarded, *endpoint.errors, *(_ANY_FORM if endpoint.form else asked)}
    problems = {str(status): {"description": http.HTTPStatus(status).phrase, "content": problem} for status in statuses}
    return {str(endpoint.status): answer, **dict(sorted(problems.items()))}


def _reference(struct: Struct) -> dict[str, str]:
    return {"$ref": _REFERENCE + struct.__name__}


def page(described: dict[str, Any]) -> HTMLResponse:
    """The document as a page, without scripts and for every browser."""
    parts = [
        f"<h2><code>{method.upper()} {html.escape(path)}</code></h2><p>{html.escape(operation['summary'])} "
        f"{html.escape(operation['description'])}</p><table>{''.join(_rows(operation))}</table>"
        for path, operations in described["paths"].items()
        for method, operation in operations.items()
    ]
    head = (
        '<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content="width=device-width">'
        f"<title>impasto: API</title><style>{_STYLE}</style>"
    )
    intro = f'<h1>impasto {described["info"]["version"]}: API</h1><p><a href="{PREFIX}/openapi.json">OpenAPI</a>'
    digest = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; frame-ancestors 'none'"
    return HTMLResponse(head + intro + "".join(parts), headers={"Content-Security-Policy": policy})


def _rows(operation: dict[str, Any]) -> Iterator[str]:
    """A row for each thing that a path takes, one for its answer, and one for all problems."""
    fields, required = {each["name"]: each["schema"] for each in operation["parameters"]}, set()
    for content in operation.get("requestBody", {}).get("content", {}).values():
        fields |= content["schema"].get("properties", {})
        required |= {*content["schema"].get("required", [])}
    for name, schema in fields.items():
        default = f" Default: {schema['default']}." if schema.get("default") not in (None, "", ()) else ""
        needed = " Required." if name in required else ""
        yield _row(f"<code>{name}</code>", _kind(schema), f"{schema.get('description', '')}{default}{needed}")
    statuses = sorted(operation["responses"])
    yield _row("answer", statuses[0], ", ".join(operation["responses"][statuses[0]].get("content", {})))
    if statuses[1:]:
        yield _row("problems", "", ", ".join(statuses[1:]))


def _row(first: str, second: str, third: str) -> str:
    return f"<tr><td>{first}<td>{html.escape(second)}<td>{html.escape(third)}"


def _kind(schema: dict[str, Any]) -> str:
    if schema.get("type") == "array":
        return f"{_kind(schema['items'])}, several"
    return str(schema.get("type", "file"))
