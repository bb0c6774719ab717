// A program of libFuzzer: main is the fuzzer's, the one target is linked in.

#include <cstddef>

#include "fuzz/target.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    asyncdl::fuzz::targets().front().run({reinterpret_cast<const char*>(data), size});
    return 0;
}
