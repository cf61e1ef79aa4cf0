# One base for every stage. Its name is written out in each FROM, so that a mirror or a digest takes one replacement.
# The distributions, as wheels.
FROM python:3.11-slim AS wheels
WORKDIR /build
COPY requirements.build.lock ./
RUN python -m venv /tools && /tools/bin/pip install --no-cache-dir --require-hashes -r requirements.build.lock
COPY pyproject.toml README.md LICENSE ./
COPY app app
COPY clients/python clients/python
RUN /tools/bin/pip wheel --no-cache-dir --no-deps --no-build-isolation -w /wheels ./clients/python .

# What runs: the locked packages, the wheels, and their bytecode, which a read-only root could not keep. Debug symbols are
# a quarter of the packages; bullmq's wheel brings the tools of its own release.
FROM python:3.11-slim AS installed
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends binutils >/dev/null
RUN python -m venv --without-pip /opt/blazy-jobs
COPY requirements.runtime.lock ./
RUN pip --python /opt/blazy-jobs/bin/python install --no-cache-dir --no-compile --require-hashes -r requirements.runtime.lock \
 && rm -rf /opt/blazy-jobs/lib/python3*/site-packages/node_modules \
 && find /opt/blazy-jobs/lib -name '*.so' -exec strip --strip-unneeded {} +
COPY --from=wheels /wheels /wheels
RUN pip --python /opt/blazy-jobs/bin/python install --no-cache-dir --no-compile --no-deps --no-index /wheels/*.whl \
 && python -m compileall -q -j 0 --invalidation-mode unchecked-hash /opt/blazy-jobs/lib \
 && /opt/blazy-jobs/bin/python -c "import blazy_jobs_server.main, blazy_jobs_server.queues.bullmq, blazy_jobs_server.store.copying, blazy_jobs.worker.host" \
 && /opt/blazy-jobs/bin/blazy-jobs openapi >/dev/null

FROM python:3.11-slim
# tini is process 1: it ends the orphans that handlers leave behind, and a stop during the start.
# The base has the standard library without its bytecode; without it each start compiles what it imports.
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends tini >/dev/null && rm -rf /var/lib/apt/lists/* /var/cache/apt/* \
 && python -c "import sysconfig; print(sysconfig.get_path('stdlib'))" \
  | xargs python -m compileall -q -j 0 -x '/(site-packages|dist-packages|test|tests|idlelib|lib2to3|tkinter|turtledemo)/' \
 && useradd --uid 10001 --user-group --no-create-home --home-dir /tmp --shell /usr/sbin/nologin jobs \
 && install -d -o 10001 -g 10001 -m 0700 /data && install -d /srv/handlers
COPY --from=installed /opt/blazy-jobs /opt/blazy-jobs
ENV PATH=/opt/blazy-jobs/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    JOBS_HOST=0.0.0.0 \
    JOBS_DATA=/data
# Modules of jobs in the working directory are found by their names.
WORKDIR /srv/handlers
USER 10001:10001
VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s \
  CMD ["python", "-I", "-S", "-c", "import os, socket, sys; s = socket.create_connection(('127.0.0.1', int(os.environ.get('JOBS_PORT') or 8000)), 4); s.sendall(b'GET /readyz HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n'); sys.exit(s.recv(12) != b'HTTP/1.1 200')"]
# To listen beyond loopback the server needs a key: -e JOBS_API_KEY=...
ENTRYPOINT ["tini", "--", "blazy-jobs"]
CMD ["serve"]

ARG VERSION=0.1.0
ARG REVISION=""
ARG SOURCE=""
LABEL org.opencontainers.image.title="Blazy Jobs" \
      org.opencontainers.image.description="A standalone HTTP job server: durable runs, a worker pool, live event streams." \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION" \
      org.opencontainers.image.source="$SOURCE"
