// A program that unloads the library while a look-up hangs.

#include <dlfcn.h>
#include <doctest/doctest.h>

#include "support/event.hpp"
#include "support/wait.hpp"

namespace {

using namespace asyncdl::test;

struct look_up {
    event begun;
    event over;
    event ended;
};

void block(void* argument) {
    auto& one = *static_cast<look_up*>(argument);
    one.begun.set();
    one.over.wait();
    one.ended.set();
}

void wait_until_begun(void* argument) {
    static_cast<look_up*>(argument)->begun.wait();
}

/// Unloads it if nothing keeps it.
bool is_loaded() {
    void* const found = ::dlopen(ASYNCDL_LOOKUP_PLUGIN, RTLD_NOW | RTLD_NOLOAD);
    if (found != nullptr) {
        ::dlclose(found);
    }
    return found != nullptr;
}

TEST_SUITE_BEGIN("unit/net/unload");

TEST_CASE("the code of a thread that hangs stays loaded until the thread has ended") {
    void* const plugin = ::dlopen(ASYNCDL_LOOKUP_PLUGIN, RTLD_NOW | RTLD_LOCAL);
    REQUIRE(plugin != nullptr);
    using function = void(void (*)(void*), void (*)(void*), void*);
    void* const symbol = ::dlsym(plugin, "begin_look_up");
    REQUIRE(symbol != nullptr);
    auto* const begin = reinterpret_cast<function*>(symbol);
    look_up one;
    begin(block, wait_until_begun, &one);
    ::dlclose(plugin);
    CHECK(is_loaded());
    one.over.set();
    CHECK(one.ended.wait());
    CHECK(eventually([] { return !is_loaded(); }));
}

TEST_SUITE_END();

}  // namespace
