// --log-file: one that cannot be opened, and one that cannot be written to its end.

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <string>

#include "bench.hpp"

namespace {

using namespace asyncdl::test;

}  // namespace

TEST_SUITE("cli/log_file") {
    TEST_CASE("a log that cannot be opened is exit 2 before anything is downloaded") {
        bench b;
        b.write("file", "x");
        for (const std::string path : {".", "file/x", "", "file/"}) {
            CAPTURE(path);
            const auto r = b.run({"--log-file", path, b.url("/bytes/1")});
            CHECK(r.status == 2);
            CHECK(r.out.empty());
            CHECK(r.err.starts_with("asyncdl: --log-file: " + path + ": "));
            CHECK(r.err.find('\n') == r.err.size() - 1);
        }
        CHECK(b.server.requests().empty());
        CHECK(b.read("file") == "x");
    }

    TEST_CASE("a log that cannot be written to its end is one line of ours and exit 1") {
        bench b;
        if (::mknod((b.dir / "full").c_str(), S_IFCHR | 0666, makedev(1, 7)) != 0) {
            MESSAGE("skipped: no device can be made here");
            return;
        }
        const auto r = b.run(
            {"--log-file", "full", "--log-level", "debug", b.url("/bytes/1"), b.url("/bytes/2")});
        CHECK(r.status == 1);
        CHECK(r.err == "asyncdl: full: No space left on device\n");
        CHECK(b.read("downloads/1").size() == 1);
        CHECK(b.read("downloads/2").size() == 2);
    }
}
