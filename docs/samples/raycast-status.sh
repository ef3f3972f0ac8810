#!/bin/bash
# Required parameters:
# @raycast.schemaVersion 1
# @raycast.title llasa
# @raycast.mode inline
# @raycast.refreshTime 1m
# Optional parameters:
# @raycast.packageName llasa
# @raycast.description What llasa is doing with your transcripts.

export PATH="$HOME/.local/bin:/opt/homebrew/bin:/usr/local/bin:$PATH"
if ! command -v llasactl > /dev/null; then
  echo "llasa is not installed"
  exit 1
fi
llasactl status --line
