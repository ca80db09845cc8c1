# One image for the web server, the worker and the migrations; docker-compose.yml runs all three.
# Not built or run yet: try it before you rely on it.
FROM python:3.11-slim

WORKDIR /srv/leerspoor

COPY requirements.lock .
RUN pip install --no-cache-dir --disable-pip-version-check \
        --require-hashes --no-deps -r requirements.lock

COPY . .
RUN pybabel --quiet compile -d web/translations \
    && python -m compileall -q . \
    && useradd --system --no-create-home --uid 10001 leerspoor

USER leerspoor
ENV PYTHONUNBUFFERED=1
EXPOSE 8000

# Graceful: gunicorn gives requests 30 seconds after SIGTERM.
CMD ["gunicorn", "-c", "bin/gunicorn_config.py", "--bind", "0.0.0.0:8000", "app:create_app()"]
