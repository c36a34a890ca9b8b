#include "doctor/finding.hpp"

#include <algorithm>

#include "support/text.hpp"

namespace labhost {

namespace {

Finding::Status status_from(const std::string& text) {
    if (text == "ok") return Finding::Status::ok;
    return text == "warning" ? Finding::Status::warning : Finding::Status::failure;
}

}  // namespace

std::string text_of(Finding::Status status) {
    switch (status) {
        case Finding::Status::ok: return "ok";
        case Finding::Status::warning: return "warning";
        case Finding::Status::failure: break;
    }
    return "failure";
}

Json to_json(const Finding& finding) {
    Json json{{"name", printable(one_line(finding.name))},
              {"status", text_of(finding.status)},
              {"says", printable(one_line(finding.says))},
              {"remedy", printable(one_line(finding.remedy))}};
    for (const auto& [key, value] : finding.data.items())
        if (!json.contains(key)) json[key] = value;
    return json;
}

Finding finding_from(const Json& json) {
    Finding finding{.name = text_at(json, "name"),
                    .status = status_from(text_at(json, "status")),
                    .says = text_at(json, "says"),
                    .remedy = text_at(json, "remedy"),
                    .data = json};
    for (const char* key : {"name", "status", "says", "remedy"}) finding.data.erase(key);
    return finding;
}

Finding::Status verdict_of(const Findings& findings) {
    Finding::Status worst = Finding::Status::ok;
    for (const Finding& finding : findings) worst = std::max(worst, finding.status);
    return worst;
}

Finding finding_of(const std::string& name, Finding::Status status, const Error& error) {
    const std::string words = error.what();
    const std::size_t end = words.rfind("; ");
    if (end == std::string::npos) return {.name = name, .status = status, .says = words};
    return {.name = name, .status = status, .says = words.substr(0, end), .remedy = words.substr(end + 2)};
}

}  // namespace labhost
