# The server of `cheermeup serve`, with the embedded bundles (docs/serving.md#in-a-container).
#
#     docker build -t cheermeup .
#     docker run --rm -p 8000:8000 cheermeup --bundle cast
#
# Built and run with buildah on another base (Debian 12 with its Python 3.11); not yet with Docker, on the one below.

FROM python:3.13-slim AS build
WORKDIR /source
COPY pyproject.toml README.md LICENSE ./
COPY tlgan_runtime tlgan_runtime
COPY tlgan_train tlgan_train
COPY exported exported
COPY web/page web/page
COPY web/src web/src
RUN python -m venv /opt/cheermeup && /opt/cheermeup/bin/pip install --no-cache-dir ".[cpu,serve]"

FROM python:3.13-slim
COPY --from=build /opt/cheermeup /opt/cheermeup
ENV PATH="/opt/cheermeup/bin:$PATH"
# A number, so that Kubernetes can tell that this is not root. The server only writes temporary files.
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import http.client, sys; c = http.client.HTTPConnection('127.0.0.1', 8000, timeout=4); c.request('GET', '/healthz'); sys.exit(c.getresponse().status != 200)"]
# In the list form, the server itself gets SIGTERM: it finishes what is in progress, and ends with 0.
ENTRYPOINT ["cheermeup", "serve", "--address", "0.0.0.0"]
