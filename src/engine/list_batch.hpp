#pragma once
// A batch that is given as a list and ends as one: a source and a consumer over vectors. Owned by
// whoever runs the batch; thread-safe as both interfaces ask for.

#include <asyncdl/batch_result.hpp>
#include <asyncdl/download_source.hpp>
#include <vector>

namespace asyncdl::engine {

class list_batch final : public download_source, public result_consumer {
public:
    explicit list_batch(std::vector<download_request> requests);

    std::optional<download_request> try_next() override;
    boost::asio::awaitable<boost::system::result<std::optional<download_request>>> async_next()
        override;
    bool try_consume(download_result& result) override;
    boost::asio::awaitable<boost::system::error_code> async_consume(
        download_result result) override;

    /// All results in order; a request that was never taken has ended as `errc::cancelled`.
    batch_result finish(batch_summary summary);

private:
    std::vector<download_request> requests_;
    std::vector<download_result> results_;
    std::size_t next_ = 0;
};

}  // namespace asyncdl::engine
