#pragma once
// Counts its owner for as long as it lives. A coroutine that is destroyed instead of resumed takes
// it along, so that the count is right in either case. As thread-safe as the counter.

namespace asyncdl::core {

/// `Counter` outlives this: `std::size_t`, or an atomic where several threads count.
template <typename Counter>
class scoped_count {
public:
    explicit scoped_count(Counter& counter) noexcept : counter_(counter) { ++counter_; }
    ~scoped_count() { --counter_; }
    scoped_count(const scoped_count&) = delete;
    scoped_count& operator=(const scoped_count&) = delete;

private:
    Counter& counter_;
};

}  // namespace asyncdl::core
