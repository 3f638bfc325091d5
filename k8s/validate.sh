#!/usr/bin/env bash
# Renders the manifests and checks them: against the schemas of the oldest and the newest Kubernetes, then
# against our own rules and the program's source. Needs Go and Python 3, no cluster.
set -euo pipefail
cd "$(dirname "$0")/.."

bin="$PWD/.bin"
kustomize="$bin/kustomize-v5.8.2"
venv="$bin/kubernetes-validate-1.37.0"

if [[ ! -x $kustomize ]]; then
  GOBIN="$bin" go install sigs.k8s.io/kustomize/kustomize/v5@v5.8.2
  mv "$bin/kustomize" "$kustomize"
fi
if [[ ! -x $venv/bin/kubernetes-validate ]]; then
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet kubernetes-validate==1.37.0
fi

out="$(mktemp -d)"
trap 'rm -rf "$out"' EXIT

schemas() {
  local version
  for version in 1.30 1.37; do
    "$venv/bin/kubernetes-validate" --strict --quiet -k "$version" "$1"
  done
}
json() { "$venv/bin/python" -c 'import json, sys, yaml; json.dump(list(yaml.safe_load_all(sys.stdin)), sys.stdout)' <"$1"; }

go build -o "$out/policy" ./k8s/policy
schemas k8s/secrets.example.yaml
json k8s/secrets.example.yaml >"$out/secrets.json"

for folder in k8s/base k8s/overlays/*/; do
  [[ -f $folder/kustomization.yaml ]] || continue
  "$kustomize" build "$folder" >"$out/rendered.yaml"
  schemas "$out/rendered.yaml"
  json "$out/rendered.yaml" | "$out/policy" -secrets "$out/secrets.json"
  echo "$folder: $(grep -c '^kind:' "$out/rendered.yaml") objects are valid"
done
