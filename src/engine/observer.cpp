#include <asyncdl/observer.hpp>

namespace asyncdl {

void observer::on_start(std::uint64_t, std::uint64_t, std::string_view) {}

void observer::on_retry(std::uint64_t, std::uint64_t, unsigned, const boost::system::error_code&,
                        std::chrono::milliseconds) {}

void observer::on_finish(const download_result&) {}

}  // namespace asyncdl
