# wa-lint in an image that runs as nobody in particular and needs no network:
#   docker build -t wa-lint .
#   docker run --rm --network none --read-only --cap-drop ALL -v "$PWD:/work:ro" wa-lint check
FROM python:3.13-slim-trixie AS build
WORKDIR /src
COPY . .
RUN python -m pip wheel --no-cache-dir --disable-pip-version-check --no-deps --wheel-dir /wheels /src
RUN python -m venv /opt/wa-lint && /opt/wa-lint/bin/python -m pip install --no-cache-dir --disable-pip-version-check /wheels/*.whl

FROM python:3.13-slim-trixie
COPY --from=build /opt/wa-lint /opt/wa-lint
ENV PATH=/opt/wa-lint/bin:$PATH HOME=/tmp
WORKDIR /work
USER 65532:65532
ENTRYPOINT ["wa-lint"]
CMD ["check"]
