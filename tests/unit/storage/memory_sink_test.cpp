#include <doctest/doctest.h>

#include <asyncdl/error.hpp>
#include <asyncdl/memory_sink.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <limits>
#include <string>

namespace {

using namespace asyncdl;
using boost::asio::awaitable;

std::span<const std::byte> bytes(std::string_view text) {
    return std::as_bytes(std::span(text));
}

std::string text(const memory_sink& sink) {
    return {reinterpret_cast<const char*>(sink.bytes().data()), sink.bytes().size()};
}

/// Runs a test to its end; a sink that suspends would leave it unfinished.
void run(awaitable<void> story) {
    boost::asio::io_context context;
    bool done = false;
    boost::asio::co_spawn(context, std::move(story), [&](std::exception_ptr error) {
        CHECK(!error);
        done = true;
    });
    CHECK(context.poll() > 0);
    CHECK(done);
}

}  // namespace

TEST_SUITE("unit/storage/memory_sink") {
    TEST_CASE("a body is kept, in whatever order it comes") {
        const auto story = [](memory_sink& sink) -> awaitable<void> {
            CHECK(!co_await sink.open(6));
            CHECK(!co_await sink.write(3, bytes("def")));
            CHECK(!co_await sink.write(0, bytes("abc")));
            CHECK(!co_await sink.sync());
            CHECK(!co_await sink.commit(6));
            CHECK(text(sink) == "abcdef");
        };
        memory_sink sink(6);
        run(story(sink));
    }

    TEST_CASE("a body that is announced longer than the limit fails before its first byte") {
        const auto story = [](memory_sink& sink) -> awaitable<void> {
            CHECK(co_await sink.open(6) == errc::too_large);
            CHECK(co_await sink.open(std::numeric_limits<std::uint64_t>::max()) == errc::too_large);
            CHECK(!co_await sink.open(5));
        };
        memory_sink sink(5);
        run(story(sink));
    }

    TEST_CASE("an announced length takes no memory by itself") {
        const auto story = [](memory_sink& sink) -> awaitable<void> {
            CHECK(!co_await sink.open(std::uint64_t{1} << 50));
            CHECK(sink.bytes().capacity() == 0);
        };
        memory_sink sink(std::numeric_limits<std::size_t>::max());
        run(story(sink));
    }

    TEST_CASE("a write past the limit fails and stores nothing") {
        const auto story = [](memory_sink& sink) -> awaitable<void> {
            CHECK(!co_await sink.open(std::nullopt));
            CHECK(!co_await sink.write(0, bytes("abc")));
            CHECK(co_await sink.write(3, bytes("def")) == errc::too_large);
            CHECK(co_await sink.write(6, {}) == errc::too_large);
            CHECK(co_await sink.write(std::numeric_limits<std::uint64_t>::max(), bytes("x")) ==
                  errc::too_large);
            CHECK(text(sink) == "abc");
        };
        memory_sink sink(5);
        run(story(sink));
    }

    TEST_CASE("after a discard it is empty, and another attempt starts over") {
        const auto story = [](memory_sink& sink) -> awaitable<void> {
            CHECK(!co_await sink.open(std::nullopt));
            CHECK(!co_await sink.write(0, bytes("first attempt")));
            co_await sink.discard();
            CHECK(sink.bytes().empty());
            CHECK(!co_await sink.open(std::nullopt));
            CHECK(!co_await sink.write(0, bytes("second")));
            CHECK(!co_await sink.commit(6));
            CHECK(text(sink) == "second");
        };
        memory_sink sink(100);
        run(story(sink));
    }
}
