// JSON as labhost writes it.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

namespace labhost {

/// Keys in the order they are written. Doubles print so that they read back to the same bits; one that is not finite
/// prints as null, for JSON has no word for it.
using Json = nlohmann::ordered_json;

/// Indented, with a line break at its end. What is not UTF-8, as a plugin's words may be, is replaced.
inline std::string to_text(const Json& json) { return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n"; }

/// The text, or the object, that is there under `key`; an empty one if there is none, or something else.
inline std::string text_at(const Json& object, const char* key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}
inline Json object_in(const Json& object, const char* key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_object() ? *found : Json::object();
}

}  // namespace labhost
