#!/bin/sh
# Rule: every C++ file is as clang-format 16 writes it; the version is fixed because each formats
# differently. Call: format.sh ROOT
set -eu
cd "$1"

if ! command -v clang-format-16 >/dev/null; then
    echo "clang-format-16 is missing; on Debian: apt-get install clang-format-16"
    exit 1
fi
files=$(find src include tests examples bench -name '*.[ch]pp' | sort)
# shellcheck disable=SC2086 # a list of names without blanks
if ! clang-format-16 --dry-run -Werror $files; then
    echo "to repair: clang-format-16 -i FILE"
    exit 1
fi
echo "format: $(echo "$files" | wc -l) files are as they should be"
