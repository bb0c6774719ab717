#!/bin/sh
# Shows that the include-direction rule accepts what is allowed and refuses each kind of violation.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

# try FILE HEADER: the rule's verdict on a tree in which FILE alone includes HEADER.
try() {
    rm -rf "${root:?}"/*
    mkdir -p "$root/src" "$root/include" "$root/tests" "$root/examples" "$root/bench"
    mkdir -p "$(dirname "$root/$1")"
    printf '#pragma once\n#include %s\n' "$2" >"$root/$1"
    sh "$here/include_direction.sh" "$root" >"$root/verdict" 2>&1
}
accepted() { try "$@" || { echo "refused, but allowed: $*"; cat "$root/verdict"; exit 1; }; }
refused() {
    if try "$@" || ! grep -q "^$1:2: .* may not include" "$root/verdict"; then
        echo "not refused: $*"
        cat "$root/verdict"
        exit 1
    fi
}

accepted src/core/url.cpp '<boost/url/parse.hpp>'
accepted src/core/url.cpp '<string_view>'
accepted src/net/dial.cpp '<sys/socket.h>'
accepted src/http/pool.hpp '"net/dial.hpp"'
accepted src/engine/transfer.cpp '"storage/part_file.hpp"'
accepted src/cli/main.cpp '<CLI/CLI.hpp>'
accepted include/asyncdl/with/spdlog.hpp '<spdlog/logger.h>'
accepted tests/unit/core/url.cpp '"core/url.hpp"'
accepted tests/unit/core/url.cpp '"table_of_urls.hpp"'

refused src/core/url.cpp '"net/dial.hpp"'              # a room above
refused src/core/url.cpp '"../net/dial.hpp"'
refused src/core/url.cpp '<boost/asio/awaitable.hpp>'  # another's library
refused src/core/url.cpp '<unistd.h>'                  # core asks the system for nothing
refused src/core/url.cpp '<asyncdl/downloader.hpp>'    # the face is no value header
refused src/net/dial.cpp '"http/pool.hpp"'
refused src/http/pool.hpp '"storage/part_file.hpp"'    # neighbours do not know each other
refused src/storage/part_file.hpp '"http/pool.hpp"'
refused src/storage/part_file.hpp '"engine/transfer.hpp"'
refused src/engine/transfer.cpp '"cli/report.hpp"'
refused src/cli/main.cpp '"core/url.hpp"'              # front ends use the public face alone
refused src/cli/main.cpp '<openssl/ssl.h>'
refused src/attic/lumber.cpp '<vector>'                # a room that the table does not name
refused include/asyncdl/downloader.hpp '"engine/transfer.hpp"'
refused include/asyncdl/downloader.hpp '<spdlog/logger.h>'
refused tests/cli/exit_status.cpp '"engine/transfer.hpp"'
refused examples/coroutine.cpp '"core/url.hpp"'
echo "include direction: the rule tells right from wrong"
