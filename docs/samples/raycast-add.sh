#!/bin/bash
# Required parameters:
# @raycast.schemaVersion 1
# @raycast.title Enhance a transcript now
# @raycast.mode compact
# @raycast.argument1 { "type": "text", "placeholder": "file" }
# Optional parameters:
# @raycast.packageName llasa
# @raycast.description Queues a Whisper transcript and puts it first.

export PATH="$HOME/.local/bin:/opt/homebrew/bin:/usr/local/bin:$PATH"
file=${1/#\~/$HOME}
llasactl add -- "$file" > /dev/null && llasactl prioritize -- "$file" > /dev/null || exit 1
echo "first in the queue: $(basename "$file")"
