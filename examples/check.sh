#!/bin/bash
# Runs one example against an origin of its own. Call: check.sh ORIGIN_PROGRAM EXAMPLE_PROGRAM
set -euo pipefail
origin_program=$1
example=$2

work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"
mkdir served
head -c 100000 /dev/urandom >served/random.bin

fail() {
    echo "FAILED: $*"
    exit 1
}

# address FILE: what the program that writes to FILE listens on, as soon as it does.
address() {
    for _ in $(seq 600); do
        grep -q '^listening on ' "$1" && break
        sleep 0.1
    done
    sed -n 's/^listening on //p' "$1" | grep .
}

"$origin_program" --dir served >origin.log &
base=$(address origin.log) || fail "no origin"

# A program that takes URLs: everything arrives, and a failure is told.
check_program() {
    "$example" "$base/random.bin" "$base/image1.jpg" || fail "exit status $?"
    cmp served/random.bin downloads/random.bin
    [ -s downloads/image1.jpg ] || fail "image1.jpg is empty"
    if "$example" "$base/random.bin" "$base/missing" >output; then
        fail "a 404 is no success"
    fi
    grep -q '404' output || fail "the 404 is not told: $(cat output)"
    [ ! -e downloads/missing ] || fail "a file where there is none"
}

# ask FD LINE: sends a line, and prints the answer.
ask() {
    echo "$2" >&"$1"
    answer "$1"
}
answer() {
    local line
    read -r -t 60 -u "$1" line || fail "no answer"
    echo "$line"
}
expect() { [ "$1" = "$2" ] || fail "expected '$1', got '$2'"; }

# The server: answers, failures, and a shutdown that cancels what runs.
check_server() {
    "$example" >server.log &
    local server=$! port
    port=$(address server.log | sed 's/.*://') || fail "no server"
    exec 3<>"/dev/tcp/127.0.0.1/$port" 4<>"/dev/tcp/127.0.0.1/$port"
    expect "ok 100000 bytes" "$(ask 3 "$base/random.bin")"
    expect "failed http_status" "$(ask 3 "$base/missing")"
    expect "failed invalid_url" "$(ask 3 "no URL")"

    # An hour long; it runs by the time that another client, who came later, has an answer.
    echo "$base/slow/360000/10" >&3
    expect "ok 1000 bytes" "$(ask 4 "$base/bytes/1000")"
    kill -TERM $server
    expect "failed cancelled" "$(answer 3)"
    wait $server || fail "the server's exit status was $?"
}

case $(basename "$example") in
    server) check_server ;;
    *) check_program ;;
esac
echo "$(basename "$example"): as expected"
