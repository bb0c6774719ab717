#include <doctest/doctest.h>

#include <boost/asio/thread_pool.hpp>
#include <latch>
#include <thread>

#include "part_files.hpp"
#include "sinks.hpp"

namespace {

using namespace asyncdl;
using namespace asyncdl::storage;
using boost::asio::awaitable;
using test::in_both_modes;
using test::kib;
using test::mib;
using test::names;
using test::run;
using test::temp_dir;
using ranges_of = std::vector<core::byte_range>;
namespace asio = boost::asio;

/// A sink in a directory where an earlier run may have left something, and those who prove that.
class stage {
public:
    explicit stage(file_sink::options how = {}, files& calls = files::system(),
                   std::size_t threads = 4)
        : pool_(threads), how_(std::move(how)), calls_(calls) {}

    file_sink sink() { return {test::open(dir, calls_), "a", how_}; }

    /// What `into` finds of `source`.
    core::outcome<std::optional<kept_bytes>> reopen(file_sink& into,
                                                    std::uint64_t source = test::origin) {
        core::outcome<std::optional<kept_bytes>> found;
        const auto story = [&]() -> awaitable<void> {
            found = co_await into.reopen(source, pool_.get_executor(), proven, stop);
        };
        run(story());
        return found;
    }

    asio::any_io_executor provers() { return pool_.get_executor(); }

    temp_dir dir;
    std::atomic<std::uint64_t> proven = 0;
    std::atomic<bool> stop = false;

private:
    asio::thread_pool pool_;
    file_sink::options how_;
    files& calls_;
};

ranges_of held(const kept_bytes& kept) {
    return {kept.bytes.ranges().begin(), kept.bytes.ranges().end()};
}

awaitable<void> write(file_sink& to, std::size_t at, std::size_t size) {
    CHECK(!co_await to.write(at, test::bytes(test::body(at, size))));
}

bool keep(file_sink& sink) {
    bool kept = false;
    const auto story = [&]() -> awaitable<void> { kept = co_await sink.keep(); };
    run(story());
    return kept;
}

}  // namespace

TEST_SUITE("unit/storage/file_sink_resume") {
    TEST_CASE("where nothing was left there is nothing, and a download goes on as ever") {
        in_both_modes([](const file_sink::options& how) {
            stage on(how);
            auto sink = on.sink();
            CHECK(!on.reopen(sink).value());
            CHECK(!sink.is_open());
            const auto story = [&]() -> awaitable<void> {
                CHECK(!co_await sink.open(100));
                co_await write(sink, 0, 100);
                CHECK(!co_await sink.commit(100));
            };
            run(story());
            CHECK(test::read_file(on.dir / "a") == test::body(0, 100));
            CHECK(on.proven == 0);
        });
    }

    TEST_CASE("what was kept is proven, and resumed to the whole file") {
        in_both_modes([](const file_sink::options& how) {
            stage on(how);
            {
                auto sink = on.sink();
                const auto story = [&]() -> awaitable<void> {
                    CHECK(!co_await sink.open(4 * mib));
                    sink.describe(test::origin, test::some_validators());
                    for (std::size_t at = 0; at < 3 * mib; at += 512 * kib)
                        co_await write(sink, at, 512 * kib);
                };
                run(story());
                CHECK(keep(sink));
                CHECK(!sink.is_open());
            }
            auto sink = on.sink();
            const auto kept = on.reopen(sink).value();
            REQUIRE(kept.has_value());
            CHECK(held(*kept) == ranges_of{{0, 3 * mib}});
            CHECK(kept->about == test::some_validators());
            CHECK(on.proven == 3 * mib);
            const auto story = [&]() -> awaitable<void> {
                CHECK(!co_await sink.resume(4 * mib));
                co_await write(sink, 3 * mib, mib);
                CHECK(!co_await sink.commit(4 * mib));
            };
            run(story());
            CHECK(on.dir.names() == names{"a"});
            CHECK(test::read_file(on.dir / "a") == test::body(0, 4 * mib));
        });
    }

    TEST_CASE("a bad piece alone is missing from what is kept") {
        in_both_modes([](const file_sink::options& how) {
            stage on(how);
            test::leave(on.dir, 3 * mib + 100);
            test::overwrite(on.dir / "a.part", mib + 7, 1, '?');
            auto sink = on.sink();
            const auto kept = on.reopen(sink).value();
            REQUIRE(kept.has_value());
            CHECK(held(*kept) == ranges_of{{0, mib}, {2 * mib, 3 * mib + 100}});
            CHECK(on.proven == 3 * mib + 100);
        });
    }

    TEST_CASE("what is of another source, or does not hold, is left where it is") {
        in_both_modes([](const file_sink::options& how) {
            for (const bool broken : {false, true}) {
                stage on(how);
                test::leave(on.dir, mib);
                if (broken)
                    test::overwrite(on.dir / "a.part", 7, 1, '?');
                auto sink = on.sink();
                CHECK(!on.reopen(sink, broken ? test::origin : test::origin + 1).value());
                CHECK(!sink.is_open());
                CHECK(!sink.fault().code());
                CHECK(on.dir.names() == names{"a.part", "a.part.state"});
                CHECK(on.proven == (broken ? mib : 0));
                const auto story = [&]() -> awaitable<void> { CHECK(!co_await sink.open(10)); };
                run(story());
                CHECK(on.dir.names() == names{"a.part"});
            }
        });
    }

    TEST_CASE("what another download has open is a failure with its line") {
        in_both_modes([](const file_sink::options& how) {
            stage on(how);
            test::leave(on.dir, mib);
            auto first = on.sink(), second = on.sink();
            REQUIRE(on.reopen(first).value().has_value());
            const auto found = on.reopen(second);
            REQUIRE(found.has_error());
            CHECK(found.error().code() == errc::part_in_use);
            CHECK(second.fault().message() ==
                  test::in(on.dir, "a.part is in use by another download"));
            CHECK(!second.is_open());
        });
    }

    TEST_CASE("a stop ends the proof between two pieces, and what is there stays") {
        class stopping : public files {
        public:
            ::ssize_t pread(int file, std::span<std::byte> into, std::uint64_t offset) override {
                if (stop && offset >= mib)
                    *stop = true;
                return files::pread(file, into, offset);
            }
            std::atomic<bool>* stop = nullptr;
        } calls;
        stage on({}, calls, 1);
        test::leave(on.dir, 4 * mib);
        for (const bool before : {false, true}) {
            on.stop = before;
            on.proven = 0;
            calls.stop = before ? nullptr : &on.stop;
            auto sink = on.sink();
            CHECK(!on.reopen(sink).value());
            CHECK(on.proven == (before ? 0 : 2 * mib));
            CHECK(!sink.is_open());
            CHECK(on.dir.names() == names{"a.part", "a.part.state"});
        }
    }

    TEST_CASE("four pieces are proven at the same time, and no more") {
        class meeting : public files {
        public:
            ::ssize_t pread(int file, std::span<std::byte> into, std::uint64_t offset) override {
                most = std::max(++now_reading, most.load());
                if (into.size() == 256 * kib && offset < 4 * mib && offset % mib == 0)
                    four.arrive_and_wait();  // would wait for ever for fewer
                const auto read = files::pread(file, into, offset);
                --now_reading;
                return read;
            }
            std::latch four{4};
            std::atomic<int> now_reading = 0, most = 0;
        } calls;
        stage on({}, calls, 8);
        test::leave(on.dir, 8 * mib);
        auto sink = on.sink();
        REQUIRE(on.reopen(sink).value().has_value());
        CHECK(calls.most == 4);
    }

    TEST_CASE("open after a reopening starts over") {
        in_both_modes([](const file_sink::options& how) {
            stage on(how);
            test::leave(on.dir, 2 * mib);
            auto sink = on.sink();
            REQUIRE(on.reopen(sink).value().has_value());
            const auto story = [&]() -> awaitable<void> {
                CHECK(!co_await sink.open(2 * mib));
                CHECK(on.dir.names() == names{"a.part"});
                CHECK(std::filesystem::file_size(on.dir / "a.part") == 0);
                CHECK(!co_await sink.write(0, test::bytes("abc")));
                CHECK(!co_await sink.open(std::nullopt));
                CHECK(!co_await sink.write(0, test::bytes("de")));
                CHECK(!co_await sink.commit(2));
            };
            run(story());
            CHECK(on.dir.names() == names{"a"});
            CHECK(test::read_file(on.dir / "a") == "de");
        });
    }

    TEST_CASE("where the space to resume is lacking the bytes can still be kept") {
        in_both_modes([](const file_sink::options& how) {
            stage on(how);
            test::leave(on.dir, mib);
            auto sink = on.sink();
            REQUIRE(on.reopen(sink).value().has_value());
            const auto story = [&]() -> awaitable<void> {
                const auto failed = co_await sink.resume(std::uint64_t{1} << 63);
                CHECK(failed == errc::disk_full);
            };
            run(story());
            CHECK(sink.is_open());
            CHECK(keep(sink));
            CHECK(test::proven(on.dir) == ranges_of{{0, mib}});
        });
    }

    TEST_CASE("where the space to start over is lacking nothing is left") {
        in_both_modes([](const file_sink::options& how) {
            stage on(how);
            test::leave(on.dir, mib);
            auto sink = on.sink();
            REQUIRE(on.reopen(sink).value().has_value());
            const auto story = [&]() -> awaitable<void> {
                const auto failed = co_await sink.open(std::uint64_t{1} << 63);
                CHECK(failed == errc::disk_full);
            };
            run(story());
            CHECK(!sink.is_open());
            CHECK(on.dir.names().empty());
        });
    }

    TEST_CASE("what has nothing to go on with is not kept") {
        in_both_modes([](const file_sink::options& how) {
            stage on(how);
            auto sink = on.sink();
            const auto story = [&]() -> awaitable<void> {
                CHECK(!co_await sink.open(100));
                sink.describe(test::origin, test::some_validators());
            };
            run(story());
            CHECK(!keep(sink));
            CHECK(on.dir.names().empty());
        });
    }

    TEST_CASE("the digest is made where it holds nobody up") {
        class noting : public files {
        public:
            ::ssize_t pread(int file, std::span<std::byte> into, std::uint64_t offset) override {
                reader = std::this_thread::get_id();
                return files::pread(file, into, offset);
            }
            std::thread::id reader;
        } calls;
        in_both_modes([&](const file_sink::options& how) {
            stage on(how, calls);
            auto sink = on.sink();
            const auto story = [&]() -> awaitable<void> {
                CHECK(!co_await sink.open(2 * mib));
                co_await write(sink, 0, 2 * mib);
                for (const std::size_t size : {mib, mib + 1}) {
                    const auto made = co_await sink.digest(core::digest_algorithm::md5, {0, size},
                                                           on.provers(), on.stop);
                    CHECK(made.value().algorithm == core::digest_algorithm::md5);
                    const bool here = calls.reader == std::this_thread::get_id();
                    CHECK(here == (!how.work && size == mib));
                }
                on.stop = true;
                const auto stopped = co_await sink.digest(core::digest_algorithm::md5, {0, mib},
                                                          on.provers(), on.stop);
                CHECK(stopped.error().code() == errc::cancelled);
                CHECK(sink.fault().code() == errc::cancelled);
                co_await sink.discard();
            };
            run(story());
        });
    }
}
