// The stamp of a plugin or of this host: what it was built with, read from a symbol's name.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace labhost {

/// The fields of LABHOST_ABI_STAMP: sdk, torch, build, cxx11, stdlib, sanitizer, compiler.
class Stamp {
public:
    /// `symbol`: the whole symbol name. Unknown fields are kept, missing ones read as "".
    explicit Stamp(std::string_view symbol);

    std::string field(const std::string& key) const;
    int sdk_major() const;  ///< -1 if it says none
    int sdk_minor() const;
    /// The whole symbol.
    const std::string& text() const { return text_; }
    /// "SDK 1.0, LibTorch 1.13.0+cpu, gcc12"
    std::string summary() const;

private:
    std::string text_;
    std::map<std::string, std::string> fields_;
};

/// What this host was built with.
const Stamp& host_stamp();

/// Why a plugin with this stamp cannot be loaded here; each reason names both sides. Empty: it can.
/// The rule for the SDK: equal majors, and a minor that this host has reached.
std::vector<std::string> mismatches(const Stamp& plugin, const Stamp& host);

}  // namespace labhost
