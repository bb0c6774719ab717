#include "engine/held_download.hpp"

namespace asyncdl::engine {

held_space held_space::try_take(shared_context& shared, std::size_t bytes) {
    held_space space;
    if (shared.held_bytes.fetch_add(bytes) + bytes > shared_context::max_held_bytes) {
        shared.held_bytes -= bytes;
        return space;
    }
    space.shared_ = &shared;
    space.bytes_ = bytes;
    return space;
}

void held_space::give_back() noexcept {
    if (!shared_)
        return;
    shared_->held_bytes -= bytes_;
    shared_ = nullptr;
}

std::size_t held_download::memory(const download_request& request,
                                  const download_result* so_far) noexcept {
    constexpr std::size_t overhead = 64;  // of an allocation, or of its place in a queue
    std::size_t bytes = sizeof(held_download) + overhead + request.file_name.capacity() +
                        request.directory.capacity() + request.checksum.capacity();
    for (const std::string& url : request.urls)
        bytes += sizeof(url) + url.capacity() + overhead;
    for (const header& field : request.headers)
        bytes += sizeof(field) + field.name.capacity() + field.value.capacity() + overhead;
    if (so_far)
        bytes += sizeof(*so_far) + overhead + so_far->url.capacity() +
                 so_far->final_url.capacity() + so_far->file_name.capacity() +
                 so_far->file_path.capacity();
    return bytes;
}

}  // namespace asyncdl::engine
