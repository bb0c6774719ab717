#pragma once
// Tests that need something of the machine say so where it is missing. Used by the test's thread.

#include <doctest/doctest.h>

#include <string>

namespace asyncdl::test {

/// Returns `there`; if it is false, the test's output says that the test shows nothing here.
inline bool has(bool there, const std::string& what) {
    if (!there) {
        MESSAGE("skipped: ", what, " is missing here, so this test shows nothing");
    }
    return there;
}

}  // namespace asyncdl::test
