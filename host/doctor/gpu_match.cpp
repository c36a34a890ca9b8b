#include "doctor/gpu_match.hpp"

#include <algorithm>

#include "support/text.hpp"

namespace labhost {

std::vector<std::optional<std::size_t>> match_gpus(const std::vector<Gpu>& usable, const std::vector<ListedGpu>& listed,
                                                   const std::optional<std::string>& visible) {
    std::vector<std::optional<std::size_t>> places(usable.size());
    const bool alike =
        std::ranges::all_of(listed, [&](const ListedGpu& gpu) { return gpu.name == listed.front().name; });
    const auto wanted = visible ? split(*visible, ',') : std::vector<std::string>();
    for (std::size_t i = 0; i < usable.size(); ++i) {
        std::optional<std::size_t> place;
        if (i < wanted.size() && wanted[i].starts_with("GPU-")) {  // the start of a UUID will do
            for (std::size_t k = 0; k < listed.size(); ++k)
                if (listed[k].uuid.starts_with(wanted[i])) place = k;
        } else if (const auto number = i < wanted.size() && alike ? parse_count(wanted[i]) : std::nullopt) {
            place = *number;  // those that are alike have one order
        } else if (!visible && (alike || listed.size() == 1)) {
            place = i;
        }
        if (place && *place < listed.size() && (usable[i].name.empty() || usable[i].name == listed[*place].name))
            places[i] = place;
    }
    return places;
}

}  // namespace labhost
