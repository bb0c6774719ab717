#pragma once
// What servers do wrong, by name: answers for `origin::on`. Pure values; any thread.

#include <chrono>
#include <cstdint>
#include <string>

#include "support/origin.hpp"

namespace asyncdl::test::misbehave {

/// Sends these bytes and nothing else; the connection stays.
handler raw(std::string bytes);

/// Sends these bytes and closes.
handler raw_and_close(std::string bytes);

/// Announces `announced` bytes, sends `sent`, closes in an orderly way.
handler truncated_body(std::uint64_t announced, std::uint64_t sent);

/// Announces `announced` bytes, sends `sent`, resets.
handler reset_in_body(std::uint64_t announced, std::uint64_t sent);

/// Announces `announced` bytes, sends `sent`, then nothing more.
handler stall_in_body(std::uint64_t announced, std::uint64_t sent);

handler close_before_head();
handler reset_before_head();
handler stall_before_head();
handler stall_in_head();

/// Sends a byte of a head every `pause`, without end.
handler trickled_head(std::chrono::milliseconds pause);

/// A chunk whose size is no number.
handler bad_chunk_size();

/// A chunk that is longer than announced.
handler bad_chunk_end();

/// A chunked body that ends, in an orderly way, without the last chunk.
handler missing_last_chunk();

handler contradictory_lengths();
handler length_beside_transfer_encoding();

/// One header field without end.
handler endless_header();

/// Interim responses without end.
handler endless_interim();

/// A complete response of `body`, and behind it a second one that nobody asked for.
handler unsolicited_second(std::string body, std::string second);

/// A complete response that says keep-alive, and then a close.
handler close_after_keep_alive(std::string body);

/// A body without a head.
handler http09();

/// A head with bare line feeds.
handler bare_line_feeds(std::string body);

/// A body whose end is the end of the connection, without a close_notify over TLS.
handler tls_truncated_body(std::string body);

}  // namespace asyncdl::test::misbehave
