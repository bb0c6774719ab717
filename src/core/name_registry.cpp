#include "core/name_registry.hpp"

#include <bit>
#include <cstring>
#include <utility>

namespace asyncdl::core {

namespace {

// A download's own files must not be another's target: `x.part` and `x.part.state` count as `x`.
std::string_view without_companions(std::string_view leaf) {
    for (;;) {
        if (leaf.ends_with(".part")) {
            leaf.remove_suffix(5);
        } else if (leaf.ends_with(".part.state")) {
            leaf.remove_suffix(11);
        } else {
            return leaf;
        }
    }
}

// SipHash-1-3.
class sip_hash {
public:
    explicit sip_hash(const hash_key& key)
        : a_(key[0] ^ 0x736f6d6570736575U),
          b_(key[1] ^ 0x646f72616e646f6dU),
          c_(key[0] ^ 0x6c7967656e657261U),
          d_(key[1] ^ 0x7465646279746573U) {}

    std::uint64_t operator()(const file_identity& folder, std::string_view text) {
        mix(folder.device);
        mix(folder.inode);
        std::uint64_t last = static_cast<std::uint64_t>(text.size()) << 56;
        for (; text.size() >= 8; text.remove_prefix(8)) {
            std::uint64_t word = 0;
            std::memcpy(&word, text.data(), 8);
            mix(word);
        }
        for (std::size_t i = 0; i < text.size(); ++i) {
            last |= static_cast<std::uint64_t>(static_cast<unsigned char>(text[i])) << (8 * i);
        }
        mix(last);
        c_ ^= 0xff;
        round();
        round();
        round();
        return a_ ^ b_ ^ c_ ^ d_;
    }

private:
    void mix(std::uint64_t word) {
        d_ ^= word;
        round();
        a_ ^= word;
    }

    void round() {
        a_ += b_;
        b_ = std::rotl(b_, 13) ^ a_;
        a_ = std::rotl(a_, 32);
        c_ += d_;
        d_ = std::rotl(d_, 16) ^ c_;
        a_ += d_;
        d_ = std::rotl(d_, 21) ^ a_;
        c_ += b_;
        b_ = std::rotl(b_, 17) ^ c_;
        c_ = std::rotl(c_, 32);
    }

    std::uint64_t a_, b_, c_, d_;
};

// The slot where the search for a hash begins: its upper half scaled to the table's size, which
// need not be a power of two.
std::size_t first_slot(std::uint64_t hash, std::size_t slots) {
    return static_cast<std::size_t>((hash >> 32) * slots >> 32);
}

}  // namespace

name_key::name_key(const hash_key& key, const file_identity& folder, std::string_view leaf) {
    const std::uint64_t hash = sip_hash(key)(folder, without_companions(leaf));
    hash_ = hash == 0 ? 1 : hash;  // 0 is a free slot
}

bool name_registry::claim(name_key name) {
    return table_of(name.hash_).insert(name.hash_);
}

void name_registry::release(name_key name) {
    table_of(name.hash_).erase(name.hash_);
}

std::size_t name_registry::size() const {
    std::size_t count = 0;
    for (const table& each : tables_) {
        count += each.used;
    }
    return count;
}

std::size_t name_registry::memory() const {
    std::size_t slots = 0;
    for (const table& each : tables_) {
        slots += each.slots.size();
    }
    return slots * sizeof(std::uint64_t);
}

// Open addressing with linear probing.
bool name_registry::table::insert(std::uint64_t hash) {
    // At most 7 of 8 slots are used, at least 7 of 12 after growth: 9 to 14 bytes a claim.
    if (used + used / 7 >= slots.size()) {
        grow();
    }
    std::size_t slot = first_slot(hash, slots.size());
    while (slots[slot] != 0) {
        if (slots[slot] == hash) {
            return false;
        }
        slot = after(slot);
    }
    slots[slot] = hash;
    ++used;
    return true;
}

void name_registry::table::erase(std::uint64_t hash) {
    if (slots.empty()) {
        return;
    }
    std::size_t slot = first_slot(hash, slots.size());
    while (slots[slot] != 0 && slots[slot] != hash) {
        slot = after(slot);
    }
    if (slots[slot] == 0) {
        return;
    }
    slots[slot] = 0;
    --used;
    // What stands behind it may have been pushed there: put it in again.
    for (slot = after(slot); slots[slot] != 0; slot = after(slot)) {
        const std::uint64_t moved = std::exchange(slots[slot], 0);
        --used;
        insert(moved);
    }
}

void name_registry::table::grow() {
    table larger;
    larger.slots.resize(slots.empty() ? 8 : slots.size() + slots.size() / 2);
    for (const std::uint64_t hash : slots) {
        if (hash != 0) {
            larger.insert(hash);
        }
    }
    *this = std::move(larger);
}

}  // namespace asyncdl::core
