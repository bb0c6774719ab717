#!/bin/sh
# Shows that the pure-core rule accepts what decides and refuses each thing that does not.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

# try LINE: the rule's verdict on a core that holds this line.
try() {
    rm -rf "${root:?}"/*
    mkdir -p "$root/src/core" "$root/src/engine"
    printf '#include <mutex>\nthread_local int dice;\n' >"$root/src/engine/other.cpp"
    printf '#pragma once\n%s\n' "$1" >"$root/src/core/plain.hpp"
    sh "$here/pure_core.sh" "$root" >"$root/verdict" 2>&1
}
accepted() { try "$1" || { echo "refused, but allowed: $1"; cat "$root/verdict"; exit 1; }; }
refused() {
    if try "$1" || ! grep -q '^src/core/plain.hpp:2: not pure' "$root/verdict"; then
        echo "not refused: $1"
        cat "$root/verdict"
        exit 1
    fi
}

accepted '#include <chrono>'
accepted '    static const details none;'
accepted '    static constexpr std::uint64_t to_the_end = 1;'
accepted '    static outcome<url> parse(std::string_view text, int* reader = nullptr);'
accepted 'int x;  // no mutex, no thread_local, no random_device'
accepted 'retry_wait(unsigned n, double dice, std::chrono::system_clock::time_point now);'
accepted 'const auto time = fields.find("Last-Modified");'

refused '#include <mutex>'
refused '#include <random>'
refused '#include <atomic>'
refused '#include <thread>'
refused '# include <fstream>'
refused '    static thread_local std::string known;'
refused 'thread_local int calls = 0;'
refused 'mutable int calls = 0;'
refused '    static std::string known;'
refused '    static int calls = 0;'
refused 'const auto now = std::chrono::steady_clock::now();'
refused 'const auto now = system_clock::now();'
refused 'const auto now = std::time(nullptr);'
refused 'const char* home = std::getenv("HOME");'
refused 'std::random_device device;'
echo "pure core: the rule tells right from wrong"
