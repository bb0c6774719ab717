#include "cli/line_writer.hpp"

#include <exception>
#include <new>
#include <thread>
#include <utility>

#include "cli/text.hpp"

namespace asyncdl::cli {

/// The thread has a share in it: one that hangs in a system call outlives the writer.
struct line_writer::shared {
    enum class phase { unused, running, in_place, ended };

    std::unique_ptr<output_file> out;  ///< the thread's while there is one
    std::function<std::string(std::uint64_t)> missing;

    std::mutex mutex;  // guards what follows
    std::condition_variable changed;
    phase now = phase::unused;
    std::string waiting;
    std::uint64_t lost = 0;   ///< lines, since the last that waits
    bool is_writing = false;  ///< what has waited
    bool ending = false;
    bool hangs = false;  ///< the thread, in a system call

    /// A line that finds no memory is lost like one that finds no room.
    void put(const std::string& text, std::uint64_t lost_after) noexcept {
        try {
            out->write(text);
            if (lost_after > 0) {
                out->write(missing(lost_after));
            }
            out->flush();
        } catch (const std::bad_alloc&) {
            out->fail(make_error_code(boost::system::errc::not_enough_memory));
        }
    }
};

line_writer::line_writer(std::unique_ptr<output_file> out,
                         std::function<std::string(std::uint64_t)> missing)
    : state_(std::make_shared<shared>()) {
    state_->out = std::move(out);
    state_->missing = std::move(missing);
}

line_writer::~line_writer() {
    finish();
}

void line_writer::write(std::string_view line, weight what) {
    const std::lock_guard lock(state_->mutex);
    const bool is_important = what == weight::important;
    const std::size_t room = is_important ? 2 * max_waiting : max_waiting;
    const bool fits = state_->waiting.size() + line.size() <= room;
    // Once a line is lost, the ordinary ones that follow are too, so that the gap is one.
    if (!fits || (state_->lost > 0 && !is_important)) {
        ++state_->lost;
        return;
    }
    add(line);
}

void line_writer::write_if_idle(std::string_view line) {
    const std::lock_guard lock(state_->mutex);
    if (state_->waiting.empty() && state_->lost == 0 && !state_->is_writing) {
        add(line);
    }
}

/// Under the mutex.
void line_writer::add(std::string_view line) {
    using enum shared::phase;
    if (state_->ending) {
        return;
    }
    if (state_->now == unused) {
        try {
            std::thread([state = state_] { run(state); }).detach();
            state_->now = running;
        } catch (const std::exception&) {  // no thread, or no memory for one
            state_->now = in_place;
        }
    }
    if (state_->now == in_place) {
        state_->put(std::string(line), 0);
        return;
    }
    state_->waiting += line;
    state_->changed.notify_all();
}

void line_writer::run(const std::shared_ptr<shared>& state) noexcept {
    std::unique_lock lock(state->mutex);
    for (;;) {
        state->changed.wait(lock, [&] { return !state->waiting.empty() || state->ending; });
        if (state->waiting.empty()) {
            break;
        }
        std::string text;
        text.swap(state->waiting);
        const std::uint64_t lost = std::exchange(state->lost, 0);
        state->is_writing = true;
        lock.unlock();
        state->put(text, lost);
        lock.lock();
        state->is_writing = false;
    }
    lock.unlock();
    state->out->close();
    lock.lock();
    state->now = shared::phase::ended;
    state->changed.notify_all();
}

std::string line_writer::finish() {
    using enum shared::phase;
    std::unique_lock lock(state_->mutex);
    state_->ending = true;
    state_->out->hurry();
    state_->changed.notify_all();
    if (state_->now == unused || state_->now == in_place) {
        state_->out->close();
        state_->now = ended;
    }
    // The thread gives up a reader by itself, but not a disk that hangs.
    const auto has_ended = [&] { return state_->now == ended; };
    while (!state_->hangs && !has_ended()) {
        const std::uint64_t before = state_->out->taken();
        state_->hangs =
            !state_->changed.wait_for(lock, 2 * output_file::reader_patience, has_ended) &&
            state_->out->taken() == before;
    }
    return state_->hangs ? shown_value(state_->out->name()) + ": hangs" : state_->out->failure();
}

}  // namespace asyncdl::cli
