#include "storage/file_sink.hpp"

#include <doctest/doctest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "failing_files.hpp"
#include "part_files.hpp"
#include "sinks.hpp"

namespace {

using namespace asyncdl;
using namespace asyncdl::storage;
using boost::asio::awaitable;
using boost::system::error_code;
using test::bytes;
using test::in_both_modes;
using test::names;
using test::open;
using test::run;
using test::temp_dir;
namespace asio = boost::asio;

/// open, two writes, sync, commit; the first failure.
awaitable<error_code> download(sink& to) {
    if (auto failed = co_await to.open(6))
        co_return failed;
    if (auto failed = co_await to.write(3, bytes("def")))
        co_return failed;
    if (auto failed = co_await to.write(0, bytes("abc")))
        co_return failed;
    if (auto failed = co_await to.sync())
        co_return failed;
    co_return co_await to.commit(6);
}

awaitable<void> expect(sink& to, error_code wanted) {
    const auto got = co_await download(to);
    CHECK(got == wanted);
}

}  // namespace

TEST_SUITE("unit/storage/file_sink") {
    TEST_CASE("the file appears with its bytes and its time") {
        in_both_modes([](const file_sink::options& how) {
            temp_dir dir;
            file_sink to(open(dir), "a", how);
            to.modified(std::chrono::sys_seconds(std::chrono::seconds(784111777)));
            run(expect(to, {}));
            CHECK(test::read_file(dir / "a") == "abcdef");
            CHECK(dir.names() == names{"a"});
            CHECK(!to.fault().code());
            struct ::stat found {};
            REQUIRE(::stat((dir / "a").c_str(), &found) == 0);
            CHECK(found.st_mtim.tv_sec == 784111777);
        });
    }

    TEST_CASE("a failure is told by its code and by its line for a person") {
        in_both_modes([](const file_sink::options& how) {
            temp_dir dir;
            test::failing_files calls(6, ENOSPC);  // the first write
            {
                file_sink to(open(dir, calls), "a", how);
                run(expect(to, errc::disk_full));
                CHECK(to.fault().code() == errc::disk_full);
                CHECK(to.fault().message() ==
                      "cannot write " + test::in(dir, "a.part: No space left on device"));
            }
            CHECK(dir.names().empty());
            CHECK(calls.open_descriptors() == 0);
        });
    }

    TEST_CASE("without replace an existing file stays") {
        in_both_modes([](file_sink::options how) {
            temp_dir dir;
            test::write_file(dir / "a", "old");
            how.replace = false;
            file_sink to(open(dir), "a", how);
            run(expect(to, errc::exists));
            CHECK(to.fault().message() == test::in(dir, "a exists already"));
            CHECK(to.is_open());
            run(to.discard());
            CHECK(test::read_file(dir / "a") == "old");
            CHECK(dir.names() == names{"a"});
        });
    }

    TEST_CASE("it is opened again after a discard, and starts empty") {
        in_both_modes([](const file_sink::options& how) {
            temp_dir dir;
            file_sink to(open(dir), "a", how);
            const auto story = [](sink& kept, const temp_dir& where) -> awaitable<void> {
                CHECK(!co_await kept.open(std::nullopt));
                CHECK(!co_await kept.write(0, bytes("a longer text of the first attempt")));
                co_await kept.discard();
                CHECK(where.names().empty());
                CHECK(!co_await download(kept));
            };
            run(story(to, dir));
            CHECK(test::read_file(dir / "a") == "abcdef");
        });
    }

    TEST_CASE("in place nothing suspends: one poll of the context makes the whole download") {
        temp_dir dir;
        file_sink to(open(dir), "a", {});
        asio::io_context context;
        bool done = false;
        asio::co_spawn(context, expect(to, {}), [&](std::exception_ptr) { done = true; });
        CHECK(context.poll_one() == 1);
        CHECK(test::read_file(dir / "a") == "abcdef");
        context.poll();
        CHECK(done);
    }
}
