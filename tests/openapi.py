"""Holds requests and answers against a vendor's OpenAPI document, read once per process."""

from __future__ import annotations

import functools
import json
from urllib.parse import urlsplit

from openapi_core import OpenAPI
from openapi_core.exceptions import OpenAPIError
from openapi_core.templating.paths.exceptions import PathError
from openapi_core.templating.security.exceptions import SecurityNotFound
from openapi_core.testing import MockRequest, MockResponse
from openapi_core.validation.request.exceptions import SecurityValidationError

from tests.paths import SPECS


class RefusedError(Exception):
    """The document does not allow this request; `status` is what the vendor would answer."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


class Document:
    """One vendor's document."""

    def __init__(self, name: str) -> None:
        spec = json.loads((SPECS / f"{name}.json").read_text(encoding="utf-8"))
        server = urlsplit(spec["servers"][0]["url"])
        self.host = f"{server.scheme}://{server.netloc}"
        self.base_path = server.path.rstrip("/")
        self.operations = {
            (method.upper(), path)
            for path, item in spec["paths"].items()
            for method in item
            if method in {"get", "post", "put", "patch", "delete"}
        }
        self._openapi = OpenAPI.from_dict(spec)

    def request(
        self,
        method: str,
        path: str,
        query: dict[str, list[str]],
        headers: dict[str, str],
        body: bytes,
    ) -> MockRequest:
        """Return the request in openapi-core's terms; `path` starts with the base path."""
        return MockRequest(
            self.host,
            method.lower(),
            path,
            args=query,  # type: ignore[arg-type]
            headers=headers,
            data=body or None,
            content_type=headers.get("content-type", "").partition(";")[0],
        )

    def check_request(self, request: MockRequest) -> None:
        """Raise RefusedError when the document does not allow the request."""
        try:
            self._openapi.validate_request(request)
        except PathError as error:
            raise RefusedError(404, str(error)) from error
        except (SecurityNotFound, SecurityValidationError) as error:
            raise RefusedError(401, str(error)) from error
        except OpenAPIError as error:
            raise RefusedError(400, _why(error)) from error

    def check_answer(
        self, request: MockRequest, status: int, headers: dict[str, str], body: bytes
    ) -> None:
        """Raise OpenAPIError when a stand-in's own answer is not one that the document allows."""
        content_type = headers.get("content-type", "application/json").partition(";")[0]
        answer = MockResponse(body, status_code=status, headers=headers, content_type=content_type)
        self._openapi.validate_response(request, answer)


@functools.cache
def document(name: str) -> Document:
    """Return the document `../shared/specs/NAME.json`."""
    return Document(name)


def _why(error: BaseException) -> str:
    parts = [str(error)]
    while error.__cause__ is not None:
        error = error.__cause__
        parts.append(str(error))
    return ": ".join(parts)
