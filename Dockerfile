# wa-lint in an image that runs as nobody in particular and needs no network:
#   docker build -t wa-lint .
#   docker run --rm --network none --read-only --cap-drop ALL -v "$PWD:/work:ro" wa-lint check
# The base is an index digest (amd64 and arm64). To move to a newer one: docker buildx imagetools inspect python:3.13-slim-trixie
FROM python:3.13.15-slim-trixie@sha256:9d2e5553305c7c7b0097999bb17187c69b921ccd6bc9d40e4bb5ebe652c00285 AS build
WORKDIR /src
COPY . .
RUN python -m venv /opt/build && /opt/build/bin/python -m pip install --no-cache-dir --disable-pip-version-check --require-hashes --requirement requirements/build.txt
RUN /opt/build/bin/python -m pip wheel --no-cache-dir --disable-pip-version-check --no-deps --no-build-isolation --wheel-dir /wheels /src
RUN python -m venv /opt/wa-lint && /opt/wa-lint/bin/python -m pip install --no-cache-dir --disable-pip-version-check --require-hashes --requirement requirements/runtime.txt
RUN /opt/wa-lint/bin/python -m pip install --no-cache-dir --disable-pip-version-check --no-deps /wheels/*.whl

FROM python:3.13.15-slim-trixie@sha256:9d2e5553305c7c7b0097999bb17187c69b921ccd6bc9d40e4bb5ebe652c00285
COPY --from=build /opt/wa-lint /opt/wa-lint
ENV PATH=/opt/wa-lint/bin:$PATH HOME=/tmp
WORKDIR /work
USER 65532:65532
ENTRYPOINT ["wa-lint"]
CMD ["check"]
