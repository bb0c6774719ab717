// How much space is looked for, reserved and given back, with file systems that the tests make up.

#include "storage/reservation.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include "part_files.hpp"

namespace {

using namespace asyncdl;
using namespace asyncdl::storage;
using test::mib;
using test::names;
using test::temp_dir;

constexpr std::uint64_t tib = std::uint64_t{1} << 40U;

/// A file system of a given size and kind. Remembers what was reserved, and reserves nothing.
class scripted_files final : public files {
public:
    std::uint64_t blocks = 1000 * mib;  ///< of 4 KiB
    std::uint64_t free = 1000 * mib;
    std::uint64_t available = 1000 * mib;
    std::uint32_t type = 0xef53;  ///< ext4
    int looked = 0;
    int reserves = 0;
    std::vector<core::byte_range> reserved;
    std::vector<std::uint64_t> cut;
    int looks = 0;

    int fstatfs(int, struct ::statfs& out) override {
        ++looks;
        out = {};
        out.f_type = static_cast<decltype(out.f_type)>(type);
        out.f_bsize = out.f_frsize = 4096;
        out.f_blocks = blocks;
        out.f_bfree = free;
        out.f_bavail = available;
        return looked;
    }
    int fallocate(int, std::uint64_t offset, std::uint64_t size) override {
        reserved.push_back({offset, offset + size});
        return reserves;
    }
    int ftruncate(int file, std::uint64_t size) override {
        cut.push_back(size);
        stateless = false;
        return files::ftruncate(file, size);
    }
    ::ssize_t pwrite(int file, std::span<const std::byte> data, std::uint64_t offset) override {
        // As a disk that fills: what fits is written first.
        if (offset >= ends_at)
            return -full_with;
        data = data.first(
            static_cast<std::size_t>(std::min<std::uint64_t>(data.size(), ends_at - offset)));
        return files::pwrite(file, data, offset);
    }
    int openat(int directory, const char* path, int flags, ::mode_t mode) override {
        if (stateless && std::string_view(path).ends_with(".state"))
            return -ENOSPC;
        return files::openat(directory, path, flags, mode);
    }
    bool stateless = false;
    int full_with = ENOSPC;
    std::uint64_t ends_at = tib;
};

core::outcome<part_file> make(const temp_dir& dir, scripted_files& calls, std::uint64_t size,
                              const char* leaf = "a") {
    return part_file::create(test::open(dir, calls), leaf, size);
}

/// Writes a few bytes at the end of each 256 KiB, as if all of them were there.
void write_until(part_file& part, std::uint64_t end) {
    for (std::uint64_t at = 256 * test::kib; at <= end; at += 256 * test::kib)
        part.write(at - 10, test::bytes("0123456789")).value();
}

}  // namespace

TEST_SUITE("unit/storage/reservation") {
    TEST_CASE("what is larger than the free space fails at once and says how much is missing") {
        temp_dir dir;
        scripted_files calls;
        calls.free = 1000;
        calls.available = 1000;
        const auto made = make(dir, calls, 3 * tib);
        REQUIRE(made.has_error());
        CHECK(made.error().code() == errc::disk_full);
        CHECK(made.error().message() ==
              "cannot write " +
                  test::in(dir, "a.part: 3298534883328 bytes needed, 4096000 bytes free"));
        CHECK(calls.reserved.empty());
        CHECK(dir.names().empty());
    }

    TEST_CASE("what fits exactly is begun") {
        temp_dir dir;
        scripted_files calls;
        calls.free = calls.available = 2048;
        CHECK(make(dir, calls, 8 * mib).has_value());
        CHECK(make(dir, calls, 8 * mib + 1).has_error());
    }

    TEST_CASE("only root may use what is kept for root") {
        temp_dir dir;
        scripted_files calls;
        calls.available = 0;
        CHECK(make(dir, calls, 8 * mib).has_value() == (::geteuid() == 0));
    }

    TEST_CASE("a file system that counts no blocks, or does not answer, is passed over") {
        temp_dir dir;
        scripted_files calls;
        calls.blocks = calls.free = calls.available = 0;
        CHECK(make(dir, calls, 8 * mib).has_value());
        calls.looked = -ENOSYS;
        calls.blocks = 1;
        CHECK(make(dir, calls, 8 * mib).has_value());
    }

    TEST_CASE("numbers that are too large for bytes are much") {
        temp_dir dir;
        scripted_files calls;
        calls.free = calls.available = ~std::uint64_t{0};
        CHECK(make(dir, calls, 3 * tib).has_value());
    }

    TEST_CASE("space is reserved in steps ahead of what is written, none for the first 4 MiB") {
        temp_dir dir;
        scripted_files calls;
        auto part = make(dir, calls, 300 * mib).value();
        CHECK(calls.looks == 1);
        write_until(part, 4 * mib);
        CHECK(calls.reserved.empty());
        write_until(part, 300 * mib);
        std::uint64_t at = 4 * mib;
        for (const auto& step : calls.reserved) {
            CHECK(step.begin == at);
            CHECK(step.size() <= 64 * mib + 256 * test::kib);
            at = step.end;
        }
        CHECK(at == 300 * mib);
        CHECK(calls.reserved.size() == 8);
        CHECK(calls.looks == 1);
    }

    TEST_CASE("no more is ever ahead than was written") {
        temp_dir dir;
        scripted_files calls;
        auto part = make(dir, calls, 3 * tib / 1024).value();
        for (std::uint64_t at = 0; at < 40 * mib; at += 256 * test::kib) {
            REQUIRE(part.write(at + 256 * test::kib - 1, test::bytes("x")).has_value());
            if (!calls.reserved.empty())
                CHECK(calls.reserved.back().end <= 2 * (at + 256 * test::kib));
        }
    }

    TEST_CASE("a file of up to 4 MiB, one of unknown size and one in memory reserve nothing") {
        temp_dir dir;
        scripted_files calls;
        auto part = make(dir, calls, 4 * mib).value();
        write_until(part, 4 * mib);
        part = part_file::create(test::open(dir, calls), "b", std::nullopt).value();
        write_until(part, 20 * mib);
        for (const std::uint32_t type : {0x01021994U, 0x858458f6U}) {
            calls.type = type;
            part = make(dir, calls, 100 * mib, "c").value();
            write_until(part, 100 * mib);
            part.discard();
        }
        CHECK(calls.reserved.empty());
    }

    TEST_CASE("a file below 1 MiB is not even looked for") {
        temp_dir dir;
        scripted_files calls;
        CHECK(make(dir, calls, mib - 1).has_value());
        CHECK(calls.looks == 0);
    }

    TEST_CASE("a file system that cannot reserve is asked once a directory") {
        for (const int error : {EOPNOTSUPP, ENOSYS}) {
            temp_dir dir;
            scripted_files calls;
            calls.reserves = -error;
            const auto where = test::open(dir, calls);
            for (const char* leaf : {"a", "b"}) {
                auto part = part_file::create(where, leaf, 20 * mib).value();
                write_until(part, 20 * mib);
                REQUIRE(part.commit(std::nullopt, true, false, 20 * mib).has_value());
            }
            CHECK(calls.reserved.size() == 1);
            CHECK(dir.names() == names{"a", "b"});
        }
    }

    TEST_CASE("a step that fails is no failure, as long as the bytes can be written") {
        for (const int error : {ENOSPC, EDQUOT, EFBIG, EIO}) {
            temp_dir dir;
            scripted_files calls;
            calls.reserves = -error;
            auto part = make(dir, calls, 20 * mib).value();
            write_until(part, 20 * mib);
            CHECK(calls.reserved.size() == 1);
            REQUIRE(part.commit(std::nullopt, true, false, 20 * mib).has_value());
            CHECK(std::filesystem::file_size(dir / "a") == 20 * mib);
        }
    }

    TEST_CASE("what is reserved beyond the end is given back when the file is kept") {
        temp_dir dir;
        scripted_files calls;
        auto part = make(dir, calls, 100 * mib).value();
        part.describe(test::origin, test::some_validators());
        for (std::size_t at = 0; at < 5 * mib; at += mib)
            REQUIRE(test::write(part, at, mib).has_value());
        REQUIRE(calls.reserved.size() == 1);
        REQUIRE(part.keep());
        CHECK(calls.cut == std::vector<std::uint64_t>{5 * mib});
        CHECK(std::filesystem::file_size(dir / "a.part") == 5 * mib);
        CHECK(test::proven(dir).size() == 5);
    }

    TEST_CASE("what is reserved beyond the end is given back when the file is shorter") {
        for (const bool told : {false, true}) {
            temp_dir dir;
            scripted_files calls;
            auto part = make(dir, calls, 100 * mib).value();
            write_until(part, 5 * mib);
            REQUIRE(part.commit(std::nullopt, true, false,
                                told ? std::optional<std::uint64_t>(5 * mib) : std::nullopt)
                        .has_value());
            CHECK(calls.cut == std::vector<std::uint64_t>{5 * mib});
            CHECK(std::filesystem::file_size(dir / "a") == 5 * mib);
        }
    }

    TEST_CASE("a file that has become what was announced costs no call at its end") {
        temp_dir dir;
        scripted_files calls;
        auto part = make(dir, calls, 100 * mib).value();
        write_until(part, 100 * mib);
        REQUIRE(part.commit(std::nullopt, true, false, 100 * mib).has_value());
        CHECK(calls.cut.empty());
    }

    TEST_CASE("of a file that is resumed only what is missing has to fit") {
        temp_dir dir;
        test::leave(dir, 5 * mib);
        scripted_files calls;
        calls.free = calls.available = 3 * mib / 4096;
        auto found = part_file::reopen(test::open(dir, calls), "a").value();
        REQUIRE(found.has_value());
        const auto refused = found->part.reserve(8 * mib + 1);
        REQUIRE(refused.has_error());
        CHECK(refused.error().code() == errc::disk_full);
        CHECK(found->part.is_open());
        REQUIRE(found->part.reserve(8 * mib).has_value());
        REQUIRE(test::write(found->part, 5 * mib, 3 * mib).has_value());
        CHECK(calls.reserved.empty());
        REQUIRE(found->part.commit(std::nullopt, true, false, 8 * mib).has_value());
        CHECK(test::content(dir / "a") == test::body(0, 8 * mib));
    }

    TEST_CASE(
        "a disk that fills midway leaves what is whole, and nothing of the write that failed") {
        for (const int error : {ENOSPC, EDQUOT, EFBIG}) {
            temp_dir dir;
            scripted_files calls;
            calls.full_with = error;
            calls.ends_at = 5 * mib + 1000;
            auto part = make(dir, calls, 100 * mib).value();
            part.describe(test::origin, test::some_validators());
            for (std::size_t at = 0; at < 5 * mib; at += mib)
                REQUIRE(test::write(part, at, mib).has_value());
            const auto failed = test::write(part, 5 * mib, mib);
            REQUIRE(failed.has_error());
            CHECK(failed.error().code() == errc::disk_full);
            CHECK(std::filesystem::file_size(dir / "a.part") == 5 * mib + 1000);
            REQUIRE(part.keep());
            CHECK(calls.cut == std::vector<std::uint64_t>{5 * mib});
            CHECK(std::filesystem::file_size(dir / "a.part") == 5 * mib);
            CHECK(test::proven(dir).size() == 5);
        }
    }

    TEST_CASE("a disk that fills midway leaves nothing of what cannot be resumed") {
        temp_dir dir;
        scripted_files calls;
        calls.ends_at = 5 * mib;
        auto part = make(dir, calls, 100 * mib).value();
        CHECK(test::write(part, 0, 6 * mib).has_error());
        CHECK_FALSE(part.keep());
        CHECK(dir.names().empty());
    }

    TEST_CASE("the space that is given back is there for the state") {
        temp_dir dir;
        scripted_files calls;
        auto part = make(dir, calls, 100 * mib).value();
        part.describe(test::origin, test::some_validators());
        calls.stateless = true;
        calls.ends_at = 6 * mib;
        REQUIRE(test::write(part, 0, 5 * mib + 1000).has_value());
        CHECK(test::write(part, 5 * mib + 1000, mib).has_error());
        REQUIRE(part.keep());
        CHECK(test::proven(dir) == std::vector<core::byte_range>{{5 * mib, 5 * mib + 1000}});
    }

    TEST_CASE("a file that is begun again reserves again") {
        temp_dir dir;
        scripted_files calls;
        auto part = make(dir, calls, 20 * mib).value();
        write_until(part, 20 * mib);
        const auto steps = calls.reserved;
        REQUIRE(part.restart().has_value());
        REQUIRE(part.reserve(20 * mib).has_value());
        calls.reserved.clear();
        write_until(part, 20 * mib);
        CHECK(calls.reserved == steps);
    }
}
