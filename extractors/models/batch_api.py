"""The Batch API of OpenAI and of servers like it, through their SDK."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openai

from bantam.errors import ExtractionError
from extractors.models.batch_files import ENDPOINT
from extractors.models.transport import make_client

ENDED = frozenset({"completed", "expired", "cancelled", "failed"})

_MARK = "bantam"
"""Key of the metadata by which a batch that we sent is found again."""


@dataclass(frozen=True, slots=True)
class RemoteBatch:
    """A batch as the server tells it."""

    id: str
    status: str
    """validating, in_progress, finalizing, or one of `ENDED`."""
    completed: int
    failed: int
    total: int
    files: tuple[str, ...] = ()
    """Ids of output and error file, once there are any."""
    request_file: str = ""


class BatchApi:
    """Sends request files and brings answers back."""

    def __init__(self, base_url: str, api_key: str) -> None:
        """Connect lazily.

        Args:
            base_url: of the server, with /v1.
            api_key: for it.
        """
        self._client = make_client(base_url, api_key).with_options(max_retries=3)

    def submit(self, batch_id: str, path: Path) -> RemoteBatch:
        """Upload a request file and start its batch.

        Raises:
            ExtractionError: the server refuses or does not answer.
        """
        try:
            with path.open("rb") as file:
                uploaded = self._client.files.create(file=file, purpose="batch")
            return _remote(
                self._client.batches.create(
                    input_file_id=uploaded.id,
                    endpoint=ENDPOINT,
                    completion_window="24h",
                    metadata={_MARK: batch_id},
                )
            )
        except openai.OpenAIError as error:
            raise _refused(error) from None

    def find(self, batch_id: str) -> RemoteBatch | None:
        """Return the batch that was started for a request file, None when none was.

        Raises:
            ExtractionError: the server refuses or does not answer.
        """
        try:
            for batch in self._client.batches.list(limit=100):
                if (batch.metadata or {}).get(_MARK) == batch_id:
                    return _remote(batch)
        except openai.OpenAIError as error:
            raise _refused(error) from None
        return None

    def look(self, remote_id: str) -> RemoteBatch:
        """Return how a batch stands.

        Raises:
            ExtractionError: the server refuses or does not answer.
        """
        try:
            return _remote(self._client.batches.retrieve(remote_id))
        except openai.OpenAIError as error:
            raise _refused(error) from None

    def fetch(self, file_id: str, to: Path) -> None:
        """Write a file of answers to disk.

        Raises:
            ExtractionError: the server refuses or does not answer.
        """
        part = to.with_suffix(".part")
        try:
            with self._client.files.with_streaming_response.content(file_id) as answer:
                answer.stream_to_file(part)
        except openai.OpenAIError as error:
            raise _refused(error) from None
        part.chmod(0o600)
        part.replace(to)

    def forget(self, remote: RemoteBatch) -> int:
        """Delete a batch's files at the server; return how many would not go."""
        kept = 0
        for file_id in filter(None, (remote.request_file, *remote.files)):
            try:
                self._client.files.delete(file_id)
            except openai.OpenAIError:
                kept += 1
        return kept


def _remote(batch: Any) -> RemoteBatch:
    counts = batch.request_counts
    return RemoteBatch(
        id=batch.id,
        status=batch.status,
        completed=counts.completed if counts else 0,
        failed=counts.failed if counts else 0,
        total=counts.total if counts else 0,
        files=tuple(f for f in (batch.output_file_id, batch.error_file_id) if f),
        request_file=batch.input_file_id or "",
    )


def _refused(error: openai.OpenAIError) -> ExtractionError:
    status = getattr(error, "status_code", None)
    said = f"HTTP {status}" if status else type(error).__name__
    fix = {
        401: "set BANTAM_MODEL__API_KEY",
        404: "the server has no Batch API or not this batch; answer the request file elsewhere"
        " and read it back with `bantam batch collect --file`",
    }.get(status or 0, "try again later")
    return ExtractionError(f"batch: the server answers {said}; {fix}")
