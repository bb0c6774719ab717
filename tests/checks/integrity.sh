#!/bin/sh
# Every test that docs/integrity.md names exists: `FILE` "CASE", "CASE"...
set -eu
cd "$1"

awk '{
    text = $0
    while (match(text, /`[a-z0-9_\/]+_test\.cpp`|"[^"]+"/)) {
        found = substr(text, RSTART + 1, RLENGTH - 2)
        if (substr(text, RSTART, 1) == "`") file = "tests/" found
        else if (file != "") print file "|" found
        text = substr(text, RSTART + RLENGTH)
    }
    file = ""
}' docs/integrity.md | {
    status=0
    count=0
    while IFS='|' read -r file case; do
        count=$((count + 1))
        grep -qF "\"$case\"" "$file" || { echo "docs/integrity.md: $file has no case \"$case\""; status=1; }
    done
    [ "$count" -gt 0 ] || { echo "docs/integrity.md names no test"; status=1; }
    exit "$status"
}
