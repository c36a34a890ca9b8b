#include <algorithm>

#include <fmt/format.h>

#include "data/raw_data.hpp"
#include "support/error.hpp"
#include "support/text.hpp"

namespace labhost {

namespace {

/// The names of a split's inputs and targets, by those who save such files.
struct Names {
    const char* inputs;
    const char* targets;
};
constexpr std::array<Names, 5> of_train{
    {{"train_images", "train_labels"}, {"x_train", "y_train"}, {"X_train", "y_train"}, {"data", "target"}, {"X", "y"}}};
constexpr std::array<Names, 3> of_validation{{{"val_images", "val_labels"}, {"x_val", "y_val"}, {"X_val", "y_val"}}};
constexpr std::array<Names, 3> of_test{{{"test_images", "test_labels"}, {"x_test", "y_test"}, {"X_test", "y_test"}}};

bool has(const NamedArrays& arrays, const char* name) {
    return std::ranges::find(arrays.names, name) != arrays.names.end();
}

/// The first pair of which there is one; an array without its other half is a mistake.
std::optional<RawSplit> read_split(const NamedArrays& arrays, std::span<const Names> candidates,
                                   std::vector<std::string>& used) {
    for (const Names& names : candidates) {
        if (!has(arrays, names.inputs)) continue;
        if (!has(arrays, names.targets))
            throw Error(ExitCode::usage,
                        fmt::format("{}: error: has {}, but no {} beside it (there are {})", arrays.where, names.inputs,
                                    names.targets, printable(join(arrays.names))));
        const auto placed = [&](const char* name) {
            used.emplace_back(name);
            return PlacedArray{arrays.read(name), arrays.place(name)};
        };
        RawSplit split{.inputs = placed(names.inputs)};
        split.targets = placed(names.targets);
        return split;
    }
    for (const Names& names : candidates)
        if (has(arrays, names.targets))
            throw Error(ExitCode::usage,
                        fmt::format("{}: error: has {}, but no {} beside it (there are {})", arrays.where,
                                    names.targets, names.inputs, printable(join(arrays.names))));
    return std::nullopt;
}

}  // namespace

RawData read_named_arrays(const NamedArrays& arrays) {
    std::vector<std::string> used;
    auto train = read_split(arrays, of_train, used);
    if (!train)
        throw Error(ExitCode::usage,
                    fmt::format("{}: error: has no arrays to train on: train_images and train_labels, x_train and "
                                "y_train, or data and target (there are {})",
                                arrays.where, arrays.names.empty() ? "none" : printable(join(arrays.names))));
    RawData data{.train = *std::move(train)};
    data.validation = read_split(arrays, of_validation, used);
    data.test = read_split(arrays, of_test, used);
    data.sha256.push_back(arrays.sha256(used));
    return data;
}

}  // namespace labhost
