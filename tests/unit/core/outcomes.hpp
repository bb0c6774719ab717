#pragma once
// How a failed check shows an outcome: Boost's own way needs a value that can be printed.

#include <doctest/doctest.h>

#include "core/fault.hpp"

template <typename T>
struct doctest::StringMaker<boost::system::result<T, asyncdl::core::fault>> {
    static String convert(const boost::system::result<T, asyncdl::core::fault>& outcome) {
        return outcome ? "a value" : String("failed: ") + outcome.error().message().c_str();
    }
};
