// Any text as a result.json, and as a line of metrics.jsonl: a result, none, or an Error.
#include "input_file.hpp"
#include "record/run_folder.hpp"
#include "support/error.hpp"

namespace {

void read_metrics(std::string_view text) {
    using namespace labhost;
    try {
        log_lines(metrics_from_json(Json::parse(text)));
    } catch (const nlohmann::json::exception&) {  // callers catch it
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace labhost;
    const auto text = testing::text_of(data, size);
    const auto file = testing::input_file(text, "result.json");
    read_result(file.parent_path());
    read_metrics(text);
    return 0;
}
