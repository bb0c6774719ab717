#pragma once
// The URLs of one download: which is asked now, which are still worth asking. Owned by a transfer.

#include <asyncdl/logger.hpp>
#include <functional>
#include <string>
#include <vector>

#include "core/fault.hpp"
#include "core/url.hpp"

namespace asyncdl::engine {

/// A URL that cannot be asked (not http or https, or malformed) is passed over with a warning.
class mirrors {
public:
    /// @param urls and `hook` outlive this
    mirrors(const std::vector<std::string>& urls, const log_hook& hook)
        : urls_(urls), hook_(hook) {}

    /// Takes the first URL that can be asked. `errc::invalid_url` if there is none. `reader` as for
    /// `core::url::parse`.
    core::outcome<void> begin(core::authority_reader* reader = nullptr);

    /// The URL that is asked, and the first that can be.
    const core::url& current() const noexcept { return place_ == first_at_ ? first_ : current_; }
    const core::url& first() const noexcept { return first_; }

    /// The first URL that was given, whose origin alone gets the caller's fields; one without a
    /// host, so of no origin, if that URL was passed over.
    const core::url& home() const noexcept;

    /// Basic credentials of the current URL's userinfo, for its origin alone; may be empty.
    const std::string& authorization() const noexcept { return authorization_; }

    /// A hash of the current URL, less userinfo and fragment: the same in every run.
    std::uint64_t source() const;

    /// The current URL has failed for good: it is not asked again.
    void give_up_current();

    /// Goes on to the next URL that nobody has given up; false at the end of the round.
    bool next();

    /// The same, but only to one that is `wanted`; false, and the current one stays, if none is.
    bool next_if(const std::function<bool(const core::url&)>& wanted);

    /// Begins another round; false where every URL was given up.
    bool next_round();

private:
    bool use(std::size_t place);
    void pass_over(const core::fault& why);

    const std::vector<std::string>& urls_;
    const log_hook& hook_;
    std::size_t place_ = 0;
    std::size_t first_at_ = 0;
    std::vector<bool> given_up_;  ///< empty as long as none was
    core::url first_;
    core::url current_;  ///< if it is not the first
    std::string authorization_;
};

}  // namespace asyncdl::engine
