// The files that the run itself reads and writes.

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "bench.hpp"
#include "cli/file_claims.hpp"
#include "cli/settings.hpp"
#include "support/stage.hpp"
#include "support/temp_dir.hpp"

using asyncdl::file_identity;
using asyncdl::cli::file_claims;
using namespace asyncdl::test;
using lines = std::vector<std::string>;

namespace {

bool holds(const file_claims& files, const std::filesystem::path& path) {
    struct stat status {};
    REQUIRE(::stat(path.c_str(), &status) == 0);
    const auto all = files.in_use();
    return std::count(all.begin(), all.end(), file_identity(status.st_dev, status.st_ino)) == 1;
}

}  // namespace

TEST_SUITE("cli/own_files") {
    TEST_CASE("files that are read or written are known by device and inode, others do not count") {
        const temp_dir dir;
        write_file(dir / "list", "");
        write_file(dir / "report", "");
        write_file(dir / "other", "");
        std::filesystem::create_hard_link(dir / "list", dir / "link");
        std::filesystem::create_symlink("report", dir / "symlink");
        file_claims files;
        files.use((dir / "list").string());
        files.use((dir / "link").string());
        files.use((dir / "none").string());
        files.use("/dev/null");
        files.write((dir / "symlink").string());
        files.write("/dev/null");
        files.write("/dev/null");
        CHECK(files.in_use().size() == 2);
        CHECK(holds(files, dir / "link"));
        CHECK(holds(files, dir / "report"));
        CHECK_FALSE(holds(files, dir / "other"));
        CHECK_THROWS_AS(files.write((dir / "link").string()), asyncdl::cli::usage_error);
        CHECK_THROWS_AS(files.write((dir / "report").string()), asyncdl::cli::usage_error);
    }

    TEST_CASE("a file that is written is lost with its last name alone, if it had one") {
        const temp_dir dir;
        write_file(dir / "linked", "");
        write_file(dir / "moved", "");
        write_file(dir / "gone", "");
        write_file(dir / "read", "");
        std::filesystem::create_hard_link(dir / "linked", dir / "link");
        const int nameless = ::open(dir.string().c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
        REQUIRE(nameless >= 0);
        file_claims files;
        for (const char* name : {"linked", "moved", "gone"}) {
            files.write((dir / name).string());
        }
        files.use((dir / "read").string());
        files.write(nameless, "nameless");
        CHECK(files.lost().empty());
        std::filesystem::remove(dir / "linked");
        std::filesystem::rename(dir / "moved", dir / "elsewhere");
        std::filesystem::remove(dir / "read");
        CHECK(files.lost().empty());
        std::filesystem::remove(dir / "gone");
        CHECK(files.lost() ==
              lines{(dir / "gone").string() + ": was removed or replaced while it was written"});
        ::close(nameless);
    }

    TEST_CASE("a report or log that is removed meanwhile is a line and exit status 1") {
        for (const std::string flag : {"--json", "--jsonl", "--csv", "--log-file"}) {
            CAPTURE(flag);
            bench b;
            // While the program waits for its answer.
            b.server.on("/file", [&](connection& peer, const request&) {
                std::filesystem::remove(b.dir / "own");
                peer.send({.body = "x"});
            });
            const auto r = b.run({"-q", flag, "own", "--log-level", "trace", b.url("/file")});
            CHECK(r.status == 1);
            CHECK(r.err.ends_with("asyncdl: own: was removed or replaced while it was written\n"));
            CHECK(b.read("downloads/file") == "x");
        }
    }

    TEST_CASE("a report that is given another name meanwhile is written to its end") {
        bench b;
        b.server.on("/file", [&](connection& peer, const request&) {
            std::filesystem::rename(b.dir / "own", b.dir / "rotated");
            write_file(b.dir / "own", "new");
            peer.send({.body = "x"});
        });
        const auto r = b.run({"-q", "--jsonl", "own", b.url("/file")});
        CHECK(r.status == 0);
        CHECK(r.err.empty());
        CHECK(b.read("rotated").find("\"success\": true") != std::string::npos);
        CHECK(b.read("own") == "new");
    }

    TEST_CASE("no download replaces a file of the run's own, whoever names it") {
        bench b;
        const std::vector<std::string> own{"list", "report", "log", "summary"};
        std::string list;
        for (const std::string& name : own) {
            // The server names the first, the URL the second, the list the third.
            b.server.on("/served-" + name,
                        response{.fields = {{"Content-Disposition",
                                             "attachment; filename=\"" + name + "\""}},
                                 .body = "harm"});
            b.server.on("/" + name, response{.body = "harm"});
            list += b.url("/served-" + name) + "\n" + b.url("/" + name) + "\n" + name + "=" +
                    b.url("/given") + "\n";
        }
        b.server.on("/given", response{.body = "harm"});
        b.write("list", list);
        const auto r = b.shell(
            "\"$0\" -d . -j1 -i list --jsonl report --log-file log --log-level info >summary");
        CAPTURE(r.err);
        CHECK(r.status == 1);  // the given ones
        CHECK(b.read("list") == list);
        const std::string report = b.read("report");
        CHECK(std::count(report.begin(), report.end(), '\n') == 12);
        CHECK(b.read("summary").find("Downloads: 12, succeeded: 8, failed: 4") !=
              std::string::npos);
        std::size_t refused = 0;
        for (std::size_t at = 0;
             (at = report.find("\"error_kind\": \"exists\"", at)) != report.npos; ++at) {
            ++refused;
        }
        CHECK(refused == 4);
        for (const std::string& name : own) {
            CAPTURE(name);
            CHECK(b.read(name).find("harm") == std::string::npos);
            CHECK(b.read(name + ".1") == "harm");
            CHECK(b.read(name + ".2") == "harm");
        }
    }

    TEST_CASE("no report goes over the file of the trusted authorities") {
        bench b;
        const std::string authorities = read_file(shared_ca_file());
        b.write("ca", authorities);
        for (const char* flag : {"--json", "--jsonl", "--csv", "--log-file"}) {
            const auto r = b.run({"--cacert", "ca", flag, "ca", b.url("/bytes/1")});
            CHECK(r.status == 2);
            CHECK(r.err == "asyncdl: ca is read or written by this run already\n");
            CHECK(b.read("ca") == authorities);
        }
    }
}
