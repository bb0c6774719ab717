#pragma once
// The system's files with one call that fails: the n-th of all, with an errno of the test's choice;
// or all from the n-th on. Counts the calls and the descriptors that are open, and has a clock that
// stands still. One thread.

#include <cerrno>
#include <chrono>
#include <string>
#include <vector>

#include "storage/files.hpp"

namespace asyncdl::test {

class failing_files final : public storage::files {
public:
    /// No call fails.
    failing_files() = default;
    /// @param at which call fails, the first being 1
    /// @param lasting whether all that come after it fail as well, but close and the clock
    failing_files(int at, int error, bool lasting = false)
        : at_(at), error_(error), lasting_(lasting) {}

    int count() const { return static_cast<int>(made_.size()); }
    int open_descriptors() const { return open_; }
    /// The names of the calls that were made, in order.
    const std::vector<std::string>& made() const { return made_; }
    void forget() { made_.clear(); }
    void advance(std::chrono::steady_clock::duration time) { now_ += time; }
    int clock_reads() const { return clock_reads_; }
    /// The name of the call that failed first; empty where none did.
    std::string failed() const { return count() >= at_ && at_ > 0 ? made_[at_ - 1u] : ""; }

    int openat(int directory, const char* path, int flags, ::mode_t mode) override {
        if (fails("openat"))
            return -error_;
        const int opened = files::openat(directory, path, flags, mode);
        open_ += opened >= 0 ? 1 : 0;
        return opened;
    }
    ::ssize_t pwrite(int file, std::span<const std::byte> data, std::uint64_t offset) override {
        if (fails("pwrite"))
            return -error_;
        return files::pwrite(file, data.first(shortened(data.size())), offset);
    }
    ::ssize_t pread(int file, std::span<std::byte> into, std::uint64_t offset) override {
        if (fails("pread"))
            return -error_;
        return files::pread(file, into.first(shortened(into.size())), offset);
    }
    int fallocate(int file, std::uint64_t offset, std::uint64_t size) override {
        return fails("fallocate") ? -error_ : files::fallocate(file, offset, size);
    }
    int fstatfs(int file, struct ::statfs& out) override {
        return fails("fstatfs") ? -error_ : files::fstatfs(file, out);
    }
    int futimens(int file, const ::timespec times[2]) override {
        return fails("futimens") ? -error_ : files::futimens(file, times);
    }
    int fchmod(int file, ::mode_t mode) override {
        return fails("fchmod") ? -error_ : files::fchmod(file, mode);
    }
    /// No test needs what it makes to survive a power cut.
    int fsync(int) override { return fails("fsync") ? -error_ : 0; }
    int close(int file) override {
        // As on Linux: closed even where it fails.
        const bool failing = fails("close");
        open_ -= 1;
        const int closed = files::close(file);
        return failing ? -error_ : closed;
    }
    int lock(int file) override { return fails("lock") ? -error_ : files::lock(file); }
    int fstat(int file, struct ::stat& out) override {
        return fails("fstat") ? -error_ : files::fstat(file, out);
    }
    int ftruncate(int file, std::uint64_t size) override {
        return fails("ftruncate") ? -error_ : files::ftruncate(file, size);
    }
    int mkdirat(int directory, const char* path, ::mode_t mode) override {
        return fails("mkdirat") ? -error_ : files::mkdirat(directory, path, mode);
    }
    int fstatat(int directory, const char* path, struct ::stat& out, int flags) override {
        return fails("fstatat") ? -error_ : files::fstatat(directory, path, out, flags);
    }
    int renameat(int directory, const char* from, const char* to) override {
        return fails("renameat") ? -error_ : files::renameat(directory, from, to);
    }
    int unlinkat(int directory, const char* path) override {
        return fails("unlinkat") ? -error_ : files::unlinkat(directory, path);
    }
    int rename_noreplace(int directory, const char* from, const char* to) override {
        return fails("rename_noreplace") ? -error_ : files::rename_noreplace(directory, from, to);
    }
    int link(int file, int directory, const char* to) override {
        return fails("link") ? -error_ : files::link(file, directory, to);
    }
    int set_attribute(int file, const char* name, std::string_view value) override {
        return fails("set_attribute") ? -error_ : files::set_attribute(file, name, value);
    }
    ::ssize_t get_attribute(int file, const char* name, std::span<std::byte> into) override {
        return fails("get_attribute") ? -error_ : files::get_attribute(file, name, into);
    }
    int remove_attribute(int file, const char* name) override {
        return fails("remove_attribute") ? -error_ : files::remove_attribute(file, name);
    }
    std::int64_t first_hole(int file) override {
        return fails("first_hole") ? -error_ : files::first_hole(file);
    }
    std::chrono::steady_clock::time_point now() override {
        ++clock_reads_;
        return now_;
    }

private:
    bool fails(const char* call) {
        made_.push_back(call);
        return count() == at_ || (lasting_ && at_ > 0 && count() > at_);
    }

    /// Every other call is short, as a signal or a quota may make it.
    std::size_t shortened(std::size_t size) {
        short_ = !short_;
        return short_ ? (size + 1) / 2 : size;
    }

    int at_ = 0;
    bool short_ = false;
    int error_ = 0;
    bool lasting_ = false;
    int clock_reads_ = 0;
    std::chrono::steady_clock::time_point now_{};
    int open_ = 0;
    std::vector<std::string> made_;
};

}  // namespace asyncdl::test
