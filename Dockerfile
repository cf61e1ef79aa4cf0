FROM python:3.11-slim

WORKDIR /srv
COPY requirements.lock pyproject.toml README.md ./
COPY clients/python clients/python
COPY app app
# The lock has the tools of development too; they are what the server was tested beside.
RUN pip install --no-cache-dir --require-hashes -r requirements.lock \
 && pip install --no-cache-dir --no-deps --no-build-isolation ./clients/python . \
 && useradd --create-home jobs && mkdir /data && chown jobs /data

USER jobs
VOLUME /data
EXPOSE 8000
# A key is needed to listen beyond loopback: -e JOBS_API_KEY=...
ENV JOBS_HOST=0.0.0.0 JOBS_DATA=/data
STOPSIGNAL SIGTERM
ENTRYPOINT ["blazy-jobs"]
CMD ["serve"]
