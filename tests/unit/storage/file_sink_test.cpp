#include "storage/file_sink.hpp"

#include <doctest/doctest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <future>
#include <stdexcept>
#include <thread>

#include "failing_files.hpp"
#include "storage/offload.hpp"
#include "support/temp_dir.hpp"

namespace {

using namespace asyncdl;
using namespace asyncdl::storage;
using boost::asio::awaitable;
using boost::system::error_code;
using test::temp_dir;
using names = std::vector<std::string>;
namespace asio = boost::asio;

std::span<const std::byte> bytes(std::string_view text) {
    return std::as_bytes(std::span(text));
}

std::shared_ptr<directory> open(const temp_dir& dir, files& calls = files::system()) {
    return directory::open(dir.string(), calls).value();
}

/// Runs `work` to its end on a context that outlives every pool: one that posts to it may still be
/// at it when the work is done.
void run(awaitable<void> work) {
    static asio::io_context context;
    context.restart();
    std::exception_ptr thrown;
    asio::co_spawn(context, std::move(work), [&](std::exception_ptr error) { thrown = error; });
    context.run();
    if (thrown)
        std::rethrow_exception(thrown);
}

/// Both ways of making the calls: in place, and on a pool.
template <typename Test>
void in_both_modes(Test test) {
    asio::thread_pool pool(1);
    file_sink::options how;
    test(how);
    how.work = pool.get_executor();
    test(how);
    pool.join();
}

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
            CHECK(!to.fault().code);
            struct ::stat found {};
            REQUIRE(::stat((dir / "a").c_str(), &found) == 0);
            CHECK(found.st_mtim.tv_sec == 784111777);
        });
    }

    TEST_CASE("a failure is told by its code and by its line for a person") {
        in_both_modes([](const file_sink::options& how) {
            temp_dir dir;
            test::failing_files calls(4, ENOSPC);  // the directory, the part file, a short write
            {
                file_sink to(open(dir, calls), "a", how);
                run(expect(to, errc::disk_full));
                CHECK(to.fault().code == errc::disk_full);
                CHECK(to.fault().message == "cannot write a.part: No space left on device");
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
            CHECK(to.fault().message == "a exists already");
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

    TEST_CASE("with a work executor the calls are made there and the coroutine stays on its own") {
        asio::thread_pool pool(1);
        const auto here = std::this_thread::get_id();
        const auto story = [](asio::any_io_executor work, std::thread::id own) -> awaitable<void> {
            auto where = [] { return std::this_thread::get_id(); };
            const auto there = co_await offload(work, where);
            CHECK(there != own);
            CHECK(where() == own);
        };
        run(story(pool.get_executor(), here));
    }

    TEST_CASE("what an offloaded call throws comes out of the await") {
        asio::thread_pool pool(1);
        const auto story = [](asio::any_io_executor work) -> awaitable<void> {
            auto bad = [] { throw std::runtime_error("bad"); };
            bool caught = false;
            try {
                co_await offload(work, bad);
            } catch (const std::runtime_error& error) {
                caught = error.what() == std::string("bad");
            }
            CHECK(caught);
        };
        run(story(pool.get_executor()));
    }

    TEST_CASE("a cancellation in the middle of an offloaded call waits for its end") {
        asio::io_context context;
        asio::thread_pool pool(1);
        asio::cancellation_signal signal;
        std::promise<void> started, go;
        bool finished = false;
        const auto story = [](asio::any_io_executor work, std::promise<void>& begun,
                              std::promise<void>& wait, bool& end) -> awaitable<void> {
            std::string buffer = "in the frame";
            auto call = [&] {
                begun.set_value();
                wait.get_future().wait();
                end = buffer == "in the frame";
                return 7;
            };
            const int result = co_await offload(work, call);
            CHECK(result == 7);
        };
        bool done = false;
        asio::co_spawn(
            context, story(pool.get_executor(), started, go, finished),
            asio::bind_cancellation_slot(signal.slot(), [&](std::exception_ptr) { done = true; }));
        context.poll();
        started.get_future().wait();
        signal.emit(asio::cancellation_type::terminal);
        context.poll();
        CHECK(!done);
        CHECK(!context.stopped());  // the call counts as outstanding work
        go.set_value();
        context.run();
        CHECK(done);
        CHECK(finished);
    }

    TEST_CASE("a call that still waits for the work executor when that ends is never made") {
        bool called = false;
        asio::io_context context;
        {
            asio::io_context work;  // nobody runs it
            const auto story = [](asio::any_io_executor on, bool& flag) -> awaitable<void> {
                auto call = [&flag] { flag = true; };
                co_await offload(on, call);
            };
            asio::co_spawn(context, story(work.get_executor(), called), asio::detached);
            context.poll();
        }
        context.restart();
        context.run();
        CHECK(!called);
    }
}
