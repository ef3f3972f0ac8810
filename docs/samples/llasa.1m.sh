#!/bin/bash
# <xbar.title>llasa</xbar.title>
# <xbar.version>v1.0</xbar.version>
# <xbar.desc>What llasa is doing with your transcripts, every minute.</xbar.desc>
# <xbar.dependencies>llasa</xbar.dependencies>
# <swiftbar.hideAbout>true</swiftbar.hideAbout>

export PATH="$HOME/.local/bin:/opt/homebrew/bin:/usr/local/bin:$PATH"
llasactl=$(command -v llasactl)
if [ -z "$llasactl" ]; then
  echo "llasa: not installed"
  exit 0
fi

# A bar begins the parameters of a line, and the name of a file may have one.
plain() { tr '|' '/'; }

line=$("$llasactl" status --line 2>&1 | head -n 1 | plain)
echo "llasa: $line | length=48"
echo "---"
"$llasactl" status 2>&1 | while IFS= read -r text; do
  printf '%s | font=Menlo size=11 trim=false\n' "$(printf '%s' "$text" | plain)"
done
echo "---"
echo "Pause | bash=\"$llasactl\" param1=pause terminal=false refresh=true"
echo "Resume | bash=\"$llasactl\" param1=resume terminal=false refresh=true"
echo "Examine | bash=\"$llasactl\" param1=doctor param2=--no-model terminal=true"
echo "Refresh | refresh=true"
