#include <doctest/doctest.h>

#include "failing_files.hpp"
#include "narrow_files.hpp"
#include "storage/part_file.hpp"
#include "support/temp_dir.hpp"

namespace {

using namespace asyncdl;
using namespace asyncdl::storage;
using test::temp_dir;

}  // namespace

TEST_SUITE("unit/storage/directory") {
    TEST_CASE("a directory is made with its parents, whatever the slashes") {
        for (const char* name : {"x", "x/y/z", "x//y", "x/y/", "./x/../w/v"}) {
            temp_dir dir;
            std::filesystem::create_directory(dir / "x");
            REQUIRE(directory::open((dir / name).string(), files::system()).has_value());
            CHECK(std::filesystem::is_directory(dir / name));
        }
    }

    TEST_CASE("a relative directory is below the working directory") {
        const auto here = directory::open(".", files::system());
        REQUIRE(here.has_value());
        struct ::stat opened {
        }, dot{};
        REQUIRE(::fstat((*here)->descriptor(), &opened) == 0);
        REQUIRE(::stat(".", &dot) == 0);
        CHECK(opened.st_ino == dot.st_ino);
    }

    TEST_CASE("a symlink to a directory may be the download directory") {
        temp_dir dir;
        std::filesystem::create_directory(dir / "real");
        std::filesystem::create_directory_symlink("real", dir / "link");
        CHECK(directory::open((dir / "link").string(), files::system()).has_value());
    }

    TEST_CASE("what is no directory, or below none, is a failure that names it") {
        temp_dir dir;
        test::write_file(dir / "file", "");
        std::filesystem::create_symlink("nowhere", dir / "dangling");
        for (const char* name : {"file", "file/x", "file/x/y"}) {
            const auto path = (dir / name).string();
            const auto opened = directory::open(path, files::system());
            REQUIRE(opened.has_error());
            CHECK(opened.error().code() == errc::file);
            CHECK(opened.error().message() == "cannot use folder " + path + ": Not a directory");
        }
        for (const auto& path :
             {(dir / "dangling").string(), (dir / "dangling/x").string(), std::string()}) {
            const auto opened = directory::open(path, files::system());
            REQUIRE(opened.has_error());
            CHECK(opened.error().code() == errc::file);
        }
        CHECK(dir.names() == std::vector<std::string>{"dangling", "file"});
    }

    TEST_CASE("the folder of a plain name is the directory itself") {
        temp_dir dir;
        const auto root = directory::open(dir.string(), files::system()).value();
        CHECK(root->folder_of("name").value() == root);
    }

    TEST_CASE("the folders of a name are made, or used where they are there") {
        temp_dir dir;
        std::filesystem::create_directory(dir / "a");
        const auto root = directory::open(dir.string(), files::system()).value();
        for (int i = 0; i < 2; ++i) {
            const auto folder = root->folder_of("a/b/c/name").value();
            auto part = part_file::create(folder, "name", std::nullopt).value();
            REQUIRE(part.commit(std::nullopt, true).has_value());
        }
        CHECK(dir.names() == std::vector<std::string>{"a", "a/b", "a/b/c", "a/b/c/name"});
    }

    TEST_CASE("a symlink among the folders is refused, and nothing is made where it leads") {
        for (const char* link : {"a", "a/b", "a/b/c"}) {
            temp_dir dir, outside;
            std::filesystem::create_directories((dir / link).parent_path());
            std::filesystem::create_directory_symlink(outside.path(), dir / link);
            const auto root = directory::open(dir.string(), files::system()).value();
            const auto folder = root->folder_of("a/b/c/name");
            REQUIRE(folder.has_error());
            CHECK(folder.error().code() == errc::file);
            CHECK(folder.error().message() ==
                  "cannot use folder " + (dir / link).string() + ": Not a directory");
            CHECK(outside.names().empty());
        }
    }

    TEST_CASE("a file among the folders is refused") {
        temp_dir dir;
        test::write_file(dir / "a", "precious");
        const auto root = directory::open(dir.string(), files::system()).value();
        CHECK(root->folder_of("a/name").error().code() == errc::file);
        CHECK(test::read_file(dir / "a") == "precious");
    }

    TEST_CASE("a name that leads outside is refused, even if it comes this far") {
        temp_dir dir;
        const auto root = directory::open(dir.string(), files::system()).value();
        for (const char* name : {"../name", "a/../../name", "a/../name"})
            CHECK(root->folder_of(name).error().code() == errc::name);
    }

    TEST_CASE("a folder's name that the file system does not take is no name") {
        temp_dir dir;
        const auto root = directory::open(dir.string(), files::system()).value();
        const auto folder = root->folder_of(std::string(256, 'x') + "/name");
        REQUIRE(folder.has_error());
        CHECK(folder.error().code() == errc::name);
        CHECK(folder.error().message().ends_with("xxx: File name too long"));
    }

    TEST_CASE("the longest name that a folder takes leaves room for the part file and its state") {
        for (const std::size_t takes : {std::size_t{143}, std::size_t{30}}) {
            temp_dir dir;
            test::narrow_files calls(takes, static_cast<long>(takes));
            const auto where = directory::open(dir.string(), calls).value();
            REQUIRE(where->max_leaf() == takes - 11);
            const std::string leaf(where->max_leaf(), 'x');
            auto part = part_file::create(where, leaf, std::nullopt).value();
            part.describe(1, core::validators());
            const std::string mib(1024 * 1024, 'x');
            REQUIRE(part.write(0, std::as_bytes(std::span(mib))).has_value());
            CHECK(dir.names() == std::vector<std::string>{leaf + ".part", leaf + ".part.state"});
            CHECK(part.commit(std::nullopt, true).has_value());
            CHECK(dir.names() == std::vector<std::string>{leaf});
        }
    }

    TEST_CASE("whichever system call fails, no descriptor is left open") {
        for (const int error : {ENOSPC, EDQUOT, EIO, EROFS, EACCES, EMFILE}) {
            bool failed = true;
            for (int at = 1; failed; ++at) {
                temp_dir dir;
                test::failing_files calls(at, error);
                {
                    const auto root = directory::open((dir / "d/e/f").string(), calls);
                    if (root) {
                        const bool refused = (*root)->folder_of("a/b/name").has_error();
                        const std::string call = calls.failed();
                        CHECK(refused ==
                              (call == "openat" || call == "mkdirat" || call == "fstat"));
                    } else {
                        CHECK(root.error().code() == file_error(-error));
                    }
                    failed = !calls.failed().empty();
                }
                CHECK(calls.open_descriptors() == 0);
            }
        }
    }
}
