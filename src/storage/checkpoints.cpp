#include "storage/checkpoints.hpp"

#include <sys/random.h>

#include <algorithm>
#include <asyncdl/error.hpp>
#include <cerrno>
#include <new>
#include <utility>

#include "storage/part_lock.hpp"
#include "storage/part_read.hpp"

namespace asyncdl::storage {

namespace {

// A kill costs what was written since the last record: this long, or a piece.
constexpr auto period = std::chrono::seconds(1);
// Less is not worth a record: the journal only grows.
constexpr std::uint64_t least_growth = 64 * 1024;

// What it claims is nobody else's business: 0600.
constexpr int create_flags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
constexpr ::mode_t journal_mode = 0600;

/// A lack of space passes as soon as the part file gives back what it has reserved.
bool is_full(int negative_errno) {
    return file_error(negative_errno) == errc::disk_full;
}

}  // namespace

checkpoints::checkpoints(std::shared_ptr<directory> where, std::string name, int part)
    : where_(std::move(where)), name_(std::move(name)), part_(part) {
    begin(0);
}

checkpoints::checkpoints(std::shared_ptr<directory> where, std::string name, int part,
                         int descriptor, const journal_contents& contents, std::uint64_t size)
    : checkpoints(std::move(where), std::move(name), part) {
    descriptor_ = descriptor;
    header_written_ = true;
    generation_ = contents.generation;
    source_ = contents.source;
    about_ = contents.about;
    derived_ = contents.derived;
    // A last record that is torn gives its place to the next one.
    slots_ = static_cast<std::size_t>(size - header_bytes) / record_bytes;
}

checkpoints::~checkpoints() {
    if (descriptor_ >= 0)
        where_->calls().close(descriptor_);
}

void checkpoints::describe(std::uint64_t source, core::validators about, bool derived) {
    header_written_ =
        header_written_ && source == source_ && about == about_ && derived == derived_;
    derived_ = derived;
    source_ = source;
    about_ = std::move(about);
}

void checkpoints::wrote(std::uint64_t offset, std::span<const std::byte> data) noexcept {
    if (ended_)
        return;
    if (offset != at_) {
        record();
        begin(offset);
    }
    while (!data.empty()) {
        const auto size =
            static_cast<std::size_t>(std::min<std::uint64_t>(data.size(), end_ - at_));
        at_ += size;
        if (hash_) {
            hash_->update(data.first(size));
            hashed_ = at_;
        }
        data = data.subspan(size);
        if (at_ == end_) {
            record();
            begin(at_);
        }
    }
    if (is_due())
        record();
}

bool checkpoints::finish() noexcept {
    record();
    return descriptor_ >= 0 && slots_ > 0;
}

void checkpoints::remove() noexcept {
    ended_ = true;
    if (descriptor_ < 0)
        return;
    // After a commit the lock is gone, and another download may have a journal of this name.
    struct ::stat unused {};
    if (is_still(*where_, name_, descriptor_, unused))
        where_->calls().unlinkat(where_->descriptor(), name_.c_str());
    where_->calls().close(std::exchange(descriptor_, -1));
}

/// Begins the piece at `offset`.
void checkpoints::begin(std::uint64_t offset) noexcept {
    begin_ = at_ = recorded_ = hashed_ = offset;
    end_ = piece_end(offset);
    if (hash_)
        hash_->reset();
}

/// Writes a record of the piece as far as it is; it counts instead of the earlier ones.
void checkpoints::record() noexcept {
    if (ended_ || at_ == recorded_ || !catch_up() || !prepare())
        return;
    const piece claim{{begin_, at_}, hash_->value()};
    const auto place = header_bytes + std::uint64_t{slots_} * record_bytes;
    const int stored =
        slots_ == most_records ? -EFBIG : store(encode_record(generation_, claim), place);
    if (stored < 0) {
        // One that is torn is passed over, or written over later; the others stay good.
        ended_ = slots_ == most_records || !is_full(stored);
        return;
    }
    ++slots_;
    recorded_ = at_;
}

/// Hashes what was written before the first record; that is less than a piece.
bool checkpoints::catch_up() noexcept try {
    if (!hash_)
        hash_.emplace();
    if (hashed_ == at_)
        return true;
    const auto use = [this](std::span<const std::byte> bytes) {
        hash_->update(bytes);
        return true;
    };
    ended_ = read_back(where_->calls(), part_, {hashed_, at_}, use) != 0;
    hashed_ = at_;
    return !ended_;
} catch (const std::bad_alloc&) {
    ended_ = true;
    return false;
}

/// Sees that there is a journal, and that its header says what it is to say.
bool checkpoints::prepare() noexcept {
    if (header_written_)
        return true;
    const bool there = descriptor_ >= 0;
    if (!there && ::getrandom(&generation_, sizeof generation_, 0) != sizeof generation_) {
        ended_ = true;
        return false;
    }
    const auto header = encode_header(generation_, source_, about_, derived_);
    int stored = header ? 0 : -EINVAL;
    if (stored == 0 && !there)
        stored = create();
    if (stored == 0)
        stored = store(*header, 0);
    header_written_ = stored == 0;
    if (!header_written_) {
        remove();  // without its header it is worth nothing
        ended_ = there || !is_full(stored);
    }
    return header_written_;
}

/// 0 or -errno.
int checkpoints::create() noexcept {
    directory::expect_states();
    files& calls = where_->calls();
    const int folder = where_->descriptor();
    descriptor_ = calls.openat(folder, name_.c_str(), create_flags, journal_mode);
    // That of a part file that is gone gives way.
    if (descriptor_ == -EEXIST && may_remove_state(*where_, name_)) {
        calls.unlinkat(folder, name_.c_str());
        descriptor_ = calls.openat(folder, name_.c_str(), create_flags, journal_mode);
    }
    return std::min(descriptor_, 0);
}

/// 0 or -errno.
int checkpoints::store(std::span<const std::byte> bytes, std::uint64_t offset) noexcept {
    while (!bytes.empty()) {
        const auto written = where_->calls().pwrite(descriptor_, bytes, offset);
        if (written <= 0)
            return written == 0 ? -EIO : static_cast<int>(written);
        bytes = bytes.subspan(static_cast<std::size_t>(written));
        offset += static_cast<std::uint64_t>(written);
    }
    return 0;
}

/// Whether it is time for a record. A file of one write needs no clock.
bool checkpoints::is_due() noexcept {
    if (!std::exchange(written_before_, true) || at_ - recorded_ < least_growth)
        return false;
    const auto now = where_->calls().now();
    if (last_ && now - *last_ < period)
        return false;
    return std::exchange(last_, now).has_value();
}

}  // namespace asyncdl::storage
