// A plugin with look-ups of its own, for the test that unloads it while one of them hangs.

#include <asyncdl/error.hpp>
#include <memory>
#include <string>

#include "net/name_lookups.hpp"

namespace {

using asyncdl::net::lookup_answer;
using asyncdl::net::lookup_settings;
using asyncdl::net::name_lookups;

class nobody final : public name_lookups::waiter {
public:
    void begun() noexcept override {}
    bool complete(const lookup_answer&) noexcept override { return true; }
};

}  // namespace

/// Asks for a name whose look-up is a call of `block`, and destroys all that it has.
extern "C" void begin_look_up(void (*block)(void*), void (*wait_until_begun)(void*),
                              void* argument) {
    lookup_settings settings;
    settings.look_up = [block, argument](const std::string&) {
        block(argument);
        return lookup_answer(asyncdl::make_error_code(asyncdl::errc::host_not_found));
    };
    const auto names = std::make_shared<name_lookups>(std::move(settings));
    const auto who = std::make_shared<nobody>();
    names->ask("name", who);
    wait_until_begun(argument);
    names->leave(*who);
    names->close();
}
