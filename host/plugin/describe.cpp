#include "plugin/describe.hpp"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "plugin/params.hpp"
#include "support/text.hpp"

namespace labhost {

namespace {

std::string type_text(std::int32_t type) {
    switch (type) {
        case LABHOST_REAL: return "real";
        case LABHOST_INTEGER: return "integer";
        case LABHOST_BOOLEAN: return "boolean";
        case LABHOST_CHOICE: return "choice";
        default: return fmt::format("unknown type {}", type);
    }
}

std::string text_or_empty(const char* text) { return text == nullptr ? "" : text; }

Json describe_param(const labhost_param& param) {
    Json json{{"name", text_or_empty(param.name)}, {"type", type_text(param.type)}};
    const bool readable = param.type == LABHOST_CHOICE ? param.choices != nullptr && param.initial.text != nullptr
                                                       : param.type >= LABHOST_REAL && param.type < LABHOST_CHOICE;
    if (!readable) return json;
    std::visit([&](const auto& value) { json["default"] = value; }, default_value(param));
    if (param.type == LABHOST_REAL) json.update({{"minimum", param.minimum.real}, {"maximum", param.maximum.real}});
    if (param.type == LABHOST_INTEGER)
        json.update({{"minimum", param.minimum.integer}, {"maximum", param.maximum.integer}});
    if (param.type == LABHOST_CHOICE) json["choices"] = split(param.choices, '|');
    json["allowed"] = allowed_values(param);
    json["doc"] = text_or_empty(param.doc);
    return json;
}

constexpr std::size_t size_with_input_4 = offsetof(labhost_descriptor, input_4) + sizeof(labhost_descriptor::input_4);
constexpr std::size_t size_with_outputs = offsetof(labhost_descriptor, outputs) + sizeof(labhost_descriptor::outputs);

constexpr std::size_t size_with_loss = offsetof(labhost_descriptor, loss) + sizeof(labhost_descriptor::loss);

/// As they are written, with the zeros at their end.
std::vector<std::int64_t> all_sizes(const labhost_descriptor& d) {
    std::vector<std::int64_t> sizes(std::begin(d.input), std::end(d.input));
    if (d.struct_size >= size_with_input_4 && d.input_4 != 0) sizes.push_back(d.input_4);
    return sizes;
}

}  // namespace

std::vector<std::int64_t> input_sizes(const labhost_descriptor& d) {
    auto sizes = all_sizes(d);
    while (!sizes.empty() && sizes.back() == 0) sizes.pop_back();
    return sizes;
}

std::int64_t output_count(const labhost_descriptor& d) { return d.struct_size >= size_with_outputs ? d.outputs : 0; }

bool brings_loss(const labhost_descriptor& d) { return d.struct_size >= size_with_loss && d.loss != nullptr; }

Json describe(const labhost_descriptor& d) {
    Json params = Json::array();
    for (std::uint32_t i = 0; d.params != nullptr && i < d.param_count; ++i)
        params.push_back(describe_param(d.params[i]));
    const bool has_classes = output_count(d) == 0;
    Json json{{"id", text_or_empty(d.id)},
              {"version", text_or_empty(d.version)},
              {"summary", text_or_empty(d.summary)},
              {"input", input_sizes(d)},
              {has_classes ? "classes" : "outputs", has_classes ? d.classes : output_count(d)},
              {"params", params}};
    if (brings_loss(d)) json["loss"] = true;
    return json;
}

std::string value_text(const Json& value) { return value.is_string() ? value.get<std::string>() : value.dump(); }

std::string params_text(const Json& description) {
    std::vector<std::string> texts;
    for (const Json& param : description.at("params")) {
        texts.push_back(
            fmt::format("{} = {}", param.at("name").get<std::string>(), value_text(param.value("default", Json("?")))));
    }
    return texts.empty() ? "-" : join(texts);
}

std::vector<std::string> descriptor_faults(const labhost_descriptor& d) {
    // SDK 1.0 ends with `forward`; later minors append.
    constexpr std::size_t size_1_0 = offsetof(labhost_descriptor, forward) + sizeof(labhost_descriptor::forward);
    if (d.struct_size < size_1_0)
        return {fmt::format("its descriptor has {} bytes, this host reads {}", d.struct_size, size_1_0)};
    if (d.id == nullptr || d.version == nullptr || d.summary == nullptr) return {"its id, version or summary is null"};
    std::vector<std::string> faults;
    if (!is_one_line(d.version) || !is_one_line(d.summary))
        faults.emplace_back("its version or summary has more than one line");
    if (!is_file_name(d.id))
        faults.push_back(
            fmt::format("its id '{}' must be made of at most 100 letters, digits, '_', '-' and '.'", d.id));
    if (d.create == nullptr) faults.emplace_back("its create function is null");
    if (d.forward == nullptr) faults.emplace_back("its forward function is null");
    const auto sizes = input_sizes(d);
    const bool is_1_0 = d.struct_size < size_with_input_4;
    if (sizes.empty() || (is_1_0 && sizes.size() < 3) ||
        std::ranges::any_of(sizes, [](auto size) { return size <= 0; }))
        faults.push_back(fmt::format("its input shape {} is not positive", fmt::join(all_sizes(d), "x")));
    if (output_count(d) < 0 || (output_count(d) > 0 && d.classes != 0))
        faults.push_back(fmt::format("it declares {} classes and {} outputs", d.classes, output_count(d)));
    else if (d.classes <= 0 && output_count(d) == 0)
        faults.push_back(fmt::format("it declares {} classes", d.classes));
    if (d.param_count > 0 && d.params == nullptr) return {"its parameters are null"};
    std::set<std::string> names;
    for (std::uint32_t i = 0; i < d.param_count; ++i) {
        const std::string fault = declaration_fault(d.params[i]);
        if (!fault.empty()) faults.push_back(fmt::format("its parameter {} {}", i, fault));
        if (fault.empty() && !names.insert(d.params[i].name).second)
            faults.push_back(fmt::format("it declares the parameter '{}' twice", d.params[i].name));
    }
    return faults;
}

}  // namespace labhost
