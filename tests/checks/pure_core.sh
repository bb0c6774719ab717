#!/bin/sh
# Rule: core decides and nothing else: no lock, thread, clock, dice, file or output in it, and nothing
# that outlives a call but constants. Call: pure_core.sh ROOT
set -eu
cd "$1"

find src/core -name '*.[ch]pp' | sort | xargs awk '
    BEGIN {
        headers = "<(atomic|barrier|condition_variable|coroutine|execution|filesystem|fstream|future|iostream|" \
            "latch|mutex|random|semaphore|shared_mutex|stop_token|syncstream|thread|" \
            "cstdio|cstdlib|clocale|csignal|ctime|locale)>"
        words = "(^|[^A-Za-z0-9_])(thread_local|volatile|mutable|random_device|[a-z_]+_clock::now)([^A-Za-z0-9_]|$)"
        calls = "::(getenv|rand|time|clock)[ ]*\\("
    }
    { files[FILENAME] = 1 }
    {
        code = $0
        sub(/\/\/.*/, "", code)
        is_include = code ~ /^[ \t]*#[ \t]*include/
        # Only what is inside of a function or a class is indented; functions have a parenthesis.
        is_state = code ~ /^[ \t]+static / && code !~ /[ \t](const|constexpr|consteval) / && code !~ /\(/
        if ((is_include && code ~ headers) || (!is_include && code ~ (words "|" calls)) || is_state) {
            printf "%s:%d: not pure: %s\n", FILENAME, FNR, code
            failed = 1
        }
    }
    END {
        if (!failed) printf "pure core: %d files are as they should be\n", length(files)
        exit failed
    }'
