#include "report/page.hpp"

#include <filesystem>

#include <fmt/format.h>

#include "report/claims_table.hpp"
#include "report/table.hpp"
#include "support/error.hpp"
#include "support/files.hpp"
#include "support/hash.hpp"

namespace labhost {

namespace fs = std::filesystem;

namespace {

/// JSON that can stand in a script element: '<' would begin a tag there.
std::string embedded(const Json& json) {
    std::string text;
    for (const char c : json.dump(-1, ' ', false, Json::error_handler_t::replace)) {
        if (c == '<')
            text += "\\u003c";
        else
            text += c;
    }
    return text;
}

std::string html_text(const std::string& text) {
    std::string escaped;
    for (const char c : text) {
        switch (c) {
            case '&': escaped += "&amp;"; break;
            case '<': escaped += "&lt;"; break;
            case '>': escaped += "&gt;"; break;
            case '"': escaped += "&quot;"; break;
            default: escaped += c;
        }
    }
    return escaped;
}

std::string part(const char* name) {
    const fs::path file =
        installed_file(fs::path("share/labhost/report") / name, fs::path("share/labhost/report") / name);
    if (!file_exists(file))
        throw Error(
            ExitCode::run_failed,
            fmt::format("{}: error: no such file, though it belongs to labhost; install labhost again", file.native()));
    return read_file(file);
}

/// A script that the policy lets run.
struct Script {
    std::string text;
    std::string policy() const { return fmt::format("'sha256-{}'", base64(sha256_bytes(text))); }
    std::string element() const { return fmt::format("<script>{}</script>\n", text); }
};

}  // namespace

PageParts read_page_parts() {
    std::string script;
    for (const char* name : {"dom.js", "charts.js", "sections.js", "page.js"}) script += part(name);
    return {.style = part("report.css"), .script = std::move(script), .charts = part("chart.min.js")};
}

std::string report_page(const PageContent& content, const PageParts& parts) {
    const Script charts{parts.charts};
    const Script script{parts.script};
    const std::string policy = fmt::format(
        "default-src 'none'; script-src {} {}; style-src 'sha256-{}'; img-src data:; base-uri 'none'; form-action "
        "'none'",
        charts.policy(), script.policy(), base64(sha256_bytes(parts.style)));
    std::string plain = results_table(content.runs);
    if (!content.verdicts.empty()) plain = verdicts_text(content.verdicts) + "\n" + plain;
    return fmt::format(
               "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
               "<meta http-equiv=\"Content-Security-Policy\" content=\"{}\">\n"
               "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
               "<meta name=\"color-scheme\" content=\"light dark\">\n<link rel=\"icon\" href=\"data:,\">\n"
               "<title>{} - labhost</title>\n<style>",
               policy, html_text(title_of(content))) +
           parts.style +
           "</style>\n</head>\n<body>\n<noscript><p>Charts and sorting need JavaScript. The results as "
           "text:</p>\n<pre>" +
           html_text(plain) +
           "</pre></noscript>\n<main id=\"page\"></main>\n<script id=\"data\" type=\"application/json\">" +
           embedded(page_data(content)) + "</script>\n" + charts.element() + script.element() + "</body>\n</html>\n";
}

}  // namespace labhost
