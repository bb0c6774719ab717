#include <doctest/doctest.h>

#include <asyncdl/error.hpp>
#include <boost/system/errc.hpp>
#include <boost/system/system_error.hpp>
#include <set>
#include <string>
#include <vector>

#include "core/fault.hpp"
#include "unit/core/outcomes.hpp"

using asyncdl::errc;
using asyncdl::error_kind;
using asyncdl::failure;
using asyncdl::make_error_code;

namespace {

struct row {
    errc code;
    std::string kind;
    std::set<failure> conditions;
};

const std::vector<row> rows{
    {errc::invalid_url, "invalid_url", {failure::local}},
    {errc::host_not_found, "resolve", {failure::peer}},
    {errc::resolve_failed, "resolve", {failure::peer, failure::retryable}},
    {errc::connect_failed, "connect", {failure::peer, failure::retryable}},
    {errc::proxy_failed, "proxy", {failure::peer}},
    {errc::tls_certificate, "tls", {failure::peer}},
    {errc::tls_handshake, "tls", {failure::peer}},
    {errc::tls_reset, "truncated", {failure::peer, failure::retryable}},
    {errc::connect_timeout, "timeout", {failure::peer, failure::retryable, failure::timeout}},
    {errc::timeout, "timeout", {failure::peer, failure::retryable, failure::timeout}},
    {errc::max_time, "timeout", {failure::timeout}},
    {errc::http_status, "http_status", {failure::peer}},
    {errc::http_status_transient, "http_status", {failure::peer, failure::retryable}},
    {errc::redirect, "redirect", {failure::peer}},
    {errc::protocol, "protocol", {failure::peer}},
    {errc::truncated, "truncated", {failure::peer, failure::retryable}},
    {errc::changed, "changed", {failure::peer, failure::retryable}},
    {errc::checksum, "checksum", {failure::peer}},
    {errc::name, "name", {failure::local}},
    {errc::exists, "exists", {failure::local}},
    {errc::file, "file", {failure::local}},
    {errc::disk_full, "disk_full", {failure::local}},
    {errc::too_large, "too_large", {failure::local}},
    {errc::cancelled, "cancelled", {failure::local, failure::cancelled}},
    {errc::internal, "internal", {failure::local}},
    {errc::invalid_argument, "invalid_url", {failure::local}},
    {errc::shut_down, "cancelled", {failure::local}},
    {errc::too_many_files, "file", {failure::local}},
    {errc::part_in_use, "file", {failure::local}},
    {errc::tls_unknown_issuer, "tls", {failure::peer}},
    {errc::no_local_port, "connect", {failure::local}},
};

}  // namespace

TEST_SUITE_BEGIN("unit/core/error");

TEST_CASE("every code has its word, its text and its conditions") {
    std::set<std::string> texts;
    for (const row& each : rows) {
        const auto code = make_error_code(each.code);
        CAPTURE(code.message());
        CHECK(code.failed());
        CHECK(code.category() == asyncdl::error_category());
        CHECK(error_kind(code) == each.kind);
        CHECK_FALSE(code.message().empty());
        CHECK(texts.insert(code.message()).second);
        for (const failure condition : {failure::retryable, failure::timeout, failure::cancelled,
                                        failure::local, failure::peer}) {
            CAPTURE(static_cast<int>(condition));
            CHECK((code == condition) == each.conditions.contains(condition));
        }
    }
    CHECK(static_cast<int>(errc::no_local_port) == static_cast<int>(rows.size()));
}

TEST_CASE("a code of another category, or of none, meets no condition") {
    const boost::system::error_code foreign = make_error_code(boost::system::errc::timed_out);
    CHECK(error_kind(foreign) == "internal");
    CHECK_FALSE(foreign == failure::timeout);
    CHECK_FALSE(foreign == failure::retryable);
    CHECK(error_kind({}) == "");
    CHECK_FALSE(boost::system::error_code() == failure::local);
}

TEST_CASE("values outside the enumerations are harmless") {
    for (const int value : {-1, static_cast<int>(rows.size()) + 1, 1000000}) {
        const boost::system::error_code code(value, asyncdl::error_category());
        CHECK_FALSE(code.message().empty());
        CHECK(error_kind(code) == "internal");
        CHECK_FALSE(code == failure::peer);
        const boost::system::error_condition condition(value, asyncdl::failure_category());
        CHECK_FALSE(condition.message().empty());
        CHECK_FALSE(make_error_code(errc::timeout) == condition);
    }
}

TEST_CASE("the categories have their names") {
    CHECK(std::string(asyncdl::error_category().name()) == "asyncdl");
    CHECK(std::string(asyncdl::failure_category().name()) == "asyncdl.failure");
    CHECK(make_error_condition(failure::peer).category() == asyncdl::failure_category());
    CHECK_FALSE(make_error_condition(failure::peer).message().empty());
}

TEST_CASE("the value of a failed outcome throws what failed") {
    const asyncdl::core::outcome<int> failed = asyncdl::core::fault(errc::name, "no name");
    try {
        static_cast<void>(failed.value());
        FAIL("nothing was thrown");
    } catch (const boost::system::system_error& error) {
        CHECK(error.code() == errc::name);
        CHECK(std::string(error.what()).find("no name") != std::string::npos);
    }
}

TEST_CASE("a bare code is a fault with its own text") {
    const asyncdl::core::outcome<int> failed = errc::truncated;
    REQUIRE_FALSE(failed);
    CHECK(failed.error().code() == errc::truncated);
    CHECK(failed.error().message() == make_error_code(errc::truncated).message());
}

TEST_SUITE_END();
