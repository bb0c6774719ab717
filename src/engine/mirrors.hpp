#pragma once
// The URLs of one download: which is asked now, which are still worth asking. Owned by a transfer.

#include <string>
#include <vector>

#include "core/fault.hpp"
#include "core/url.hpp"

namespace asyncdl::engine {

class mirrors {
public:
    /// @param urls outlives this
    explicit mirrors(const std::vector<std::string>& urls) : urls_(urls) {}

    /// Takes the first URL. `errc::invalid_url`. `reader` as for `core::url::parse`.
    core::outcome<void> begin(core::authority_reader* reader = nullptr);

    /// The URL that is asked, and the first one, whose origin gets the caller's fields.
    const core::url& current() const noexcept { return place_ == 0 ? first_ : current_; }
    const core::url& first() const noexcept { return first_; }

    /// Basic credentials of the current URL's userinfo, for its origin alone; may be empty.
    const std::string& authorization() const noexcept { return authorization_; }

    /// A hash of the current URL, less userinfo and fragment: the same in every run.
    std::uint64_t source() const;

    /// The current URL has failed for good: it is not asked again.
    void give_up_current();

    /// Goes on to the next URL that nobody has given up; false at the end of the round.
    bool next();

    /// Begins another round; false where every URL was given up.
    bool next_round();

private:
    bool use(std::size_t place);

    const std::vector<std::string>& urls_;
    std::size_t place_ = 0;
    std::vector<bool> given_up_;  ///< empty as long as none was
    core::url first_;
    core::url current_;  ///< where it is not the first
    std::string authorization_;
};

}  // namespace asyncdl::engine
