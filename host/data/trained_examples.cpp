#include "data/trained_examples.hpp"

#include <algorithm>
#include <numeric>

#include <fmt/format.h>

#include "data/random_split.hpp"

namespace labhost {

std::vector<std::int64_t> trained_examples(const DataSettings& settings, const Dataset& dataset) {
    const std::int64_t count = settings.train_limit.value_or(dataset.train.count);
    if (settings.validation) return split_off(count, *settings.validation, dataset.train.labels).rest;
    std::vector<std::int64_t> all(static_cast<std::size_t>(count));
    std::iota(all.begin(), all.end(), 0);
    return all;
}

std::string trained_key(const DataSettings& settings, TargetKind kind) {
    const PartSettings validation = settings.validation.value_or(PartSettings{});
    return fmt::format("{}\n{} {} {} {} {}", loading_key(settings, kind), settings.train_limit.value_or(0),
                       validation.count.value_or(0), validation.fraction.value_or(0.0), validation.seed,
                       validation.stratify);
}

void BalancedWeights::fill_in(DataSettings& settings, const Dataset& dataset, std::int64_t classes) {
    if (!settings.class_weights.balanced) return;
    const std::string key = fmt::format("{}\n{}", trained_key(settings, TargetKind::classes), classes);
    auto known = known_.find(key);
    if (known == known_.end()) {
        const std::vector<std::int64_t> examples = trained_examples(settings, dataset);
        std::vector<double> counts(static_cast<std::size_t>(classes));
        for (const std::int64_t example : examples)
            ++counts[static_cast<std::size_t>(dataset.train.labels[static_cast<std::size_t>(example)])];
        if (const auto none = std::ranges::find(counts, 0.0); none != counts.end())
            fail_at(settings.class_weights.where,
                    fmt::format("data.class_weights = \"balanced\", but no example of class {} is trained on; give "
                                "the weights as an array",
                                none - counts.begin()));
        for (double& count : counts)
            count = static_cast<double>(examples.size()) / (static_cast<double>(classes) * count);
        known = known_.emplace(key, std::move(counts)).first;
    }
    settings.class_weights.values = known->second;
}

}  // namespace labhost
