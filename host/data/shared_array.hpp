// Numbers that are held once, wherever they lie: in memory, or in a file that is mapped.
#pragma once

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace labhost {

/// Copies share what it holds, which nobody changes.
template <class Value>
class SharedArray {
public:
    SharedArray() = default;
    SharedArray(std::initializer_list<Value> values) : SharedArray(std::vector<Value>(values)) {}
    SharedArray(std::vector<Value> values) {
        const auto held = std::make_shared<const std::vector<Value>>(std::move(values));
        values_ = *held;
        holder_ = held;
    }
    /// `holder` keeps the values where they are.
    SharedArray(std::shared_ptr<const void> holder, std::span<const Value> values)
        : holder_(std::move(holder)), values_(values) {}

    const Value* data() const { return values_.data(); }
    std::size_t size() const { return values_.size(); }
    bool empty() const { return values_.empty(); }
    auto begin() const { return values_.begin(); }
    auto end() const { return values_.end(); }
    const Value& operator[](std::size_t at) const { return values_[at]; }

    /// What keeps the values, to share a part of them.
    const std::shared_ptr<const void>& holder() const { return holder_; }

    friend bool operator==(const SharedArray& one, const SharedArray& other) { return std::ranges::equal(one, other); }

private:
    std::shared_ptr<const void> holder_{};
    std::span<const Value> values_{};
};

}  // namespace labhost
