#!/bin/sh
# Shows that the foreign-types rule accepts what is allowed and refuses each library's names.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

# try FILE LINE: the rule's verdict on a public header that holds one line.
try() {
    rm -rf "${root:?}"/*
    mkdir -p "$root/include/asyncdl/with"
    printf '#pragma once\n' >"$root/include/asyncdl/plain.hpp"
    printf '#pragma once\n%s\n' "$2" >"$root/include/asyncdl/$1"
    sh "$here/foreign_types.sh" "$root" >"$root/verdict" 2>&1
}
accepted() { try "$@" || { echo "refused, but allowed: $*"; cat "$root/verdict"; exit 1; }; }
refused() {
    if try "$@" || ! grep -q "^asyncdl/$1:2: foreign" "$root/verdict"; then
        echo "not refused: $*"
        cat "$root/verdict"
        exit 1
    fi
}

accepted face.hpp 'boost::asio::any_io_executor executor;'
accepted face.hpp 'int tls;  // see asyncdl/with/spdlog.hpp and OpenSSL'
accepted with/spdlog.hpp '#include <spdlog/logger.h>'

refused face.hpp '#include <boost/beast/core.hpp>'
refused face.hpp 'boost::beast::flat_buffer buffer;'
refused face.hpp '#include <openssl/ssl.h>'
refused face.hpp 'SSL_CTX* context;'
refused face.hpp 'void set(SSL* stream);'
refused face.hpp 'boost::asio::ssl::context context;'
refused face.hpp 'nghttp2_session* session;'
refused face.hpp 'std::shared_ptr<spdlog::logger> logger;'
refused face.hpp 'CLI::App app;'
refused face.hpp 'nlohmann::json report;'
refused face.hpp.in '#include <openssl/ssl.h>'
echo "foreign types: the rule tells right from wrong"
