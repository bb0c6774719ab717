// What stands in the place where a file is to appear: another file, which may make the caller
// choose another name; what no download may replace; files that the program itself uses.

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>

#include "failing_files.hpp"
#include "part_files.hpp"
#include "sinks.hpp"

namespace {

using namespace asyncdl;
using namespace asyncdl::storage;
using test::bytes;
using test::names;
using test::temp_dir;
namespace fs = std::filesystem;

file_identity identity_of(const fs::path& path) {
    struct ::stat found {};
    REQUIRE(::stat(path.c_str(), &found) == 0);
    return {found.st_dev, found.st_ino};
}

std::shared_ptr<directory> open_using(const temp_dir& dir, const std::vector<fs::path>& used) {
    std::vector<file_identity> in_use;
    for (const auto& path : used)
        in_use.push_back(identity_of(path));
    return directory::open(dir.string(), files::system(),
                           std::make_shared<const std::vector<file_identity>>(in_use))
        .value();
}

/// So that small files are made without a name.
std::shared_ptr<directory> looked_through(std::shared_ptr<directory> where) {
    for (int i = 0; i < 64; ++i)
        where->may_hold_states();
    REQUIRE(where->takes_unnamed());
    return where;
}

/// A file of three bytes, written and not committed: with a part file, or without any name.
part_file written(std::shared_ptr<directory> where, bool unnamed) {
    auto part = part_file::create(std::move(where), "a",
                                  unnamed ? std::optional<std::uint64_t>(3) : std::nullopt)
                    .value();
    part.write(0, bytes("new")).value();
    return part;
}

/// Makes what is not a file at `path`; false if that is not allowed here.
bool make_node(const fs::path& path, const std::string& kind) {
    if (kind == "a FIFO")
        return ::mkfifo(path.c_str(), 0666) == 0;
    if (kind == "a device")  // as /dev/null
        return ::mknod(path.c_str(), S_IFCHR | 0666, ::makedev(1, 3)) == 0;
    if (kind == "a directory")
        return fs::create_directory(path);
    ::sockaddr_un name{};
    name.sun_family = AF_UNIX;
    std::strncpy(name.sun_path, path.c_str(), sizeof name.sun_path - 1);
    const int made = ::socket(AF_UNIX, SOCK_STREAM, 0);
    const bool bound = ::bind(made, reinterpret_cast<::sockaddr*>(&name), sizeof name) == 0;
    ::close(made);
    return bound;
}

const char* const kinds[] = {"a FIFO", "a device", "a directory", "a socket"};

}  // namespace

TEST_SUITE("unit/storage/target") {
    TEST_CASE("a commit that found its name taken is repeated under the next one") {
        for (const bool unnamed : {false, true}) {
            CAPTURE(unnamed);
            temp_dir dir;
            auto part = written(looked_through(test::open(dir)), unnamed);
            for (const char* taken : {"a", "a.1"}) {
                test::write_file(dir / taken, "old");
                part.target(taken);
                const auto refused = part.commit(std::nullopt, false, false, 3);
                REQUIRE(refused.has_error());
                CHECK(refused.error().code() == errc::exists);
                CHECK(refused.error().message() == test::in(dir, taken) + " exists already");
                CHECK(part.is_open());
            }
            part.target("a.2");
            REQUIRE(part.commit(std::nullopt, false, false, 3).has_value());
            CHECK_FALSE(part.is_open());
            CHECK(dir.names() == names{"a", "a.1", "a.2"});
            CHECK(test::read_file(dir / "a") == "old");
            CHECK(test::read_file(dir / "a.1") == "old");
            CHECK(test::read_file(dir / "a.2") == "new");
        }
    }

    TEST_CASE("a file that found its name taken is still locked") {
        temp_dir dir;
        test::write_file(dir / "a", "old");
        auto part = written(test::open(dir), false);
        REQUIRE(part.commit(std::nullopt, false).has_error());
        const auto second = part_file::create(test::open(dir), "a", std::nullopt);
        REQUIRE(second.has_error());
        CHECK(second.error().message() == test::in(dir, "a.part is in use by another download"));
    }

    TEST_CASE("a file that found its name taken is given up without a trace, or kept") {
        for (const bool unnamed : {false, true}) {
            temp_dir dir;
            test::write_file(dir / "a", "old");
            auto part = written(looked_through(test::open(dir)), unnamed);
            REQUIRE(part.commit(std::nullopt, false).has_error());
            part.discard();
            CHECK(dir.names() == names{"a"});
        }
        temp_dir dir;
        test::write_file(dir / "a", "old");
        auto part = part_file::create(test::open(dir), "a", std::nullopt).value();
        part.describe(test::origin, test::some_validators());
        REQUIRE(test::write(part, 0, 100).has_value());
        REQUIRE(part.commit(std::nullopt, false).has_error());
        CHECK(part.keep());
        CHECK(test::proven(dir) == std::vector<core::byte_range>{{0, 100}});
    }

    TEST_CASE("a name that is taken leaves the directory open to files without a name") {
        temp_dir dir;
        const auto where = looked_through(test::open(dir));
        test::write_file(dir / "a", "old");
        auto part = written(where, true);
        REQUIRE(part.commit(std::nullopt, false).has_error());
        CHECK(where->takes_unnamed());
    }

    TEST_CASE("a sink takes its name as late as the commit, in both modes, and can repeat it") {
        test::in_both_modes([](file_sink::options how) {
            temp_dir dir;
            test::write_file(dir / "b", "old");
            how.replace = false;
            file_sink to(test::open(dir), "a", how);
            const auto story = [](file_sink& sink,
                                  const temp_dir& where) -> boost::asio::awaitable<void> {
                CHECK(!co_await sink.open(std::nullopt));
                CHECK(!co_await sink.write(0, bytes("new")));
                CHECK(where.names() == names{"a.part", "b"});
                sink.target("b");
                const auto refused = co_await sink.commit(3);
                CHECK(refused == errc::exists);
                CHECK(sink.is_open());
                sink.target("c");
                CHECK(!co_await sink.commit(3));
                CHECK(!sink.is_open());
            };
            test::run(story(to, dir));
            CHECK(dir.names() == names{"b", "c"});
            CHECK(test::read_file(dir / "b") == "old");
            CHECK(test::read_file(dir / "c") == "new");
        });
    }

    TEST_CASE("what is neither a file nor a symlink is never replaced, whatever it is") {
        for (const std::string kind : kinds)
            for (const bool unnamed : {false, true})
                for (const bool replace : {false, true}) {
                    CAPTURE(kind);
                    CAPTURE(unnamed);
                    CAPTURE(replace);
                    temp_dir dir;
                    auto part = written(looked_through(test::open(dir)), unnamed);
                    if (!make_node(dir / "a", kind)) {
                        MESSAGE(kind << " cannot be made here: this test has shown nothing of it");
                        continue;
                    }
                    const auto before = identity_of(dir / "a");
                    const auto committed = part.commit(std::nullopt, replace);
                    REQUIRE(committed.has_error());
                    if (replace) {
                        CHECK(committed.error().code() == errc::file);
                        CHECK(committed.error().message() ==
                              test::in(dir, kind == "a directory"
                                                ? "a is a directory"
                                                : "a exists and is not a regular file"));
                    } else {
                        // Another name may do.
                        CHECK(committed.error().code() == errc::exists);
                        CHECK(part.is_open());
                        part.discard();
                    }
                    CHECK_FALSE(part.is_open());
                    CHECK(dir.names() == names{"a"});
                    CHECK(identity_of(dir / "a") == before);
                }
    }

    TEST_CASE("a look tells kinds, sizes and inodes") {
        temp_dir dir;
        test::write_file(dir / "file", "12345");
        fs::create_symlink("nowhere", dir / "link");
        fs::create_directory(dir / "folder");
        REQUIRE(make_node(dir / "fifo", "a FIFO"));
        const auto where = test::open(dir);
        const auto file = look(*where, "file").value();
        CHECK(file.state == target_state::present);
        CHECK(file.size == 5);
        CHECK(file.id == identity_of(dir / "file"));
        CHECK(look(*where, "link").value().state == target_state::present);
        CHECK(look(*where, "folder").value().state == target_state::a_directory);
        CHECK(look(*where, "fifo").value().state == target_state::not_a_file);
        CHECK(look(*where, "nothing").value().state == target_state::absent);
    }

    TEST_CASE("a file that the program uses is not replaced, by whichever name") {
        for (const bool unnamed : {false, true}) {
            temp_dir dir, elsewhere;
            test::write_file(elsewhere / "report", "precious");
            const auto where = looked_through(open_using(dir, {elsewhere / "report"}));
            auto part = written(where, unnamed);
            fs::create_hard_link(elsewhere / "report", dir / "a");
            CHECK(look(*where, "a").value().state == target_state::in_use);
            auto committed = part.commit(std::nullopt, true);
            REQUIRE(committed.has_error());
            CHECK(committed.error().code() == errc::exists);
            CHECK(committed.error().message() ==
                  "cannot write " + test::in(dir, "a: this run itself uses that file"));
            // A symlink that leads there is as good as a name of it.
            fs::create_symlink(elsewhere / "report", dir / "a.1");
            CHECK(look(*where, "a.1").value().state == target_state::in_use);
            part.target("a.1");
            committed = part.commit(std::nullopt, true);
            REQUIRE(committed.has_error());
            CHECK(committed.error().code() == errc::exists);
            part.target("a.2");
            REQUIRE(part.commit(std::nullopt, true).has_value());
            CHECK(test::read_file(dir / "a") == "precious");
            CHECK(fs::is_symlink(dir / "a.1"));
            CHECK(test::read_file(dir / "a.2") == "new");
        }
    }

    TEST_CASE("a file that the program uses is known in the folders of names too") {
        temp_dir dir;
        fs::create_directory(dir / "b");
        test::write_file(dir / "b/a", "precious");
        const auto folder = open_using(dir, {dir / "b/a"})->folder_of("b/a").value();
        auto part = written(folder, false);
        CHECK(part.commit(std::nullopt, true).error().code() == errc::exists);
        part.discard();
        CHECK(test::read_file(dir / "b/a") == "precious");
    }

    TEST_CASE("a file that the program uses is no part file, nor a state") {
        for (const char* name : {"a.part", "a.part.state"})
            for (const bool linked : {false, true}) {
                CAPTURE(name);
                CAPTURE(linked);
                temp_dir dir;
                test::write_file(dir / "a.part", "");
                test::write_file(dir / "report", "precious");
                fs::remove(dir / name);
                if (linked)
                    fs::create_symlink("report", dir / name);
                else
                    fs::create_hard_link(dir / "report", dir / name);
                const auto before = dir.names();
                const auto made = part_file::create(open_using(dir, {dir / "report"}), "a", 3);
                REQUIRE(made.has_error());
                CHECK(made.error().code() == errc::file);
                CHECK(made.error().message() ==
                      "cannot write " + test::in(dir, name) + ": this run itself uses that file");
                CHECK(dir.names() == before);
                CHECK(test::read_file(dir / "report") == "precious");
            }
    }

    TEST_CASE("a file that the program uses is no state of a part file that is made meanwhile") {
        temp_dir dir;
        test::write_file(dir / "a.part.state", "precious");
        auto part =
            part_file::create(open_using(dir, {dir / "a.part.state"}), "a", 2 * test::mib).value();
        part.describe(test::origin, test::some_validators());
        REQUIRE(test::write(part, 0, test::mib).has_value());
        CHECK_FALSE(part.keep());
        CHECK(dir.names() == names{"a.part.state"});
        CHECK(test::read_file(dir / "a.part.state") == "precious");
    }
}
