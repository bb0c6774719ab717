// Which files the same download again may keep: those that are provably as an earlier run has left
// them. For any other nothing is asked, and the server's file takes its place.

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "support/again.hpp"
#include "support/skip.hpp"

namespace {

using namespace asyncdl;
using namespace asyncdl::test;
using std::filesystem::path;

constexpr std::uint64_t whole = 150'000;

/// Something that happens to a file between two runs.
struct event_between {
    std::string name;
    std::function<void(const path& file)> happen;
};

std::function<void(const path&)> rewritten(void (*change)(storage::file_record&)) {
    return [change](const path& file) { change_record(file, change); };
}

void flip(const path& file, std::size_t at) {
    std::string bytes = attribute_of(file).value();
    bytes.at(at) = static_cast<char>(bytes.at(at) ^ 1);
    set_attribute(file, bytes);
}

/// The file was downloaded, this happened to it, and it is downloaded again: anew, without a
/// condition. After that it is ours again.
template <typename How>
void check_not_kept(const event_between& one) {
    CAPTURE(one.name);
    again<How> on;
    if (!on.can_keep()) {
        return;
    }
    const remote_file file(whole);
    check_fetched(on, on.get(file), file);
    one.happen(on.local());
    check_fetched(on, on.get(file), file);
    CHECK(std::filesystem::is_regular_file(std::filesystem::symlink_status(on.local())));
    check_kept(on, on.get(file), file);
    CHECK(on.conditions() == texts{"-", "-", by_etag});
}

void other_boot(storage::file_record& record) {
    record.boot.fill(std::byte{7});
}

TEST_SUITE_BEGIN("integration/own_file");

TEST_CASE_TEMPLATE("a file that was changed here is fetched anew", How, plain, tls) {
    const event_between events[] = {
        {"other bytes", [](const path& file) { write_file(file, std::string(whole, 'x')); }},
        {"the same bytes once more", [](const path& file) { write_file(file, read_file(file)); }},
        {"a time that moved by a nanosecond", [](const path& file) { move_time(file, 1); }},
        {"a time that moved back", [](const path& file) { move_time(file, -1'000'000'000); }},
        {"shorter, its time put back",
         [](const path& file) {
             change_unseen(file, [&] { std::filesystem::resize_file(file, whole - 1); });
         }},
        {"longer, its time put back",
         [](const path& file) {
             change_unseen(file, [&] { std::filesystem::resize_file(file, whole + 1); });
         }},
        {"empty", [](const path& file) { write_file(file, ""); }},
    };
    for (const event_between& one : events) {
        check_not_kept<How>(one);
    }
}

TEST_CASE_TEMPLATE("a file that others may write, or that has a second name, is fetched anew", How,
                   plain, tls) {
    const event_between events[] = {
        {"writable by its group", [](const path& file) { ::chmod(file.c_str(), 0664); }},
        {"writable by others", [](const path& file) { ::chmod(file.c_str(), 0646); }},
    };
    for (const event_between& one : events) {
        check_not_kept<How>(one);
    }

    again<How> on;
    const remote_file file(whole);
    check_fetched(on, on.get(file), file);
    std::filesystem::create_hard_link(on.local(), on.dir / "second name");
    check_fetched(on, on.get(file), file);
    CHECK(std::filesystem::hard_link_count(on.local()) == 1);
    CHECK(on.conditions() == texts{"-", "-"});
}

TEST_CASE_TEMPLATE("a file of another user is fetched anew", How, plain, tls) {
    if (!has(::geteuid() == 0, "the right to give files away")) {
        return;
    }
    check_not_kept<How>({"given away", [](const path& file) {
                             constexpr ::uid_t nobody = 65534;
                             REQUIRE(::chown(file.c_str(), nobody, nobody) == 0);
                         }});
}

TEST_CASE_TEMPLATE("a file whose record is missing, damaged or of something else is fetched anew",
                   How, plain, tls) {
    const event_between events[] = {
        {"no record", [](const path& file) { remove_attribute(file); }},
        {"an empty one", [](const path& file) { set_attribute(file, ""); }},
        {"one of zeros", [](const path& file) { set_attribute(file, std::string(99, '\0')); }},
        {"one that is too long",
         [](const path& file) { set_attribute(file, std::string(900, 'x')); }},
        {"a flipped bit at its begin", [](const path& file) { flip(file, 0); }},
        {"a flipped bit in the hash of the URL", [](const path& file) { flip(file, 5); }},
        {"a flipped bit in the ETag",
         [](const path& file) { flip(file, attribute_of(file)->find("\"v1\"") + 2); }},
        {"another URL", rewritten([](storage::file_record& record) { ++record.source; })},
        {"another size", rewritten([](storage::file_record& record) { ++record.size; })},
        {"another second", rewritten([](storage::file_record& record) { ++record.time.seconds; })},
        {"another nanosecond",
         rewritten([](storage::file_record& record) { ++record.time.nanoseconds; })},
        {"stored decoded", rewritten([](storage::file_record& record) { record.decoded = true; })},
    };
    for (const event_between& one : events) {
        check_not_kept<How>(one);
    }
}

TEST_CASE_TEMPLATE("a file that is another one by name alone is fetched anew", How, plain, tls) {
    const event_between events[] = {
        {"a symlink to what was ours",
         [](const path& file) {
             const path target = file.parent_path().parent_path() / "moved";
             std::filesystem::rename(file, target);
             std::filesystem::create_symlink(target, file);
         }},
        {"a foreign file of its time and size",
         [](const path& file) {
             change_unseen(file, [&] {
                 std::filesystem::remove(file);
                 write_file(file, std::string(whole, 'x'));
             });
         }},
        {"an older backup without its record",
         [](const path& file) {
             replace_by_copy(file, file);
             remove_attribute(file);
         }},
    };
    for (const event_between& one : events) {
        check_not_kept<How>(one);
    }
}

TEST_CASE_TEMPLATE("a copy of another download with its record is fetched anew", How, plain, tls) {
    again<How> on;
    const remote_file file(whole);
    remote_file other(whole, 2);
    other.etag = file.etag;
    on.server.on("/other", other);
    check_fetched(on, on.fetch(on.ask("/other", "other")), other, "other");
    std::filesystem::rename(on.local("other"), on.local());
    check_fetched(on, on.get(file), file);
    CHECK(on.conditions() == texts{"-"});
}

TEST_CASE_TEMPLATE("a copy with time and record is as good as the file", How, plain, tls) {
    again<How> on;
    if (!on.can_keep()) {
        return;
    }
    const remote_file old(whole, 1);
    const remote_file now(whole, 2);
    check_fetched(on, on.get(old), old);
    const path backup = on.dir / "backup";
    replace_by_copy(on.local(), backup);
    check_fetched(on, on.get(now), now);
    replace_by_copy(backup, on.local());
    check_fetched(on, on.get(now), now);  // the backup is of the first version, and says so
    replace_by_copy(on.local(), on.local());
    check_kept(on, on.get(now), now);
    CHECK(on.conditions() == texts{"-", by_etag, by_etag, "If-None-Match: \"v2\""});
}

TEST_CASE_TEMPLATE("a file that was changed here and had its time put back is not seen", How, plain,
                   tls) {
    again<How> on;
    if (!on.can_keep()) {
        return;
    }
    const remote_file file(whole);
    check_fetched(on, on.get(file), file);
    change_unseen(on.local(), [&] { write_file(on.local(), std::string(whole, 'x')); });
    const download_result result = on.get(file);
    CHECK(result.skipped);
    CHECK(on.content() == std::string(whole, 'x'));
}

TEST_CASE_TEMPLATE("files that umask 002 makes are fetched anew each time", How, plain, tls) {
    again<How> on;
    const ::mode_t before = ::umask(0002);
    const remote_file file(whole);
    for (int run = 0; run < 2; ++run) {
        check_fetched(on, on.get(file), file);
    }
    ::umask(before);
    CHECK(on.conditions() == texts{"-", "-"});
}

TEST_CASE_TEMPLATE("after a reboot a file is kept if it has no hole", How, plain, tls) {
    struct {
        std::string name;
        void (*reboot)(storage::file_record&);
        bool hole;
        bool kept;
    } const cases[] = {
        {"whole", other_boot, false, true},
        {"with a hole", other_boot, true, false},
        {"whole, of a boot that nobody knows",
         [](storage::file_record& record) { record.boot = {}; }, false, true},
        {"with a hole, of a boot that nobody knows",
         [](storage::file_record& record) { record.boot = {}; }, true, false},
        {"synced, with a hole of its own",
         [](storage::file_record& record) {
             other_boot(record);
             record.synced = true;
         },
         true, true},
    };
    for (const auto& one : cases) {
        CAPTURE(one.name);
        again<How> on;
        if (!on.can_keep()) {
            return;
        }
        const remote_file file(whole);
        check_fetched(on, on.get(file), file);
        REQUIRE_FALSE(has_hole(on.local()));
        change_record(on.local(), one.reboot);
        if (one.hole) {
            bool punched = false;
            change_unseen(on.local(),
                          [&] { punched = punch_hole(on.local(), 64 * 1024, 64 * 1024); });
            if (!has(punched && has_hole(on.local()), "a file system with holes")) {
                return;
            }
        }
        const download_result result = on.get(file);
        CHECK(result.skipped == one.kept);
        if (!one.kept) {
            check_fetched(on, result, file);
        } else if (!one.hole) {
            check_kept(on, result, file);
        }
    }
}

TEST_CASE_TEMPLATE("a record says whether the file was synced, and of which boot it is", How, plain,
                   tls) {
    for (const bool durable : {false, true}) {
        again<How> on;
        if (!on.can_keep()) {
            return;
        }
        on.options.durable = durable;
        check_fetched(on, on.get(remote_file(whole)), remote_file(whole));
        const auto record = record_of(on.local());
        REQUIRE(record.has_value());
        CHECK(record->synced == durable);
        CHECK_FALSE(record->decoded);
        CHECK(record->boot != storage::boot_id{});
        CHECK(record->size == whole);
        CHECK(record->etag == "\"v1\"");
    }
}

TEST_SUITE_END();

}  // namespace
