#include "validate/suite.hpp"

#include <algorithm>
#include <exception>
#include <optional>
#include <string_view>

#include <fmt/format.h>

#include "plugin/describe.hpp"
#include "plugin/engine_library.hpp"
#include "support/child.hpp"
#include "support/error.hpp"
#include "support/text.hpp"
#include "train/capture_verdict.hpp"
#include "train/device.hpp"

namespace labhost {

namespace fs = std::filesystem;

namespace {

CheckResult run_in_this_process(const Check& check, const CheckContext& context) {
    try {
        return check.run(context);
    } catch (const std::exception& e) {
        return {Outcome::failed, e.what()};
    } catch (...) {
        return {Outcome::failed, "something that is no std::exception was thrown"};
    }
}

CheckResult run_in_child_process(const Check& check, const CheckContext& context, std::chrono::milliseconds limit) {
    CheckResult result;
    bool answered = false;
    const auto body = [&](const Outbox& outbox) {
        const CheckResult made = run_in_this_process(check, context);
        outbox.send(static_cast<char>('0' + static_cast<int>(made.outcome)) + made.detail);
    };
    const auto on_message = [&](std::string_view message) {
        answered = true;
        result = {static_cast<Outcome>(message.front() - '0'), std::string(message.substr(1))};
    };
    const ChildEnd end = run_in_child(body, {.limit = limit, .on_message = on_message});
    if (end.how == ChildEnd::How::timed_out) return {Outcome::timed_out, end.text()};
    if (end.how != ChildEnd::How::completed || !answered) return {Outcome::crashed, "its process " + end.text()};
    return result;
}

/// What the test of captures found, for sweeps, which would try it themselves.
void remember(const TestReport& test, const std::string& plugin_sha256, Loss loss) {
    const bool is_verdict = test.result.outcome == Outcome::success || test.result.outcome == Outcome::warning;
    if (test.check->name != capture_test || !is_verdict || survey_gpus().gpus.empty()) return;
    remember_capture(captured_steps(plugin_sha256, loss), survey_gpus().gpus.front().name,
                     {.captured = test.result.outcome == Outcome::success, .why = test.result.detail});
}

}  // namespace

std::span<const Check> all_checks() {
    return *engine_library().get<const std::span<const Check>*()>("labhost_checks")();
}

std::string to_text(Outcome outcome) {
    switch (outcome) {
        case Outcome::success: return "Success";
        case Outcome::warning: return "Warning";
        case Outcome::skipped: return "Skipped";
        case Outcome::failed: return "Failed";
        case Outcome::crashed: return "Crashed";
        case Outcome::timed_out: return "Timed out";
    }
    return "";
}

bool is_failure(Outcome outcome) { return outcome >= Outcome::failed; }

std::vector<const Check*> select_checks(const std::vector<std::string>& tests) {
    std::vector<std::string> names;
    for (const Check& check : all_checks()) names.emplace_back(check.name);
    for (const std::string& glob : tests)
        if (std::ranges::none_of(names, [&](const std::string& name) { return glob_matches(glob, name); }))
            throw Error(ExitCode::usage, fmt::format("--test '{}': error: it matches no test{} (there are {})", glob,
                                                     did_you_mean(glob, names), join(names)));
    std::vector<const Check*> selected;
    for (const Check& check : all_checks())
        if (tests.empty() ||
            std::ranges::any_of(tests, [&](const std::string& glob) { return glob_matches(glob, check.name); }))
            selected.push_back(&check);
    return selected;
}

PluginReport validate(const fs::path& file, const SuiteOptions& options,
                      const std::function<void(const TestReport&)>& tell) {
    const Verdict verdict = judge_plugin(PluginFile(file), {.allow_insecure = options.allow_insecure, .fresh = true});
    PluginReport report{.file = file, .sha256 = verdict.sha256, .refusal = verdict.refusal};
    const Plugin* admitted = nullptr;
    if (report.refusal.empty()) admitted = &admit_plugin(file, {.allow_insecure = options.allow_insecure});
    std::optional<Plugin> loaded;  // in the child that tests
    const auto load = [&]() -> const Plugin& {
        if (!loaded) loaded = load_plugin(*admitted);
        return *loaded;
    };
    const bool has_outputs = admitted != nullptr && output_count(*admitted->descriptor) > 0;
    const bool has_loss = admitted != nullptr && brings_loss(*admitted->descriptor);
    Loss loss = options.loss.value_or(has_loss ? Loss::model : Loss::nll);
    if (has_outputs && is_of_classes(loss)) loss = Loss::mse;
    if (admitted != nullptr && loss == Loss::model && !has_loss) {
        report.refusal = "it brings no loss of its own, which --loss model is";
        admitted = nullptr;
    }
    if (admitted != nullptr && !has_outputs && target_kind(loss, !has_outputs) != TargetKind::classes) {
        report.refusal =
            fmt::format("it declares .classes, and --loss {} is of models that declare .outputs", to_text(loss));
        admitted = nullptr;
    }
    const CheckContext context{.file = file,
                               .load = load,
                               .seed = options.seed,
                               .loss = loss,
                               .targets = loss == Loss::model ? options.targets : 0,
                               .mnist = options.mnist};
    for (const Check* check : select_checks(options.tests)) {
        const auto start = std::chrono::steady_clock::now();
        TestReport test{.check = check};
        if (admitted != nullptr) {
            test.result = run_in_child_process(*check, context, options.limit);
            remember(test, report.sha256, loss);
        } else if (check->name == load_test) {
            test.result = {Outcome::failed, report.refusal};
        } else {
            test.result = {Outcome::skipped, "it cannot be loaded"};
        }
        test.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
        if (admitted != nullptr || check->name == load_test) tell(test);  // not the same reason again and again
        report.tests.push_back(std::move(test));
    }
    return report;
}

}  // namespace labhost
