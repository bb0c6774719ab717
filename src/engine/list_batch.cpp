#include "engine/list_batch.hpp"

#include <asyncdl/error.hpp>
#include <utility>

#include "core/url.hpp"

namespace asyncdl::engine {

list_batch::list_batch(std::vector<download_request> requests)
    : requests_(std::move(requests)), results_(requests_.size()) {}

std::optional<download_request> list_batch::try_next() {
    std::optional<download_request> next;
    if (next_ < requests_.size()) {
        results_[next_].index = next_;
        results_[next_].tag = requests_[next_].tag;
        next = std::move(requests_[next_++]);
    }
    return next;
}

boost::asio::awaitable<boost::system::result<std::optional<download_request>>>
list_batch::async_next() {
    co_return try_next();
}

bool list_batch::try_consume(download_result& result) {
    const auto index = static_cast<std::size_t>(result.index);
    results_[index] = std::move(result);
    return true;
}

boost::asio::awaitable<boost::system::error_code> list_batch::async_consume(
    download_result result) {
    try_consume(result);
    co_return boost::system::error_code();
}

batch_result list_batch::finish(batch_summary summary) {
    // Of a download that ran, the result has an id; what was lost on the way (memory ran out) is
    // told as a failure.
    for (std::size_t i = 0; i < next_; ++i) {
        download_result& result = results_[i];
        if (result.id == 0 && !result.error) {
            result.error = make_error_code(errc::internal);
            result.message = "the result was lost";
            summary.add(result);
        }
    }
    for (; next_ < requests_.size(); ++next_) {
        download_result& result = results_[next_];
        const download_request& request = requests_[next_];
        result.index = next_;
        result.tag = request.tag;
        if (!request.urls.empty())
            result.url = result.final_url = core::without_userinfo(request.urls.front());
        result.error = make_error_code(errc::cancelled);
        result.message = "cancelled";
        summary.add(result);
    }
    batch_result whole;
    whole.results = std::move(results_);
    whole.summary = std::move(summary);
    return whole;
}

}  // namespace asyncdl::engine
