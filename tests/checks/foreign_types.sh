#!/bin/sh
# Rule: a public header names no type and no header of the libraries behind it. Those below
# asyncdl/with are opted in by their users. Call: foreign_types.sh ROOT
set -eu
cd "$1/include"

find asyncdl -path asyncdl/with -prune -o \( -name '*.hpp' -o -name '*.hpp.in' \) -print | sort |
    xargs awk '
    { files[FILENAME] = 1 }
    {
        code = $0
        sub(/\/\/.*/, "", code)
        if (code ~ /boost\/beast|beast::|openssl|(^|[^A-Za-z0-9_])(SSL|X509|EVP|BIO)(_|[^A-Za-z0-9])/ ||
            code ~ /nghttp2|spdlog|CLI\/|CLI::|nlohmann|ssl_ctx_st|asio\/ssl|asio::ssl/) {
            printf "%s:%d: foreign: %s\n", FILENAME, FNR, code
            failed = 1
        }
    }
    END {
        if (!failed) printf "foreign types: none in %d public headers\n", length(files)
        exit failed
    }'
