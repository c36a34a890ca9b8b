// What the doctor found out about one thing: in words, and as data.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "support/error.hpp"
#include "support/json.hpp"

namespace labhost {

struct Finding {
    enum class Status : std::uint8_t {
        ok,
        warning,  ///< labhost works, but slower, with less, or not on all
        failure,  ///< labhost cannot work with this
    };
    std::string name{};  ///< "LibTorch", "GPU 0", "plugin net"
    Status status = Status::ok;
    std::string says{};          ///< one line; ends without a full stop
    std::string remedy{};        ///< what to do; "" if there is nothing to do
    Json data = Json::object();  ///< of its own keys
};
using Findings = std::vector<Finding>;

/// "ok", "warning", "failure"
std::string text_of(Finding::Status status);

/// {"name", "status", "says", "remedy"}, and the data's keys. What comes from files and programs is made printable.
Json to_json(const Finding& finding);
Finding finding_from(const Json& json);

/// The worst of them; ok if there are none.
Finding::Status verdict_of(const Findings& findings);

/// An error says where, what, and behind its last semicolon what to do. So does this.
Finding finding_of(const std::string& name, Finding::Status status, const Error& error);

}  // namespace labhost
