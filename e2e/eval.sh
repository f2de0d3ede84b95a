#!/bin/sh
# Scores the built-in engine of a fresh server on recorded dialogues, by their own
# scorer, which needs Python. The first argument is the folder of both; the others go
# to the scorer, such as --limit 50 or --misses 20.
set -eu
dialogues=$1
shift
for file in score.py sgd-dev.jsonl; do
  test -f "$dialogues/$file" || { echo "eval: there is no $dialogues/$file: name the folder of the dialogues with make eval DIALOGUES=folder" >&2; exit 1; }
done
data=$(mktemp -d)
server=
trap 'test -z "$server" || kill "$server"; rm -rf "$data"' EXIT
key=$(bin/callwright keys create --data "$data" --org Eval --name eval --scopes all 2>/dev/null)
bin/callwright serve --data "$data" --listen 127.0.0.1:0 --rate-limit 0 --outbound-allow 127.0.0.1/32@1024-65535 --log-level error >"$data/out" &
server=$!
until url=$(sed -n 's/^callwright is ready at //p' "$data/out") && test -n "$url"; do
  kill -0 "$server" || exit 1
  sleep 0.1
done
python3 "$dialogues/score.py" "$dialogues/sgd-dev.jsonl" --base "$url/api/v1" --key "$key" "$@"
