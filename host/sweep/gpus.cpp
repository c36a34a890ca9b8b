#include "sweep/gpus.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace labhost {

int runs_that_fit(std::uint64_t free, std::uint64_t total, std::uint64_t used_by_process_before,
                  std::uint64_t used_by_run, int cap) {
    // Of the whole: what allocators lose in pieces, and what other programs take meanwhile.
    constexpr std::uint64_t share_left = 16;
    const std::uint64_t left = total / share_left;
    const std::uint64_t room = free + used_by_process_before;
    if (used_by_run == 0) return std::max(1, cap);
    const std::uint64_t fit = room > left ? (room - left) / used_by_run : 0;
    return static_cast<int>(std::clamp<std::uint64_t>(fit, 1, static_cast<std::uint64_t>(std::max(1, cap))));
}

int runs_that_fit(const MeasuredMemory& measured, int cap) {
    constexpr std::uint64_t unseen = 2;
    const std::uint64_t used = measured.before.free > measured.now.free ? measured.before.free - measured.now.free : 0;
    const std::uint64_t of_a_run =
        used / std::max<std::uint64_t>(1, measured.runs) * (measured.all_tested ? 1 : unseen);
    return runs_that_fit(measured.now.free, measured.now.total, used, of_a_run, cap);
}

int half_of(int runs) { return std::max(1, runs / 2); }

int share_of_a_gpu(int runs, int gpus) {
    const int some = std::max(1, gpus);
    return (runs + some - 1) / some;
}

bool Gpus::bench(int index, const std::string& why) {
    Known& gpu = gpus_.at(static_cast<std::size_t>(index));
    if (!gpu.benched.empty()) return false;
    gpu.benched = why.empty() ? "unknown" : why;
    return true;
}

bool Gpus::all_are_benched() const {
    return !gpus_.empty() && std::ranges::none_of(gpus_, [](const Known& gpu) { return gpu.benched.empty(); });
}

std::string Gpus::why_benched() const {
    std::string words;
    for (std::size_t index = 0; index < gpus_.size(); ++index)
        if (!gpus_[index].benched.empty())
            words += fmt::format("{}cuda:{}: {}", words.empty() ? "" : "; ", index, gpus_[index].benched);
    return words;
}

void Gpus::ran_out_of_memory(int index, int runs) {
    Known& gpu = gpus_.at(static_cast<std::size_t>(index));
    gpu.most_runs = std::min(gpu.most_runs.value_or(half_of(runs)), half_of(runs));
}

int Gpus::most_runs(int index, int otherwise) const {
    return std::min(otherwise, gpus_.at(static_cast<std::size_t>(index)).most_runs.value_or(otherwise));
}

void Gpus::note_left(const Device& device, std::chrono::steady_clock::time_point now) {
    if (device.cuda) gpus_.at(static_cast<std::size_t>(device.index)).left = now;
}

bool Gpus::was_left_lately(int index, std::chrono::steady_clock::time_point now) const {
    constexpr std::chrono::seconds moment{5};
    const auto& left = gpus_.at(static_cast<std::size_t>(index)).left;
    return left && now - *left < moment;
}

std::vector<int> Gpus::to_try(const std::vector<int>& runs, const std::optional<int>& named) const {
    std::vector<int> found;
    for (int index = 0; index < static_cast<int>(gpus_.size()); ++index)
        if (!is_benched(index) && named.value_or(index) == index) found.push_back(index);
    std::ranges::stable_sort(found, {}, [&](int index) { return runs.at(static_cast<std::size_t>(index)); });
    return found;
}

}  // namespace labhost
