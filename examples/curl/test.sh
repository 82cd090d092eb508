#!/bin/sh
# Tests send.sh against a gateway that is started for it, on the port PORT.
set -eu
port=${PORT:-8099}
export SMS_URL="http://127.0.0.1:$port"

node_modules/.bin/tollgate serve --port "$port" --magic-numbers --clock frozen@2024-03-01T10:00:00-08:00 > gateway.log 2>&1 &
gateway=$!
trap 'kill $gateway; wait $gateway || true' EXIT
curl --silent --show-error --fail --retry 100 --retry-delay 1 --retry-all-errors --max-time 30 --output ready.json "$SMS_URL/readyz" 2> waiting.log

fail() {
  echo "not ok: $1" >&2
  exit 1
}
expect() { case $2 in *"$1"*) echo "ok: $3" ;; *) fail "$3: $2" ;; esac; }

registered=+15005556000
id=$(sh send.sh $registered +15005550000 'Your table is ready.')
curl --silent --fail --output moved.json "$SMS_URL/v1/clock" --header 'content-type: application/json' --data '{"advanceMs":60000}'
expect '"outcome":"delivered"' "$(curl --silent "$SMS_URL/v1/messages/$id")" 'a message arrives'

refused=$(sh send.sh $registered +15005555000 'Your table is ready.' 2>&1) && fail 'a landline took a message'
expect landline "$refused" 'a landline is refused'

# A gateway of its own within this one, as tests have that run side by side.
sandbox=$(curl --silent --fail -X POST "$SMS_URL/v1/sandboxes" --header 'content-type: application/json' --data '{"seed":7}')
SMS_URL=$(echo "$sandbox" | sed -n 's/.*"url":"\([^"]*\)".*/\1/p')
expect '"messages":[]' "$(curl --silent "$SMS_URL/v1/messages")" 'a sandbox begins with nothing'
