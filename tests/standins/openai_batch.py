"""The Batch API as OpenAI describes it: files, batches, output and error files, unordered."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import orjson

from tests.openai_server import problem_with
from tests.servers import Received, Reply, StandIn, route

KEY = "sk-test"
Answer = Callable[[dict[str, Any]], str]


def completion(content: str, **choice: Any) -> dict[str, Any]:
    message = {"role": "assistant", "content": content, "refusal": None}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 0,
        "model": "m-2026",
        "choices": [{"index": 0, "finish_reason": "stop", "message": message, **choice}],
        "usage": {
            "prompt_tokens": 1000,
            "completion_tokens": 100,
            "total_tokens": 1100,
            "prompt_tokens_details": {"cached_tokens": 0},
        },
    }


def output_line(custom_id: str, body: Mapping[str, Any], status: int = 200) -> bytes:
    response = {"status_code": status, "request_id": "req_1", "body": body}
    line = {"id": "batch_req_1", "custom_id": custom_id, "response": response, "error": None}
    return orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE)


def error_line(custom_id: str, code: str = "batch_expired") -> bytes:
    error = {"code": code, "message": "This request could not be executed."}
    line = {"id": "batch_req_2", "custom_id": custom_id, "response": None, "error": error}
    return orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE)


class OpenAIBatch(StandIn):
    """Answers a batch when `finish` is called; requests for which `expires` holds expire."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.answer_with = answer
        self.expires: Callable[[int], bool] = lambda _: False
        self.files: dict[str, bytes] = {}
        self.batches: dict[str, dict[str, Any]] = {}
        self.problems: list[str] = []

    def authorise(self, request: Received) -> Reply | None:
        if request.headers.get("authorization") != f"Bearer {KEY}":
            return Reply(401, {"error": {"message": "Incorrect API key", "code": "invalid"}})
        return None

    def finish(self) -> None:
        for batch in self.batches.values():
            if batch["status"] != "in_progress":
                continue
            lines = [orjson.loads(x) for x in self.files[batch["input_file_id"]].splitlines()]
            self.problems += filter(None, (problem_with(line["body"]) for line in lines))
            good, bad = [], []
            for number, line in enumerate(lines):
                if self.expires(number):
                    bad.append(error_line(line["custom_id"]))
                else:
                    body = completion(self.answer_with(line["body"]))
                    good.append(output_line(line["custom_id"], body))
            batch["status"] = "expired" if bad else "completed"
            batch["request_counts"] = {
                "total": len(lines), "completed": len(good), "failed": len(bad)
            }  # fmt: skip
            batch["output_file_id"] = self._kept(b"".join(reversed(good))) if good else None
            batch["error_file_id"] = self._kept(b"".join(bad)) if bad else None

    @route("POST", "/v1/files")
    def upload(self, request: Received) -> Reply:
        boundary = re.search("boundary=(.+)", request.headers["content-type"])
        assert boundary is not None
        parts = request.body.split(b"--" + boundary.group(1).strip('"').encode())
        file = next(p for p in parts if b'name="file"' in p)
        assert any(b'name="purpose"' in p and b"batch" in p for p in parts)
        content = file.split(b"\r\n\r\n", 1)[1].removesuffix(b"\r\n")
        file_id = self._kept(content)
        return Reply(200, {
            "id": file_id, "object": "file", "bytes": len(content), "created_at": 0,
            "filename": "x.jsonl", "purpose": "batch", "status": "processed",
        })  # fmt: skip

    @route("POST", "/v1/batches")
    def create(self, request: Received) -> Reply:
        wanted = request.json()
        assert wanted["endpoint"] == "/v1/chat/completions"
        assert wanted["completion_window"] == "24h"
        batch_id = f"batch_{len(self.batches)}"
        self.batches[batch_id] = {
            "id": batch_id, "object": "batch", "created_at": 0, "status": "in_progress",
            "output_file_id": None, "error_file_id": None, "request_counts": None, **wanted,
        }  # fmt: skip
        return Reply(200, self.batches[batch_id])

    @route("GET", "/v1/batches")
    def list_batches(self, request: Received) -> Reply:
        found = list(self.batches.values())
        return Reply(200, {"object": "list", "data": found, "has_more": False})

    @route("GET", "/v1/batches/{id}")
    def retrieve(self, request: Received) -> Reply:
        return Reply(200, self.batches[request.params["id"]])

    @route("GET", "/v1/files/{id}/content")
    def content(self, request: Received) -> Reply:
        file = self.files[request.params["id"]]
        return Reply(200, file, {"content-type": "application/octet-stream"})

    @route("DELETE", "/v1/files/{id}")
    def delete(self, request: Received) -> Reply:
        self.files.pop(request.params["id"])
        return Reply(200, {"id": request.params["id"], "object": "file", "deleted": True})

    def _kept(self, content: bytes) -> str:
        file_id = f"file-{len(self.files)}-{len(self.batches)}"
        self.files[file_id] = content
        return file_id
