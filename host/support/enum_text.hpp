// Enumerations with a text for each value: one table, read in both directions.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace labhost {

template <class Enum>
struct EnumText {
    Enum value;
    std::string_view text;
};

/// To be specialised beside each such enumeration: its values in the order in which errors and documents name them.
template <class Enum>
inline constexpr std::array<EnumText<Enum>, 0> texts_of{};

template <class Enum>
concept HasTexts = std::is_enum_v<Enum> && !texts_of<Enum>.empty();

template <HasTexts Enum>
constexpr std::string_view to_text(Enum value) {
    for (const auto& known : texts_of<Enum>)
        if (known.value == value) return known.text;
    return "";
}

/// Nothing for what is no value's text.
template <HasTexts Enum>
constexpr std::optional<Enum> from_text(std::string_view text) {
    for (const auto& known : texts_of<Enum>)
        if (known.text == text) return known.value;
    return std::nullopt;
}

template <HasTexts Enum>
std::vector<std::string> all_texts() {
    std::vector<std::string> texts;
    for (const auto& known : texts_of<Enum>) texts.emplace_back(known.text);
    return texts;
}

}  // namespace labhost
