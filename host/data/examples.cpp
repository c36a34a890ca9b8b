#include "data/examples.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

namespace labhost {

namespace {

bool may_be_channels(std::int64_t size) { return size == 1 || size == 3 || size == 4; }

/// Of [n, a, b, c]: which of the axes the channels are.
Layout layout_of(const PlacedArray& inputs, const std::optional<Layout>& written) {
    const auto& sizes = inputs.array.sizes;
    const bool second = may_be_channels(sizes[1]);
    const bool last = may_be_channels(sizes[3]);
    if (written && second != last && *written != (second ? Layout::nchw : Layout::nhwc))
        refuse_data(inputs.where,
                    fmt::format("data.layout = \"{}\", but of its shape, {}, only the {} axis can be the channels; "
                                "leave data.layout out",
                                to_text(*written), inputs.array.shape(), second ? "second" : "last"));
    if (written) return *written;
    if (second == last)
        refuse_data(
            inputs.where,
            fmt::format("its shape, {}, does not tell which axis the channels are; write data.layout = \"nchw\" (the "
                        "second) or \"nhwc\" (the last)",
                        inputs.array.shape()));
    return second ? Layout::nchw : Layout::nhwc;
}

std::vector<std::int64_t> read_labels(const PlacedArray& targets) {
    constexpr std::int64_t most = 1'000'000;
    std::int64_t bad = -1;
    std::vector<std::int64_t> labels = to_integers(targets.array, bad);
    if (bad >= 0)
        refuse_data(targets.where,
                    fmt::format("the label of example {} is {}, no whole number; a class is a number from 0", bad,
                                to_doubles(targets.array)[static_cast<std::size_t>(bad)]));
    const auto wrong = std::ranges::find_if(labels, [&](std::int64_t label) { return label < 0 || label >= most; });
    if (wrong != labels.end())
        refuse_data(targets.where, fmt::format("the label of example {} is {}; a class is a number from 0, below {}",
                                               wrong - labels.begin(), *wrong, most));
    return labels;
}

/// float32 [count, outputs]; [count] is one output.
void read_targets(const PlacedArray& targets, TargetKind kind, Split& split) {
    split.targets = to_floats(targets.array);
    split.outputs = targets.array.sizes.size() == 2 ? targets.array.sizes[1] : 1;
    const auto wrong = std::ranges::find_if(split.targets, [&](float value) {
        return kind == TargetKind::labels ? value != 0.0F && value != 1.0F : !std::isfinite(value);
    });
    if (wrong == split.targets.end()) return;
    const auto at = wrong - split.targets.begin();
    refuse_data(targets.where,
                fmt::format("target {} of example {} is {}; {}", at % split.outputs, at / split.outputs, *wrong,
                            kind == TargetKind::labels ? "with loss = \"bce_with_logits\" each is 0 or 1"
                                                       : "leave such examples out, or fill in what is missing"));
}

void check_shapes(const RawSplit& raw, TargetKind kind) {
    constexpr std::size_t most_sizes = 4;  // of an example
    const auto& inputs = raw.inputs.array.sizes;
    const auto& targets = raw.targets.array.sizes;
    for (const PlacedArray* array : {&raw.inputs, &raw.targets})
        if (array->array.sizes.empty())
            refuse_data(array->where, "is a single number; examples are along its first axis");
    if (inputs.size() > most_sizes + 1)
        refuse_data(raw.inputs.where, fmt::format("its shape, {}, has more than {} axes beside that of the examples",
                                                  raw.inputs.array.shape(), most_sizes));
    if (raw.inputs.array.elements() == 0) refuse_data(raw.inputs.where, "holds no examples");
    if (kind != TargetKind::classes && (targets.size() > 2 || raw.targets.array.elements() == 0))
        refuse_data(raw.targets.where, fmt::format("its shape is {}; targets are [N, outputs], or [N] of one output",
                                                   raw.targets.array.shape()));
    if (kind == TargetKind::classes && (targets.size() > 2 || (targets.size() == 2 && targets[1] != 1)))
        refuse_data(raw.targets.where, fmt::format("its shape is {}; labels are one for each example ({})",
                                                   raw.targets.array.shape(), inputs[0]));
    if (inputs[0] != targets[0])
        refuse_data(raw.targets.where,
                    fmt::format("holds {} labels, but {} holds {} examples", targets[0], raw.inputs.where, inputs[0]));
}

}  // namespace

std::int64_t Split::elements() const { return product(sizes); }

std::int64_t channels_of(const std::vector<std::int64_t>& sizes) { return sizes.size() == 2 ? 1 : sizes.front(); }

Split make_split(RawSplit raw, const std::optional<Layout>& layout, TargetKind kind) {
    check_shapes(raw, kind);
    Array& inputs = raw.inputs.array;
    if (layout && inputs.sizes.size() != 4)
        refuse_data(
            raw.inputs.where,
            fmt::format("its shape is {}; data.layout is of arrays with four axes: leave it out", inputs.shape()));
    if (inputs.sizes.size() == 4 && layout_of(raw.inputs, layout) == Layout::nhwc) channels_first(inputs);
    if (inputs.sizes.size() == 1) inputs.sizes.push_back(1);  // vectors of one column
    Split split{.count = inputs.sizes[0], .sizes = {inputs.sizes.begin() + 1, inputs.sizes.end()}};
    if (inputs.type == ElementType::uint8) {
        split.bytes = std::move(inputs.bytes);
    } else {
        split.reals = to_floats(inputs);
        const auto wrong = std::ranges::find_if(split.reals, [](float value) { return !std::isfinite(value); });
        if (wrong != split.reals.end())
            refuse_data(raw.inputs.where,
                        fmt::format("example {} holds {}, at its value {}; leave such examples out, or fill in "
                                    "what is missing",
                                    (wrong - split.reals.begin()) / split.elements(), *wrong,
                                    (wrong - split.reals.begin()) % split.elements()));
    }
    if (kind != TargetKind::classes) {
        read_targets(raw.targets, kind, split);
        return split;
    }
    split.labels = read_labels(raw.targets);
    split.largest_label = *std::ranges::max_element(split.labels);
    split.targets_where = raw.targets.where;
    return split;
}

Split taken_from(const Split& split, std::span<const std::int64_t> examples) {
    Split taken{.count = static_cast<std::int64_t>(examples.size()),
                .sizes = split.sizes,
                .bytes = split.bytes,
                .reals = split.reals};
    taken.outputs = split.outputs;
    taken.targets_where = split.targets_where;
    for (const std::int64_t example : examples) taken.places.push_back(split.place_of(example));
    const auto take = [&](const auto& from, auto& into, std::int64_t width) {
        if (from.empty()) return;
        into.reserve(examples.size() * static_cast<std::size_t>(width));
        for (const std::int64_t example : examples)
            into.insert(into.end(), from.begin() + example * width, from.begin() + (example + 1) * width);
    };
    take(split.labels, taken.labels, 1);
    take(split.targets, taken.targets, split.outputs);
    if (!taken.labels.empty()) taken.largest_label = *std::ranges::max_element(taken.labels);
    return taken;
}

}  // namespace labhost
