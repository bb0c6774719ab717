#include "cli/list_reader.hpp"

#include <doctest/doctest.h>
#include <asyncdl/error.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <filesystem>
#include <optional>

#include "named_pipe.hpp"
#include "support/skip.hpp"
#include "support/temp_dir.hpp"
#include "support/wait.hpp"

namespace {

namespace asio = boost::asio;
using namespace asyncdl;
using namespace asyncdl::cli;
using next_result = boost::system::result<std::optional<download_request>>;

// A list on a pipe that the test writes.
class piped_list {
public:
    piped_list() {
        auto opened = input_file::open((dir_ / "pipe").string());
        REQUIRE(opened.has_value());
        lists_.push_back(*std::move(opened));
    }

    std::vector<input_file> take() { return std::move(lists_); }
    void write(std::string_view text) { pipe_.write(text); }

private:
    test::temp_dir dir_;
    test::named_pipe pipe_{(dir_ / "pipe").string()};
    std::vector<input_file> lists_;
};

// One call, run to its end on a loop of its own, as if on another thread each time.
next_result next(list_reader& reader) {
    asio::io_context loop(1);
    std::optional<next_result> result;
    asio::co_spawn(loop, reader.async_next(), [&](std::exception_ptr thrown, next_result r) {
        CHECK(thrown == nullptr);
        result.emplace(std::move(r));
    });
    loop.run_for(test::patience);
    REQUIRE(result.has_value());
    return *std::move(result);
}

std::string next_url(list_reader& reader) {
    const next_result r = next(reader);
    REQUIRE(r.has_value());
    return *r ? (*r)->urls.front() : "(end)";
}

std::vector<input_file> open_all(const std::vector<std::filesystem::path>& paths) {
    std::vector<input_file> lists;
    for (const auto& path : paths) {
        auto opened = input_file::open(path.string());
        REQUIRE(opened.has_value());
        lists.push_back(*std::move(opened));
    }
    return lists;
}

void ignore(const std::string&) {}

// Reading the memory of a process at address 0 is an error.
bool has_broken_list() {
    return test::has(std::filesystem::exists("/proc/self/mem"), "/proc");
}

}  // namespace

TEST_SUITE("cli/list_reader") {
    TEST_CASE("arguments come first, then the lists, then the end") {
        test::temp_dir dir;
        test::write_file(dir / "a", "http://a/1\nhttp://a/2");
        test::write_file(dir / "b", "\xEF\xBB\xBFhttp://b/1\n out=x\n");
        std::vector<download_request> arguments{download_request("http://0/")};
        list_reader reader(std::move(arguments), open_all({dir / "a", dir / "b"}), ignore);
        for (const char* url : {"http://0/", "http://a/1", "http://a/2", "http://b/1", "(end)"}) {
            CHECK(next_url(reader) == url);
        }
    }

    TEST_CASE("options at the head of a list do not reach the entry of the list before") {
        test::temp_dir dir;
        test::write_file(dir / "a", "http://a/1");
        test::write_file(dir / "b", " out=x\n");
        list_reader reader({}, open_all({dir / "a", dir / "b"}), ignore);
        const next_result first = next(reader);
        CHECK((*first)->file_name.empty());
        CHECK((*next(reader))->rejection == errc::invalid_url);
    }

    TEST_CASE("without arguments and lists there is nothing") {
        list_reader reader({}, {}, ignore);
        CHECK(next_url(reader) == "(end)");
    }

    TEST_CASE("an entry on a pipe waits a moment for its options, not for the next entry") {
        piped_list list;
        list_reader reader({}, list.take(), ignore);
        list.write("http://a/\n");
        CHECK(next_url(reader) == "http://a/");
        list.write("http://b/\n out=x\nhttp://c/\n");
        const next_result b = next(reader);
        CHECK((*b)->file_name == "x");
        list.write(" out=y\nhttp://d/");
        const next_result c = next(reader);
        CHECK((*c)->urls.front() == "http://c/");
        CHECK((*c)->file_name == "y");
    }

    TEST_CASE("an entry waits for the rest of an option that has begun, however long it takes") {
        piped_list list;
        list_reader reader({}, list.take(), ignore);
        list.write("http://a/\n out=");
        asio::io_context loop(1);
        std::optional<next_result> a;
        asio::co_spawn(loop, reader.async_next(),
                       [&](std::exception_ptr, next_result r) { a.emplace(std::move(r)); });
        loop.run_for(std::chrono::milliseconds(1300));  // longer than for an option's begin
        CHECK_FALSE(a.has_value());
        list.write("x\n");
        loop.run_for(test::patience);
        REQUIRE(a.has_value());
        CHECK((**a)->file_name == "x");
    }

    TEST_CASE("an option that comes too late for its entry is told, the others go on") {
        piped_list list;
        list_reader reader({}, list.take(), ignore);
        list.write("http://a/\n");
        CHECK(next_url(reader) == "http://a/");
        CHECK(reader.late_option().empty());
        // Neither an entry of its own nor, of another value, NAME=URL.
        list.write("# a comment\n\n referer=http://x/\n out=y\nhttp://b/\n out=b\nhttp://c/\n");
        const next_result b = next(reader);
        CHECK((*b)->urls.front() == "http://b/");
        CHECK((*b)->file_name == "b");
        CHECK(next_url(reader) == "http://c/");
        const std::string& told = reader.late_option();
        CHECK(
            told.ends_with(":4: 'referer' came more than a second after its entry, which was "
                           "downloaded without it"));
        // An indented URL is one.
        list.write(" http://d/\n");
        CHECK(next_url(reader) == "http://d/");
    }

    TEST_CASE("what is told of a late option shows no value, and nothing that is no key") {
        for (const char* line : {" s3cr3t", "\thttp-passwd=s3cr3t", " he ader=s3cr3t"}) {
            piped_list list;
            list_reader reader({}, list.take(), ignore);
            list.write("http://a/\n");
            CHECK(next_url(reader) == "http://a/");
            list.write(std::string(line) + "\nhttp://b/\n");
            CHECK(next_url(reader) == "http://b/");
            CHECK(reader.late_option().find(":2: ") != std::string::npos);
            CHECK(reader.late_option().find("s3cr3t") == std::string::npos);
        }
    }

    TEST_CASE("what can be given without waiting is given at once") {
        test::temp_dir dir;
        test::write_file(dir / "a", "http://a/1\n out=x\nhttp://a/2");
        std::vector<download_request> arguments{download_request("http://0/")};
        list_reader reader(std::move(arguments), open_all({dir / "a"}), ignore);
        CHECK(reader.try_next()->urls.front() == "http://0/");
        const auto first = reader.try_next();
        REQUIRE(first.has_value());
        CHECK(first->urls.front() == "http://a/1");
        CHECK(first->file_name == "x");
        CHECK(reader.try_next()->urls.front() == "http://a/2");
        CHECK_FALSE(reader.try_next().has_value());
        CHECK(next_url(reader) == "(end)");
    }

    TEST_CASE("what must be waited for is not given at once, nor is an error") {
        piped_list list;
        list_reader reader({}, list.take(), ignore);
        list.write("http://a/\nhttp://b/\nhttp://c/\n");
        CHECK_FALSE(reader.try_next().has_value());  // nothing is read from a pipe
        CHECK(next_url(reader) == "http://a/");
        CHECK(reader.try_next()->urls.front() == "http://b/");
        CHECK_FALSE(reader.try_next().has_value());  // options of the last may follow
        CHECK(next_url(reader) == "http://c/");
        CHECK_FALSE(reader.try_next().has_value());

        if (!has_broken_list()) {
            return;
        }
        test::temp_dir dir;
        test::write_file(dir / "a", "http://a/");
        list_reader broken({}, open_all({dir / "a", "/proc/self/mem"}), ignore);
        CHECK(broken.try_next()->urls.front() == "http://a/");
        CHECK_FALSE(broken.try_next().has_value());
        CHECK_FALSE(broken.try_next().has_value());
        CHECK(next(broken).has_error());
    }

    TEST_CASE("cancellation ends the wait for a pipe, with and without an entry that is pending") {
        for (const bool pending : {false, true}) {
            piped_list list;
            list_reader reader({}, list.take(), ignore);
            if (pending) {
                list.write("http://a/\n");
            }
            asio::io_context loop(1);
            asio::cancellation_signal cancel;
            bool ended = false;
            asio::co_spawn(
                loop, reader.async_next(),
                asio::bind_cancellation_slot(
                    cancel.slot(), [&](std::exception_ptr, next_result) { ended = true; }));
            while (loop.poll_one() > 0) {
            }
            CHECK_FALSE(ended);
            cancel.emit(asio::cancellation_type::terminal);
            loop.run_for(test::soon);
            CHECK(ended);
            CHECK(reader.failure().empty());
        }
    }

    TEST_CASE("between two entries that are megabytes apart others have a turn") {
        test::temp_dir dir;
        std::string comments;
        for (int i = 0; i < 400'000; ++i) {
            comments += "#x\n";
        }
        for (const std::string& between : {std::string(1'200'000, '\n'), comments}) {
            test::write_file(dir / "a", "http://a/1\nhttp://a/2\n" + between + "http://a/3\n");
            list_reader reader({}, open_all({dir / "a"}), ignore);
            CHECK(reader.try_next()->urls.front() == "http://a/1");
            CHECK_FALSE(reader.try_next().has_value());
            CHECK(next_url(reader) == "http://a/2");
            CHECK(next_url(reader) == "http://a/3");
        }
    }

    TEST_CASE("a list that never ends can be cancelled") {
        test::temp_dir dir;
        test::write_file(dir / "a", "");
        std::filesystem::resize_file(dir / "a", std::uintmax_t{1} << 42);
        list_reader reader({}, open_all({dir / "a"}), ignore);
        asio::io_context loop(1);
        asio::cancellation_signal cancel;
        std::optional<next_result> given;
        asio::co_spawn(loop, reader.async_next(),
                       asio::bind_cancellation_slot(cancel.slot(),
                                                    [&](std::exception_ptr thrown, next_result r) {
                                                        CHECK(thrown == nullptr);
                                                        given.emplace(std::move(r));
                                                    }));
        for (int turn = 0; turn < 20; ++turn) {
            CHECK(loop.poll_one() == 1);
        }
        CHECK_FALSE(given.has_value());
        cancel.emit(asio::cancellation_type::terminal);
        CHECK(test::runs_out_of_work(loop));
        REQUIRE(given.has_value());
        // What had begun is given, and rejected for its length.
        REQUIRE(given->has_value());
        CHECK((**given)->rejection == errc::invalid_url);
        CHECK(next(reader).has_error());
        CHECK(reader.failure().empty());
    }

    TEST_CASE("a list that breaks in the middle gives what it had, then its error") {
        if (!has_broken_list()) {
            return;
        }
        test::temp_dir dir;
        test::write_file(dir / "a", "http://a/");
        list_reader reader({}, open_all({dir / "a", "/proc/self/mem"}), ignore);
        CHECK(next_url(reader) == "http://a/");
        CHECK(reader.failure().empty());
        const next_result broken = next(reader);
        CHECK(broken.has_error());
        CHECK(reader.failure() == "/proc/self/mem: Input/output error");
    }

    TEST_CASE("the line about a list that breaks shows no password and moves no cursor") {
        if (!has_broken_list()) {
            return;
        }
        test::temp_dir dir;
        const auto link = dir / "u:s3cr3t@h\x1b";
        std::filesystem::create_symlink("/proc/self/mem", link);
        list_reader reader({}, open_all({link}), ignore);
        CHECK(next(reader).has_error());
        CHECK(reader.failure() == "...@h\xEF\xBF\xBD: Input/output error");
    }

    TEST_CASE("what cannot be a list is refused when it is opened") {
        test::temp_dir dir;
        CHECK(input_file::open((dir / "missing").string()).error() ==
              boost::system::errc::no_such_file_or_directory);
        CHECK(input_file::open(dir.string()).error() == boost::system::errc::is_a_directory);
    }
}
