// The queue of names and its threads, over look-ups that hang for as long as the test wants.

#include <doctest/doctest.h>

#include <atomic>
#include <boost/system/errc.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "net/name_lookups.hpp"
#include "support/event.hpp"
#include "support/held_lookups.hpp"

namespace {

using namespace asyncdl;
using namespace asyncdl::test;
using namespace std::chrono_literals;
using net::name_lookups;

class listener final : public name_lookups::waiter {
public:
    void begun() noexcept override { ++begins; }
    bool complete(const net::lookup_answer& answer) noexcept override {
        if (lacks_memory > 0) {
            --lacks_memory;
            return false;
        }
        found = answer.has_value();
        ++answers;
        answered.set();
        return true;
    }

    std::atomic<int> begins = 0;
    std::atomic<int> answers = 0;
    std::atomic<int> lacks_memory = 0;  ///< how often it cannot pass the answer on
    std::atomic<bool> found = false;
    event answered;
};

/// Look-ups with bounds of the test's; ends when their threads have.
class lookups {
public:
    explicit lookups(std::size_t max_working, std::chrono::milliseconds hung_after,
                     std::size_t max_threads = 100) {
        net::lookup_settings settings = system->settings();
        settings.max_working = max_working;
        settings.hung_after = hung_after;
        settings.max_threads = max_threads;
        names = std::make_shared<name_lookups>(std::move(settings));
    }

    ~lookups() {
        system->end_all();
        const std::weak_ptr<name_lookups> threads = names;
        names->close();
        names.reset();
        CHECK(eventually([&] { return threads.expired(); }));
    }

    std::shared_ptr<listener> ask(const std::string& host) {
        auto who = std::make_shared<listener>();
        CHECK_FALSE(names->ask(host, who));
        return who;
    }

    std::vector<std::shared_ptr<listener>> ask_many(int count) {
        std::vector<std::shared_ptr<listener>> all;
        for (int i = 0; i < count; ++i) {
            all.push_back(ask("name" + std::to_string(i)));
        }
        return all;
    }

    scoped_lookups system;
    std::shared_ptr<name_lookups> names;
};

using names = std::vector<std::string>;

TEST_SUITE_BEGIN("unit/net/name_lookups");

TEST_CASE("all who ask for a name share one look-up, and its answer is known afterwards") {
    lookups on(1, 1h);
    const auto first = on.ask("a");
    REQUIRE(on.system->has_begun(1));
    CHECK(first->begins == 1);
    const auto second = on.ask("a");
    CHECK(second->begins == 1);  // it runs already
    CHECK_FALSE(on.names->known("a"));
    on.system->end("a");
    CHECK(first->answered.wait());
    CHECK(second->answered.wait());
    CHECK(first->found);
    CHECK(on.names->known("a"));
    CHECK(on.system->begun() == names{"a"});
}

TEST_CASE("look-ups that do not hang are no more than the bound, and the others come in turn") {
    lookups on(3, 1h);
    const auto waiting = on.ask_many(20);
    REQUIRE(on.system->has_begun(3));
    for (std::size_t i = 0; i < waiting.size(); ++i) {
        on.system->end("name" + std::to_string(i));
        CHECK(waiting[i]->answered.wait());
    }
    CHECK(on.system->begun().size() == 20);
    CHECK(on.system->peak() == 3);
}

TEST_CASE("a look-up that hangs does not count against the bound") {
    lookups on(2, 1ms);
    const auto dead = on.ask_many(20);
    const auto good = on.ask("good");
    CHECK(good->answered.wait());
    CHECK(on.system->has_begun(21));
    for (const auto& one : dead) {
        CHECK(one->answers == 0);
    }
}

TEST_CASE("if as many hang as there may be threads, a name waits until one of them ends") {
    lookups on(2, 0ms, 4);
    const auto dead = on.ask_many(4);
    REQUIRE(on.system->has_begun(4));
    const auto good = on.ask("good");
    CHECK(good->begins == 0);
    on.system->end("name2");
    CHECK(good->answered.wait());
    CHECK(good->begins == 1);
    CHECK(on.system->peak() == 4);
}

TEST_CASE("a name that nobody waits for any more leaves the queue") {
    lookups on(1, 1h);
    const auto first = on.ask("a");
    REQUIRE(on.system->has_begun(1));
    const auto gone = on.ask("b");
    const auto stays = on.ask("c");
    const auto also_gone = on.ask("c");
    const auto good = on.ask("good");
    on.names->leave(*gone);
    on.names->leave(*gone);
    on.names->leave(*also_gone);
    on.system->end("a");
    on.system->end("c");
    CHECK(stays->answered.wait());
    CHECK(good->answered.wait());
    CHECK(on.system->begun() == names{"a", "c", "good"});
    CHECK(gone->begins == 0);
    CHECK(gone->answers == 0);
    CHECK(also_gone->answers == 0);
}

TEST_CASE("who leaves a look-up that runs gets no answer, and who asks again joins it") {
    lookups on(1, 1h);
    const auto gone = on.ask("a");
    REQUIRE(on.system->has_begun(1));
    on.names->leave(*gone);
    const auto again = on.ask("a");
    CHECK(again->begins == 1);
    on.system->end("a");
    CHECK(again->answered.wait());
    CHECK(gone->answers == 0);
    CHECK(on.system->begun() == names{"a"});
}

TEST_CASE("who cannot be told for a lack of memory is told later") {
    lookups on(1, 1h);
    const auto who = std::make_shared<listener>();
    who->lacks_memory = 2;
    CHECK_FALSE(on.names->ask("good", who));
    CHECK(who->answered.wait());
    CHECK(who->answers == 1);
}

TEST_CASE("if the system gives no thread, the name does not wait") {
    scoped_lookups system;
    net::lookup_settings settings = system->settings();
    settings.stack_size = std::size_t{1} << 46;
    const auto none = std::make_shared<name_lookups>(std::move(settings));
    const auto who = std::make_shared<listener>();
    for (int i = 0; i < 2; ++i) {
        CHECK(none->ask("a", who) == boost::system::errc::resource_unavailable_try_again);
        CHECK(who->answers == 0);
    }
    none->close();
    CHECK(none.use_count() == 1);
}

TEST_CASE("the end waits for the threads that look nothing up, and for no other") {
    lookups on(1, 1h);
    const auto hangs = on.ask("a");
    REQUIRE(on.system->has_begun(1));
    const auto queued = on.ask("b");  // a thread waits for its turn
    on.names->leave(*queued);
    on.names->close();
    // What is left is the test's share and that of the thread that hangs; a thread gives its own
    // back a moment after it was waited for.
    CHECK(eventually([&] { return on.names.use_count() == 2; }));
    CHECK_FALSE(hangs->answered.happened());
    on.system->end("a");
    CHECK(hangs->answered.wait());
    CHECK(eventually([&] { return on.names.use_count() == 1; }));
}

TEST_SUITE_END();

}  // namespace
