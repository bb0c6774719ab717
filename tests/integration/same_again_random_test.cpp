// Random sequences of what may happen to a file, here and on its server, with runs between them: a
// success is always the server's file, and where nothing has happened the file is kept.
// ASYNCDL_AGAIN_ROUNDS and ASYNCDL_AGAIN_SEED: see support/rounds.hpp.

#include <doctest/doctest.h>

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <iterator>
#include <random>
#include <string>
#include <utility>

#include "support/again.hpp"
#include "support/digest.hpp"
#include "support/rounds.hpp"

namespace {

using namespace asyncdl;
using namespace asyncdl::test;

constexpr unsigned rounds_in_ci = 5;  // over plain, and as many over TLS
constexpr unsigned steps_in_a_round = 60;
constexpr std::uint64_t largest = 200'000;

/// So many seconds after a Saturday in 2024.
std::string http_date(unsigned seconds) {
    const std::time_t time = 1'717'243'200 + static_cast<std::time_t>(seconds);
    std::tm parts{};
    ::gmtime_r(&time, &parts);
    char text[64];
    return {text, std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts)};
}

/// What is asked for, and under which name; the server names the file itself if that is empty.
struct way {
    std::string path;
    std::string name;
    bool named_late = false;  ///< by the head of the response
};

const way ways[] = {
    {"/file", "file"}, {"/file", ""},        {"/redirect", "file"},
    {"/redirect", ""}, {"/named", "", true}, {"/redirect-named", "", true},
};

enum class etag_kind { none, strong, weak, too_long };
enum class date_kind { none, settled, young };

/// One file, its server, and what happens to them.
template <typename How>
class world {
public:
    explicit world(unsigned seed) : dice_(seed) {
        on_.options.remote_time = below(2) == 0;
        on_.options.durable = below(4) == 0;
        on_.options.file_calls = below(2) == 0 ? file_io::offload : file_io::in_place;
        on_.server.on("/redirect", redirect_to("/file"));
        on_.server.on("/redirect-named", redirect_to("/named"));
        change_server();
    }

    bool can_keep() const { return on_.can_keep(); }

    void step() {
        const unsigned chosen = below(100);
        if (chosen < 40) {
            run();
        } else if (chosen < 52) {
            run_cut();
        } else if (chosen < 70) {
            change_server();
        } else if (chosen < 88) {
            change_here();
        } else {
            reboot();
        }
    }

    unsigned kept() const { return kept_; }
    const std::string& story() const { return story_; }

private:
    unsigned below(unsigned bound) {
        return std::uniform_int_distribution<unsigned>(0, bound - 1)(dice_);
    }
    void tell(const std::string& what) { story_ += "\n  " + what; }
    bool exists() const { return std::filesystem::exists(on_.local()); }
    bool has_part() const {
        return std::ranges::any_of(on_.names(),
                                   [](const auto& name) { return name.ends_with(".part"); });
    }

    void change_server();
    void choose_date(date_kind before, bool may_share);
    void serve(const remote_file& file);
    void run();
    void run_cut();
    download_result fetch(bool with_checksum = false);
    void check_must_keep(const download_result& result);
    void change_here();
    void change_bytes();
    void back_up_or_restore();
    void reboot();

    std::mt19937 dice_;
    again<How> on_;
    remote_file now_{largest};
    unsigned number_ = 0;  ///< of the server's version
    unsigned second_ = 0;  ///< of its Last-Modified
    etag_kind etag_ = etag_kind::none;
    date_kind date_ = date_kind::none;
    const way* way_ = ways;          ///< how it is asked for
    const way* kept_way_ = nullptr;  ///< in the last success
    bool untouched_ = false;  ///< nothing has happened since then that speaks against keeping
    unsigned kept_ = 0;
    unsigned links_ = 0;
    std::string story_;
};

template <typename How>
void world<How>::change_server() {
    ++number_;
    const bool same_size = number_ > 1 && below(2) == 0;
    const std::uint64_t size = same_size ? now_.size
                               : below(5) == 0
                                   ? below(smallest_recorded)
                                   : smallest_recorded + below(largest - smallest_recorded);
    now_ = remote_file(size, 1 + number_ % 8);
    const etag_kind etag_before = std::exchange(etag_, static_cast<etag_kind>(below(4)));
    const std::string tag = "\"n" + std::to_string(number_);
    now_.etag = etag_ == etag_kind::strong     ? tag + '"'
                : etag_ == etag_kind::weak     ? "W/\"the same for all\""
                : etag_ == etag_kind::too_long ? tag + std::string(100, 'x') + '"'
                                               : "";
    const bool strong = etag_ == etag_kind::strong && etag_before == etag_kind::strong;
    choose_date(date_, strong || (date_ == date_kind::young && !has_part()));
    serve(now_);
    untouched_ = false;
    tell("server: " + std::to_string(now_.size) + " bytes, ETag " + now_.etag.substr(0, 30) +
         ", date " + now_.last_modified + ", at " + now_.date);
}

/// A version may have the time of the one before if that was too young to be asked by, or if both
/// have ETags that tell them apart. A part is resumed by a date that is a second old, so then not.
template <typename How>
void world<How>::choose_date(date_kind before, bool may_share) {
    date_ = static_cast<date_kind>(below(3));
    const bool shares = before != date_kind::none && may_share && below(2) == 0;
    second_ = shares ? second_ : number_ * 1000;
    now_.last_modified = date_ == date_kind::none ? "" : http_date(second_);
    now_.date = http_date(second_ + (date_ == date_kind::young ? below(60) : 60 + below(100)));
}

template <typename How>
void world<How>::serve(const remote_file& file) {
    on_.server.on("/file", file);
    remote_file named = file;
    named.fields.emplace_back("Content-Disposition", "attachment; filename=file");
    on_.server.on("/named", named);
}

template <typename How>
download_result world<How>::fetch(bool with_checksum) {
    download_request request = on_.ask(way_->path, way_->name);
    if (with_checksum) {
        request.checksum = "sha-256=" + hex_digest("SHA256", now_.bytes());
    }
    const download_result result = on_.fetch(request);
    tell(way_->path + (way_->name.empty() ? "" : " as ") + way_->name +
         (with_checksum ? " with its checksum: " : ": ") +
         (result.skipped   ? "kept"
          : result.success ? "fetched"
                           : "failed: " + result.message));
    return result;
}

template <typename How>
void world<How>::check_must_keep(const download_result& result) {
    INFO(story_);
    kept_ += result.skipped ? 1 : 0;
    if (!untouched_ || way_ != kept_way_) {
        return;
    }
    CHECK(result.success);
    CHECK(result.skipped);
    if (!way_->named_late) {
        CHECK((result.status == 304 || !result.checksum.empty()));
        CHECK(result.bytes_received == 0);
    }
}

template <typename How>
void world<How>::run() {
    if (below(3) == 0) {
        way_ = &ways[below(std::size(ways))];
    }
    const bool with_checksum = below(8) == 0;
    const download_result result = fetch(with_checksum);
    check_must_keep(result);
    INFO(story_);
    CHECK(result.success);
    CHECK(result.file_size == now_.size);
    CHECK(result.file_name == "file");
    // What another URL has left under this name stays beside a file that is kept.
    CHECK((result.skipped || on_.names() == std::vector<std::string>{"file"}));
    const bool is_the_servers = on_.content() == now_.bytes();
    CHECK(is_the_servers);
    if (with_checksum && result.skipped) {
        return;  // which says nothing of the file's record
    }
    kept_way_ = way_;
    untouched_ = now_.size >= smallest_recorded &&
                 (etag_ == etag_kind::strong ||
                  (date_ == date_kind::settled && etag_ != etag_kind::too_long));
}

/// The server ends its bodies early. What is kept needs none.
template <typename How>
void world<How>::run_cut() {
    const std::string before = exists() ? on_.content() : "";
    const std::uint64_t after = below(static_cast<unsigned>(now_.size) + 1);
    tell("cut after " + std::to_string(after));
    // A reset may take a head back that says all there is to know of a file with a late name.
    const bool resets = !way_->named_late && below(2) == 0;
    serve(now_.cut(after, resets ? ending::reset : ending::close));
    const download_result result = fetch();
    check_must_keep(result);
    serve(now_);
    INFO(story_);
    const bool is_right =
        (exists() ? on_.content() : "") == (result.success ? now_.bytes() : before);
    CHECK(is_right);
    if (!result.skipped) {
        untouched_ = false;
    }
}

template <typename How>
void world<How>::change_here() {
    if (!exists()) {
        return;
    }
    const std::filesystem::path file = on_.local();
    switch (below(8)) {
        case 0:
            change_bytes();
            break;
        case 1:
            tell("here: shorter, its time put back");
            change_unseen(file, [&] {
                std::filesystem::resize_file(file, std::filesystem::file_size(file) / 2);
            });
            break;
        case 2:
            tell("here: writable by its group");
            std::filesystem::permissions(file, std::filesystem::perms::group_write,
                                         std::filesystem::perm_options::add);
            break;
        case 3:
            tell("here: a second link");
            std::filesystem::create_hard_link(file, on_.dir / ("link " + std::to_string(++links_)));
            break;
        case 4:
            tell("here: removed");
            std::filesystem::remove(file);
            break;
        case 5:
            tell("here: another file of its time");
            change_unseen(file, [&] {
                const std::size_t size = std::filesystem::file_size(file);
                std::filesystem::remove(file);
                write_file(file, std::string(size, 'x'));
            });
            break;
        default:
            back_up_or_restore();
            return;
    }
    untouched_ = false;
}

/// Some bytes where they are; the file's time moves, however coarse its clock is.
template <typename How>
void world<How>::change_bytes() {
    tell("here: other bytes");
    std::string bytes = on_.content();
    if (!bytes.empty()) {
        char& one = bytes[below(static_cast<unsigned>(bytes.size()))];
        one = static_cast<char>(one ^ 1);
    }
    change_unseen(on_.local(), [&] { write_file(on_.local(), bytes); });
    move_time(on_.local(), 1 + below(2'000'000'000));
}

template <typename How>
void world<How>::back_up_or_restore() {
    const std::filesystem::path backup = on_.dir / "backup";
    if (std::filesystem::exists(backup) && below(2) == 0) {
        tell("here: the backup with its record");
        replace_by_copy(backup, on_.local());
        untouched_ = false;
    } else if (!has_hole(on_.local())) {  // a copy would have zeros there and no hole
        tell("here: a backup is made");
        replace_by_copy(on_.local(), backup);
    }
}

/// Nothing is lost of a file that was synced, and nothing that has no record is kept anyway.
template <typename How>
void world<How>::reboot() {
    const std::filesystem::path file = on_.local();
    const auto record = exists() ? record_of(file) : std::nullopt;
    if (!record) {
        return;
    }
    change_record(file, [&](storage::file_record& changed) {
        changed.boot.fill(static_cast<std::byte>(below(256)));
    });
    constexpr std::uint64_t page = 64 * 1024;  // the largest that Linux has
    const std::uint64_t pages = std::filesystem::file_size(file) / page;
    const bool loses = !record->synced && pages > 0 && below(2) == 0;
    if (loses) {
        const std::uint64_t lost = page * below(static_cast<unsigned>(pages));
        change_unseen(file, [&] { punch_hole(file, lost, page); });
    }
    tell(loses ? "reboot: a hole" : "reboot");
    untouched_ = untouched_ && !has_hole(file);
}

template <typename How>
void play() {
    const rounds all("ASYNCDL_AGAIN", rounds_in_ci);
    bool can_keep = true;
    unsigned kept = 0;
    all.play([&](unsigned, unsigned seed) {
        world<How> on(seed);
        can_keep = can_keep && on.can_keep();
        for (unsigned step = 0; can_keep && step < steps_in_a_round; ++step) {
            on.step();
        }
        kept += on.kept();
    });
    CHECK((kept > 0 || !can_keep || all.count() < rounds_in_ci));
}

TEST_SUITE_BEGIN("integration/same_again_random");

TEST_CASE_TEMPLATE("whatever happens here and there, a success is the server's file", How, plain,
                   tls) {
    play<How>();
}

TEST_SUITE_END();

}  // namespace
