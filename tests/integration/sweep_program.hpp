// What the tests of sweeps share: a run's numbers, to be compared bit by bit.
#pragma once

#include "program.hpp"

namespace labhost::testing {

class SweepProgramTest : public ProgramTest {
protected:
    /// What a run's numbers are: weights, predictions, and metrics and log without the seconds they took.
    static std::string numbers(const std::filesystem::path& run) {
        std::string text =
            read_file(run / "model.pt") + read_file(run / "predictions.json") + read_file(run / "log.txt");
        const std::string metrics = read_file(run / "metrics.jsonl");
        for (std::size_t start = 0; start < metrics.size(); start = metrics.find('\n', start) + 1) {
            nlohmann::json line = nlohmann::json::parse(metrics.substr(start, metrics.find('\n', start) - start));
            line.erase("seconds");
            text += line.dump();
        }
        return text;
    }

    /// Of all finished runs, by the folder's name.
    std::map<std::string, std::string> all_numbers(const std::string& runs, const std::string& experiment = "e") {
        std::map<std::string, std::string> all;
        for (const auto& entry : std::filesystem::directory_iterator(folder_ / runs / experiment))
            if (std::filesystem::exists(entry.path() / "model.pt"))
                all[entry.path().filename()] = numbers(entry.path());
        return all;
    }
};

}  // namespace labhost::testing
