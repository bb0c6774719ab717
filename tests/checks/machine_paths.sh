#!/bin/sh
# Rule: nothing in the tree depends on where one machine keeps things. Call: machine_paths.sh ROOT
set -eu
cd "$1"

found=$(grep -rnIE '(^|[^A-Za-z0-9_.$}])/(root|home|work|Users|mnt)/[A-Za-z0-9_]' \
    --exclude-dir=build --exclude-dir=.git --exclude-dir=downloads . || true)
if [ -n "$found" ]; then
    echo "$found"
    exit 1
fi
echo "machine paths: none"
