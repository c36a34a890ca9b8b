#include "doctor/ask.hpp"

#include <exception>

#include <fmt/format.h>
#include <unistd.h>
#include <boost/process/search_path.hpp>

#include "support/child.hpp"
#include "support/process.hpp"
#include "support/text.hpp"

namespace labhost {

namespace {

constexpr std::chrono::seconds program_limit{10};
constexpr std::size_t words_kept = 400;  // of a program that fails: enough to know what it is about

std::string first_words(const std::string& text) {
    std::string words = printable(join(split(one_line(text), ' '), " "));
    while (words.ends_with('|') || words.ends_with(' ')) words.pop_back();  // of line breaks at the end
    if (words.size() > words_kept) words = printable(words.substr(0, words_kept)) + " ...";
    return words;
}

bool is_there(const std::string& program) {
    return program.find('/') == std::string::npos ? !boost::process::search_path(program).empty()
                                                  : ::access(program.c_str(), X_OK) == 0;
}

}  // namespace

Findings look_in_child(const Subject& subject, const std::function<void(const Tell&)>& look) {
    Findings findings;
    const auto body = [&](const Outbox& outbox) {
        const Tell tell = [&](const Finding& finding) { outbox.send(to_text(to_json(finding))); };
        try {
            look(tell);
        } catch (const Error& e) {
            tell(finding_of(subject.name, subject.if_it_fails, e));
        } catch (const std::exception& e) {
            tell({.name = subject.name, .status = subject.if_it_fails, .says = e.what(), .remedy = subject.remedy});
        }
    };
    const auto on_message = [&](std::string_view text) { findings.push_back(finding_from(Json::parse(text))); };
    try {
        const ChildEnd end = run_in_child(body, {.limit = subject.limit, .on_message = on_message});
        if (end.how != ChildEnd::How::completed)
            findings.push_back({.name = subject.name,
                                .status = subject.if_it_fails,
                                .says = fmt::format("looked at in a child process, which {}", first_words(end.text())),
                                .remedy = subject.remedy});
    } catch (const StopError&) {
        throw;
    } catch (const Error& e) {  // no child can be made
        findings.push_back(finding_of(subject.name, Finding::Status::failure, e));
    }
    return findings;
}

Answer ask_program(const std::vector<std::string>& command) {
    Answer answer{.found = is_there(command.at(0))};
    if (!answer.found) {
        answer.fault = "it is not there";
        return answer;
    }
    const auto body = [&](const Outbox& outbox) {
        Json json;
        try {
            const ProcessResult result = run_process(command);
            json = {{"code", result.exit_code}, {"out", result.out}, {"err", result.err}};
        } catch (const std::exception& e) {
            json = {{"code", -1}, {"out", ""}, {"err", e.what()}};
        }
        outbox.send(to_text(json));
    };
    Json said;
    try {
        ChildOptions options{.limit = program_limit,
                             .on_message = [&](std::string_view text) { said = Json::parse(text); }};
#if !defined(__SANITIZE_ADDRESS__)                       // which takes address space without end
        options.memory_limit = std::uint64_t{1} << 30U;  // so that one that prints without end ends
#endif
        const ChildEnd end = run_in_child(body, options);
        answer.hung = end.how == ChildEnd::How::timed_out;
        if (said.is_null()) {
            answer.fault = fmt::format(
                "it {}", answer.hung ? fmt::format("was not done after {} s and was killed", program_limit.count())
                                     : end.text());
            return answer;
        }
    } catch (const StopError&) {
        throw;
    } catch (const Error& e) {
        answer.fault = e.what();
        return answer;
    }
    const int code = said.at("code").get<int>();
    answer.out = text_at(said, "out");
    if (code == 0) return answer;
    const std::string words = first_words(text_at(said, "err") + " " + answer.out);
    answer.fault =
        code < 0 ? words : fmt::format("it ended with {}: {}", code, words.empty() ? "it said nothing" : words);
    return answer;
}

}  // namespace labhost
