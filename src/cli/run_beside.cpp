#include "cli/run_beside.hpp"

#include <exception>
#include <system_error>
#include <thread>

namespace asyncdl::cli {

namespace {

template <typename F>
std::exception_ptr thrown_by(const F& function) noexcept {
    try {
        function();
    } catch (...) {
        return std::current_exception();
    }
    return nullptr;
}

template <typename F>
std::thread start_thread(const F& function) {
    try {
        return std::thread(function);
    } catch (const std::system_error& error) {
        throw no_thread(error.code().message());
    }
}

}  // namespace

void run_beside(boost::asio::io_context& loop, const std::function<void()>& work,
                const std::function<void()>& cancel) {
    std::exception_ptr by_work;
    std::thread worker = start_thread([&] {
        by_work = thrown_by(work);
        loop.stop();  // unlike a post it needs no memory
    });
    const std::exception_ptr by_loop = thrown_by([&] { loop.run(); });
    if (by_loop) {
        // If that throws as well, the work goes on to its own end.
        thrown_by(cancel);
    }
    worker.join();
    if (by_loop) {
        std::rethrow_exception(by_loop);
    }
    if (by_work) {
        std::rethrow_exception(by_work);
    }
}

}  // namespace asyncdl::cli
