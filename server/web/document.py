"""The API's document (OpenAPI 3.1), made from the handlers themselves: their types, bounds, rules and sentences.

msgspec writes the schemas, so the document says just what is checked: every bound, and that unknown fields are refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, get_args, get_origin

import msgspec
from litestar import Litestar, Response
from litestar.params import ParameterKwarg
from litestar.routes import HTTPRoute

from server.domains.tenants.schemas import Slug
from server.kit.idempotency import LONGEST_KEY
from server.kit.scope import Rule
from server.web.errors import MEDIA_TYPE, Problem

REFS = "#/components/schemas/{name}"
UNSAFE = ("post", "put", "patch", "delete")
INTRODUCTION = """
One address for each church: `/api/v1/{church}/…`, where `church` is its short name, or one that it had before.

- **Errors** are problem documents (RFC 9457). Programs read `code`, people read `detail`; `errors` names each wrong
  field by a JSON pointer, with the limit that was broken.
- **Lists** come in pages: ask again with `after` set to the `next` of the page before, until it is `null`.
- **Writes** may carry `Idempotency-Key`: the same request with the same key is done once in 24 h.
- **Answers to GET** carry an `ETag`: send it back in `If-None-Match`, or in `If-Match` with a change.
- **Limits** stand in `RateLimit` and `RateLimit-Policy`; 429 says in `Retry-After` how long to wait.
- Every answer carries `X-Request-ID`: name it when you ask for help.
""".strip()
SECURITY: Mapping[str, Any] = {
    "token": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "An access token (10 min).",
    },
    "operator": {"type": "http", "scheme": "bearer", "description": "An operator's token (30 min)."},
    "key": {
        "type": "http",
        "scheme": "bearer",
        "description": "A church's API key: `nx_…`, with its own scopes.",
    },
    "console": {
        "type": "apiKey",
        "in": "cookie",
        "name": "__Host-narthex",
        "description": "The staff console's session; writes also carry `X-CSRF-Token`.",
    },
}
REFUSALS = {
    "400": "A value is wrong: `errors` names it and its limit.",
    "401": "Nobody is signed in, or the proof has expired.",
    "403": "The role of whoever is signed in does not allow this.",
    "404": "There is nothing here that the asker can see.",
    "409": "The present state does not allow this, or the Idempotency-Key was used otherwise.",
    "412": "It was changed meanwhile: `If-Match` names another version.",
    "413": "The body is larger than allowed.",
    "415": "The body is not JSON in UTF-8.",
    "429": "Too often: `Retry-After` says when again.",
    "503": "A part that this needs is away, or the church is suspended.",
    "default": "Another refusal, in the same form.",
}


class Document:
    """Makes the document once, when somebody first asks for it."""

    def __init__(self, app: Litestar) -> None:
        self._app = app
        self._encoded = b""

    @property
    def encoded(self) -> bytes:
        """Return the document as JSON."""
        if not self._encoded:
            self._encoded = msgspec.json.encode(self.build())
        return self._encoded

    def build(self) -> dict[str, Any]:
        """Put the document together from the route table."""
        routes = [(route, *pair) for route in self._app.routes for pair in _shown(route)]
        types = [
            kind
            for _, handler, _ in routes
            for kind in (_body(handler), _answer(handler))
            if kind is not None
        ]
        schemas, components = msgspec.json.schema_components([*types, Problem], ref_template=REFS)
        known = {id(kind): schema for kind, schema in zip(types, schemas, strict=False)}
        paths: dict[str, dict[str, Any]] = {}
        for route, handler, model in routes:
            for method in handler.http_methods:
                operation = _operation(route, handler, model, known)
                _exemplify(operation, components)
                paths.setdefault(route.path_format, {})[method.lower()] = operation
        return {
            "openapi": "3.1.0",
            "info": {"title": "Narthex", "version": "1", "description": INTRODUCTION},
            "servers": [{"url": "/"}],
            "paths": dict(sorted(paths.items())),
            "components": {
                "schemas": components,
                "responses": {f"Problem{status}": _refusal(text) for status, text in REFUSALS.items()},
                "securitySchemes": SECURITY,
            },
        }


def _shown(route: Any) -> Sequence[tuple[Any, Any]]:
    """Return a route's handlers with what Litestar found out about their parameters."""
    if not isinstance(route, HTTPRoute):
        return ()
    return [
        (handler, model)
        for handler, model in dict.fromkeys(route.route_handler_map.values())
        if handler.resolve_include_in_schema()
    ]


def _body(handler: Any) -> Any:
    field = handler.parsed_fn_signature.parameters.get("data")
    return None if field is None else field.annotation


def _answer(handler: Any) -> Any:
    kind = handler.parsed_fn_signature.return_type.annotation
    origin = get_origin(kind) or kind
    if isinstance(origin, type) and issubclass(origin, Response):
        kind = next(iter(get_args(kind)), None)
    return None if kind in (None, type(None), Any, bytes) else kind


def _content(handler: Any, known: Mapping[int, Any]) -> dict[str, Any]:
    """Describe what is answered: JSON of a type, a file of the handler's own kind, or nothing."""
    answer = _answer(handler)
    if answer is not None:
        return {"content": {"application/json": {"schema": known[id(answer)]}}}
    if handler.status_code == HTTPStatus.NO_CONTENT or handler.parsed_fn_signature.return_type.annotation in (
        None,
        type(None),
    ):
        return {}
    kind = str(getattr(handler.media_type, "value", handler.media_type))
    return {"content": {kind: {"schema": {"type": "string"}}}}


def _operation(route: Any, handler: Any, model: Any, known: Mapping[int, Any]) -> dict[str, Any]:
    body = _body(handler)
    unsafe = not handler.http_methods.isdisjoint({"POST", "PUT", "PATCH", "DELETE"})
    status = HTTPStatus(handler.status_code)
    operation = {
        "operationId": handler.operation_id or handler.handler_name,
        "summary": handler.summary or _sentence(handler.fn),
        "description": "\n\n".join(filter(None, (_rest(handler), _who(handler)))),
        "tags": sorted(handler.tags or ["other"]),
        "parameters": [*_parameters(route, handler, model), *_headers(handler, unsafe)],
        "responses": {
            str(int(status)): {"description": status.phrase, **_content(handler, known)},
            **{name: {"$ref": f"#/components/responses/Problem{name}"} for name in _refused(handler, unsafe)},
        },
        "security": _security(handler),
    }
    if body is not None:
        operation["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": known[id(body)]}},
        }
    return operation


def _refused(handler: Any, unsafe: bool) -> list[str]:
    rule: Rule = handler.opt["rule"]
    found = ["400", "404", "429", "503", "default"]
    found += [] if rule.anyone and not handler.opt.get("operator") else ["401", "403"]
    found += ["409"] if unsafe else []
    found += ["413", "415"] if _body(handler) is not None else []
    found += ["412"] if "if_version" in handler.parsed_fn_signature.parameters else []
    return sorted(found)


def _refusal(text: str) -> dict[str, Any]:
    schema = {"$ref": REFS.format(name=Problem.__name__)}
    return {"description": text, "content": {MEDIA_TYPE: {"schema": schema}}}


def _security(handler: Any) -> list[dict[str, list[str]]]:
    rule: Rule = handler.opt["rule"]
    if handler.opt.get("stranger"):
        return []
    if handler.opt.get("operator"):
        return [{"operator": []}]
    ways: list[dict[str, list[str]]] = [{"token": []}, {"console": []}]
    if rule.api_scope:
        ways.append({"key": []})
    return [{}, *ways] if rule.anyone else ways


def _who(handler: Any) -> str:
    rule: Rule = handler.opt["rule"]
    if handler.opt.get("operator"):
        return "For operators of the installation."
    if rule.anyone:
        return "For anybody."
    people = [*sorted(rule.roles), *(["guest"] if rule.guests else [])]
    key = f" API keys need the scope `{rule.api_scope}`." if rule.api_scope else ""
    return f"For: {', '.join(people) or 'nobody but the installation itself'}.{key}"


def _sentence(function: Any) -> str:
    return str(function.__doc__ or function.__name__).strip().splitlines()[0]


def _rest(handler: Any) -> str:
    """Return what a handler's docstring adds to the summary."""
    if handler.description:
        return str(handler.description)
    text = str(handler.fn.__doc__ or "").strip()
    return " ".join(text.split()) if handler.summary else " ".join(text.partition("\n")[2].split())


def _parameters(route: Any, handler: Any, model: Any) -> list[dict[str, Any]]:
    fields = handler.parsed_fn_signature.parameters
    expected = [*model.expected_path_params, *model.expected_query_params, *model.expected_header_params]
    found = {
        one.field_alias: _parameter(
            one.field_alias, one.param_type.value, one.is_required, fields[one.field_name]
        )
        for one in sorted(expected, key=lambda one: one.field_alias)
    }
    for name, definition in route.path_parameters.items():
        kind = Slug if name == "church" else definition.type
        found.setdefault(
            name, {"name": name, "in": "path", "required": True, "schema": msgspec.json.schema(kind)}
        )
    return list(found.values())


def _parameter(name: str, place: str, required: bool, field: Any) -> dict[str, Any]:
    schema = {**msgspec.json.schema(field.raw), **_litestar_bounds(field.kwarg_definition)}
    if field.has_default and isinstance(field.default, str | int | bool):
        schema["default"] = field.default
    found = {"name": name, "in": place, "required": required or place == "path", "schema": schema}
    if description := schema.pop("description", None):
        found["description"] = description
    return found


def _litestar_bounds(definition: Any) -> dict[str, Any]:
    """Return the bounds of a parameter that was declared Litestar's way."""
    if not isinstance(definition, ParameterKwarg):
        return {}
    names = {
        "ge": "minimum",
        "le": "maximum",
        "gt": "exclusiveMinimum",
        "lt": "exclusiveMaximum",
        "min_length": "minLength",
        "max_length": "maxLength",
        "pattern": "pattern",
        "description": "description",
    }
    found = {schema: getattr(definition, ours) for ours, schema in names.items()}
    return {name: value for name, value in found.items() if value is not None}


def _headers(handler: Any, unsafe: bool) -> list[dict[str, Any]]:
    found = []
    if unsafe and not handler.opt.get("secret_answer"):
        schema = {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY, "pattern": "^[\\x20-\\x7e]+$"}
        text = "Makes it safe to send this again: choose a random value for each thing that is to be done."
        found.append({"name": "Idempotency-Key", "in": "header", "schema": schema, "description": text})
    if "if_version" in handler.parsed_fn_signature.parameters:
        text = "The ETag that the last answer carried: refuses when somebody else was quicker."
        found.append({"name": "If-Match", "in": "header", "schema": {"type": "string"}, "description": text})
    return found


def _exemplify(operation: dict[str, Any], components: Mapping[str, Any]) -> None:
    """Give each body an example, put together from its fields' own."""
    for place in (operation.get("requestBody"), *operation["responses"].values()):
        for content in (place or {}).get("content", {}).values():
            content.setdefault("example", example(content["schema"], components))


def example(schema: Mapping[str, Any], components: Mapping[str, Any], depth: int = 0) -> Any:
    """Make a value of a schema: its own example, its default, or the plainest value it allows."""
    if "$ref" in schema:
        schema = components[schema["$ref"].rpartition("/")[2]]
    if schema.get("examples"):
        return schema["examples"][0]
    if "default" in schema and schema["default"] not in (None, [], {}, ()):
        return schema["default"]
    if "enum" in schema:
        return schema["enum"][0]
    if choices := schema.get("anyOf"):
        return example(choices[0], components, depth)
    match schema.get("type"):
        case "object" if depth < 6:
            return {
                name: example(one, components, depth + 1)
                for name, one in schema.get("properties", {}).items()
            }
        case "array" if depth < 6:
            return [example(schema["items"], components, depth + 1)] if schema.get("items") else []
    plain = _PLAIN.get(schema.get("format") or str(schema.get("type")))
    if not isinstance(plain, str):
        return plain
    least = schema.get("minLength", 0)
    return (plain * (1 + least // len(plain)) if len(plain) < least else plain)[: schema.get("maxLength")]


_PLAIN = {
    "string": "text",
    "integer": 1,
    "number": 1.0,
    "boolean": True,
    "uuid": "01981f3e-8a51-7cc2-b1a4-5f2f4f6d9a10",
    "date-time": "2026-03-01T09:30:00Z",
    "date": "2026-03-01",
    "email": "ruth@example.org",
}
