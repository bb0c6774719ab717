// The program against a real server: many files and a large one, byte for byte, in little memory.

#include "support/nginx.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "support/pattern.hpp"
#include "support/skip.hpp"
#include "support/stage.hpp"

namespace {

using namespace asyncdl::test;
namespace fs = std::filesystem;

constexpr std::uint64_t mib = 1024 * 1024;
constexpr std::uint64_t large = 1024 * mib;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::uint64_t memory_bound_kib =
    ~std::uint64_t{0};  // a sanitizer's own memory counts too
#else
constexpr std::uint64_t memory_bound_kib = 32 * 1024;
#endif

/// Numbered files of up to 12 KiB below `files`, and `large`, 1 GiB of which every MiB is its own.
class served_files {
public:
    static constexpr int count = 2000;

    served_files() {
        fs::create_directory(dir / "files");
        for (int i = 0; i < count; ++i) {
            write_file(dir / "files" / std::to_string(i), content(i));
        }
        std::string block = pattern(0, mib);
        std::ofstream out(dir / "large", std::ios::binary);
        for (std::uint64_t number = 0; number < large / mib; ++number) {
            std::memcpy(block.data(), &number, sizeof number);
            out.write(block.data(), static_cast<std::streamsize>(block.size()));
        }
    }

    static std::string content(int number) {
        const auto n = static_cast<std::uint64_t>(number);
        return pattern(n * 1000, n * 7919 % 12'288);
    }

    temp_dir dir;
};

bool same_files(const fs::path& one, const fs::path& other) {
    std::ifstream a(one, std::ios::binary);
    std::ifstream b(other, std::ios::binary);
    std::string x(mib, '\0');
    std::string y(mib, '\0');
    while (a && b) {
        a.read(x.data(), mib);
        b.read(y.data(), mib);
        if (a.gcount() != b.gcount() || x != y) {
            return false;
        }
    }
    return a.eof() && b.eof();
}

process_result download(const temp_dir& into, std::vector<std::string> words,
                        std::string list = {}) {
    std::vector<std::string> all{ASYNCDL_PROGRAM,  "-q", "--cacert",
                                 shared_ca_file(), "-d", into.string()};
    all.insert(all.end(), words.begin(), words.end());
    process_options options;
    options.input = std::move(list);
    options.bound = std::chrono::minutes(5);
    return run_process(all, options);
}

TEST_SUITE_BEGIN("integration/nginx");

TEST_CASE("2,000 files and one of 1 GiB, plain and over TLS, in less than 32 MiB") {
    const served_files served;
    const nginx server(served.dir.path());
    for (const bool over_tls : {false, true}) {
        CAPTURE(over_tls);
        const temp_dir into;
        std::string list;
        for (int i = 0; i < served_files::count; ++i) {
            list += server.url(over_tls, "/files/" + std::to_string(i)) + "\n";
        }
        const process_result many = download(into, {"-j", "16", "-i", "-"}, list);
        CAPTURE(many.err);
        CHECK(many.status == 0);
        CHECK(many.out.empty());
        CHECK(many.err.empty());
        CHECK(many.peak_kib < memory_bound_kib);
        CHECK(into.names().size() == served_files::count);
        int wrong = 0;
        for (int i = 0; i < served_files::count; ++i) {
            wrong += read_file(into / std::to_string(i)) != served_files::content(i) ? 1 : 0;
        }
        CHECK(wrong == 0);

        const process_result one = download(into, {server.url(over_tls, "/large")});
        CAPTURE(one.err);
        CHECK(one.status == 0);
        if (has(fs::exists("/proc/self/status"), "/proc")) {
            CHECK(one.peak_kib > 0);
        }
        CHECK(one.peak_kib < memory_bound_kib);
        CHECK(same_files(into / "large", served.dir / "large"));
    }
}

TEST_CASE("what nginx refuses is a failure with its status") {
    const temp_dir empty;
    const nginx server(empty.path());
    const temp_dir into;
    const process_result result = download(into, {server.url(true, "/missing")});
    CHECK(result.status == 1);
    CHECK(result.err.find("404") != std::string::npos);
    CHECK(into.names().empty());
}

TEST_SUITE_END();

}  // namespace
