#!/bin/sh
# Rule: no file of the library or the program is longer than 400 lines; what grows beyond that holds
# more than one thing. Call: file_size.sh ROOT
set -eu
cd "$1"

find src include -name '*.[ch]pp' | sort | xargs awk '
    FNR == 401 {
        print FILENAME ": longer than 400 lines"
        failed = 1
    }
    END {
        if (!failed) print "file size: no file is longer than 400 lines"
        exit failed
    }'
