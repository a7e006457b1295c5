# One image for the receiver, for workers and for the command line.
FROM python:3.11-slim-bookworm AS build
COPY --from=ghcr.io/astral-sh/uv:0.9 /uv /usr/local/bin/uv
WORKDIR /app
ENV UV_LINK_MODE=copy UV_COMPILE_BYTECODE=1
COPY requirements.lock ./
RUN uv venv /venv && uv pip install --python /venv/bin/python --require-hashes -r requirements.lock
COPY . .
RUN uv pip install --python /venv/bin/python --no-deps --no-build-isolation .

FROM python:3.11-slim-bookworm
RUN useradd --create-home --uid 10001 bantam
COPY --from=build /venv /venv
WORKDIR /home/bantam
COPY --chown=bantam prefect.toml prefect.yaml ./
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 DO_NOT_TRACK=1 PREFECT_SERVER_ANALYTICS_ENABLED=false
USER bantam
ENTRYPOINT ["bantam"]
CMD ["serve", "--host", "0.0.0.0"]
