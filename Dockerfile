# One image for the web server, the worker and the migrations; docker-compose.yml runs all three.
# Its steps were done by hand in a bare Debian 12; Docker itself has not built it yet.
FROM debian:12.14-slim AS base
RUN apt-get update \
    && apt-get install -y --no-install-recommends python3 ca-certificates \
    && rm -rf /var/lib/apt/lists/*

FROM base AS packages
RUN apt-get update && apt-get install -y --no-install-recommends python3-venv
COPY requirements.lock .
RUN python3 -m venv /opt/leerspoor \
    && /opt/leerspoor/bin/pip install --no-cache-dir --disable-pip-version-check \
        --require-hashes --no-deps -r requirements.lock

FROM base
ENV PATH=/opt/leerspoor/bin:$PATH PYTHONUNBUFFERED=1 LANG=C.UTF-8
WORKDIR /srv/leerspoor
COPY --from=packages /opt/leerspoor /opt/leerspoor
COPY . .
# Compiled here: the running processes may write nowhere but in /tmp.
RUN pybabel --quiet compile -d web/translations \
    && python -m compileall -q . \
    && useradd --no-create-home --shell /usr/sbin/nologin --uid 10001 leerspoor

USER 10001:10001
EXPOSE 8000

# Graceful: gunicorn gives requests 30 seconds after SIGTERM.
CMD ["gunicorn", "-c", "bin/gunicorn_config.py", "--bind", "0.0.0.0:8000", "app:create_app()"]
