# The image of every node: Ray, all packages and the rooms, without a compiler and without root.
FROM python:3.11-slim-bookworm AS packages
WORKDIR /build
COPY requirements.lock ./
RUN python -m venv /opt/venv \
    && /opt/venv/bin/pip install --no-cache-dir --require-hashes -r requirements.lock

FROM python:3.11-slim-bookworm
# Ray's cluster launcher needs these on a node, and KubeRay's probes need wget. Debian keeps the newest version of a package only: none can be pinned.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends openssh-client procps rsync wget \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 1000 bst
COPY --from=packages /opt/venv /opt/venv
COPY --chown=bst . /app
WORKDIR /app
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONPATH=/app \
    PYTHONUNBUFFERED=1 \
    BST_CACHE=/home/bst/.cache/bst/kernels
USER 1000
# Machine code for the processor of the build; nodes of another kind compile once, at their start.
RUN python -c "import strategies.backtest; from engines.compile import warm_up; warm_up()"
CMD ["python", "-m", "serve.cli", "--help"]
