#include "support/again.hpp"

#include <doctest/doctest.h>

namespace asyncdl::test {
namespace {

void check_success(const stage& on, const download_result& result, const remote_file& file,
                   const std::string& name) {
    CAPTURE(result.url);
    CAPTURE(result.message);
    CHECK(result.success);
    CHECK_FALSE(result.error);
    CHECK(result.message.empty());
    CHECK(result.file_name == name);
    CHECK(result.file_path == (on.dir / "out" / name).string());
    CHECK(result.file_size == file.size);
    CHECK(result.attempts == 1);
    CHECK(result.resumed_from == 0);
    CHECK(on.names() == std::vector<std::string>{name});
    const bool same_bytes = on.content(name) == file.bytes();
    CHECK(same_bytes);
}

}  // namespace

void check_kept(const stage& on, const download_result& result, const remote_file& file,
                const std::string& name) {
    check_success(on, result, file, name);
    CHECK(result.skipped);
    CHECK(result.status == 304);
    CHECK(result.bytes_received == 0);
}

void check_fetched(const stage& on, const download_result& result, const remote_file& file,
                   const std::string& name) {
    check_success(on, result, file, name);
    CHECK_FALSE(result.skipped);
    CHECK(result.status == 200);
    CHECK(result.bytes_received == file.size);
}

}  // namespace asyncdl::test
