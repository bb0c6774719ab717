#include "engine/mirrors.hpp"

#include "core/basic_auth.hpp"
#include "engine/log.hpp"
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
    core::outcome<void> begun;
    for (place_ = 0; place_ < urls_.size(); ++place_) {
        auto parsed = core::url::parse(urls_[place_], reader);
        if (parsed) {
            first_ = std::move(*parsed);
            first_at_ = place_;
            authorization_ = credentials(first_);
            return {};
        }
        if (place_ == 0)
            begun = parsed.error();
        if (urls_.size() > 1)
            pass_over(parsed.error());
    }
    return begun;
}

const core::url& mirrors::home() const noexcept {
    static const core::url nobody;
    return first_at_ == 0 ? first_ : nobody;
}

std::uint64_t mirrors::source() const {
    return storage::url_hash(current().display());
}

void mirrors::give_up_current() {
    given_up_.resize(urls_.size());
    given_up_[place_] = true;
}

/// The current URL cannot be asked.
void mirrors::pass_over(const core::fault& why) {
    give_up_current();
    log(hook_, log_level::warn,
        [&] { return core::for_log(urls_[place_]) + " is passed over: " + why.message(); });
}

bool mirrors::next() {
    for (std::size_t place = place_ + 1; place < urls_.size(); ++place)
        if (use(place))
            return true;
    return false;
}

bool mirrors::next_if(const std::function<bool(const core::url&)>& wanted) {
    for (std::size_t place = place_ + 1; place < urls_.size(); ++place) {
        if (!given_up_.empty() && given_up_[place])
            continue;
        const auto parsed = core::url::parse(urls_[place]);
        if (parsed && wanted(*parsed))
            return use(place);
    }
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
    place_ = place;
    if (place != first_at_) {
        auto parsed = core::url::parse(urls_[place]);
        if (!parsed) {
            pass_over(parsed.error());
            return false;
        }
        current_ = std::move(*parsed);
    }
    authorization_ = credentials(current());
    return true;
}

}  // namespace asyncdl::engine
