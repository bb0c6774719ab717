#pragma once
// What every test says about the end of a download. Used by the test's thread.

#include <asyncdl/download_result.hpp>
#include <asyncdl/error.hpp>
#include <string>
#include <string_view>

namespace asyncdl::test {

class stage;

/// Success of a download to `file`, with exactly these bytes and nothing else in the directory.
void check_stored(const stage& where, const download_result& result, std::string_view bytes);

/// A failure of this kind that left nothing behind.
void check_failed(const stage& where, const download_result& result, errc code);

/// The fields of a failure agree with each other.
void check_failure(const download_result& result, errc code);

}  // namespace asyncdl::test
