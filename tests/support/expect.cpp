#include "support/expect.hpp"

#include <doctest/doctest.h>

#include <vector>

#include "support/stage.hpp"

namespace asyncdl::test {

void check_stored(const stage& where, const download_result& result, std::string_view bytes) {
    CAPTURE(result.url);
    CAPTURE(result.message);
    CHECK(result.success);
    CHECK_FALSE(result.error);
    CHECK(result.message.empty());
    CHECK(result.file_size == bytes.size());
    CHECK(where.names() == std::vector<std::string>{"file"});
    const bool same_bytes = where.content() == bytes;
    CHECK(same_bytes);
}

void check_failure(const download_result& result, errc code) {
    CAPTURE(result.url);
    CAPTURE(result.message);
    CHECK(result.error == code);
    CHECK_FALSE(result.success);
    CHECK_FALSE(result.skipped);
    CHECK_FALSE(result.message.empty());
    CHECK(result.message.find('\n') == std::string::npos);
    CHECK(result.file_size == 0);
}

void check_failed(const stage& where, const download_result& result, errc code) {
    check_failure(result, code);
    CHECK(where.names().empty());
}

}  // namespace asyncdl::test
