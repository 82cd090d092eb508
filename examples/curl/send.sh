#!/bin/sh
# Sends a text: send.sh <from> <to> <text>. Prints the id of the message, or what was wrong, with exit code 1.
# Where to is in SMS_URL.
set -eu
field() { sed -n "s/^{.*\"$1\":\"\([^\"]*\)\".*/\1/p"; }

answer=$(curl --silent --show-error "$SMS_URL/v1/messages" --header 'content-type: application/json' \
  --data "{\"from\":\"$1\",\"to\":\"$2\",\"text\":\"$3\"}")
case $(echo "$answer" | field status) in
  accepted | queued) echo "$answer" | field id ;;
  *)
    echo "$answer" | field decision >&2
    exit 1
    ;;
esac
