#pragma once
// A source that gives a list and a consumer that keeps what it gets. Owned by the test.

#include <asyncdl/download_source.hpp>
#include <cstddef>
#include <utility>
#include <vector>

namespace asyncdl::test {

class list_source : public download_source {
public:
    explicit list_source(std::vector<download_request> requests) : requests_(std::move(requests)) {}

    boost::asio::awaitable<boost::system::result<std::optional<download_request>>> async_next()
        override {
        std::optional<download_request> next;
        if (given < requests_.size()) {
            next = requests_[given++];
        }
        co_return next;
    }

    std::size_t given = 0;  ///< how many were asked for

private:
    std::vector<download_request> requests_;
};

class list_consumer : public result_consumer {
public:
    boost::asio::awaitable<boost::system::error_code> async_consume(
        download_result result) override {
        results.push_back(std::move(result));
        co_return boost::system::error_code();
    }

    std::vector<download_result> results;  ///< in the order in which they came
};

}  // namespace asyncdl::test
