#include "plugin/loaded_torch.hpp"

#include <string_view>

#include <fmt/format.h>

#include "support/text.hpp"

namespace labhost {

namespace {

/// "1.13.0a0+git123" is "1.13.0": headers and library of one LibTorch write the rest in different ways.
std::string_view numbers_of(std::string_view version) {
    return version.substr(0, version.find_first_not_of("0123456789."));
}

/// The major number of "cu130" is "13", as is that of "13.0"; "" if the build names none ("cpu", "cuda").
std::string major_of_build(const std::string& build) {
    const bool names_one = build.size() > 3 && build.starts_with("cu") && is_digit(build[2]);
    return names_one ? build.substr(2, build.size() - 3) : "";
}

std::string major_of_cuda(const std::string& version) { return version.substr(0, version.find('.')); }

}  // namespace

std::string why_other_torch(const LoadedTorch& loaded, const Stamp& built_with) {
    if (loaded.version.empty()) return "";
    const std::string build = built_with.field("build");
    const std::string torch = built_with.field("torch");
    const std::string major = major_of_build(build);
    const bool same = numbers_of(loaded.version) == numbers_of(torch) &&
                      loaded.cuda.empty() == !build.starts_with("cu") &&
                      (loaded.cuda.empty() || major.empty() || major_of_cuda(loaded.cuda) == major);
    if (same) return "";
    return fmt::format(
        "{}: error: this is LibTorch {} for {}, and labhost was built with {}+{}; it was found first: take its folder "
        "out of "
        "LD_LIBRARY_PATH, install LibTorch {}+{} where it was, or build labhost again with this one",
        loaded.file, loaded.version, loaded.cuda.empty() ? "CPUs alone" : "CUDA " + loaded.cuda, torch, build, torch,
        build);
}

}  // namespace labhost
