#include "engine/mirrors.hpp"

#include "core/basic_auth.hpp"
#include "storage/url_hash.hpp"

namespace asyncdl::engine {

namespace {

std::string credentials(const core::url& of) {
    return of.has_userinfo() ? core::basic_credentials(of.user(), of.password()) : std::string();
}

}  // namespace

core::outcome<void> mirrors::begin(core::authority_reader* reader) {
    if (urls_.empty())
        return core::fault(make_error_code(errc::invalid_url), "no URL");
    auto parsed = core::url::parse(urls_.front(), reader);
    if (!parsed)
        return parsed.error();
    first_ = std::move(*parsed);
    authorization_ = credentials(first_);
    return {};
}

std::uint64_t mirrors::source() const {
    return storage::url_hash(current().display());
}

void mirrors::give_up_current() {
    given_up_.resize(urls_.size());
    given_up_[place_] = true;
}

bool mirrors::next() {
    for (std::size_t place = place_ + 1; place < urls_.size(); ++place)
        if (use(place))
            return true;
    return false;
}

bool mirrors::next_round() {
    for (std::size_t place = 0; place < urls_.size(); ++place)
        if (use(place))
            return true;
    return false;
}

bool mirrors::use(std::size_t place) {
    if (!given_up_.empty() && given_up_[place])
        return false;
    if (place != 0) {
        auto parsed = core::url::parse(urls_[place]);
        if (!parsed) {
            place_ = place;
            give_up_current();
            return false;
        }
        current_ = std::move(*parsed);
    }
    place_ = place;
    authorization_ = credentials(current());
    return true;
}

}  // namespace asyncdl::engine
