#include "doctor/torch.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <system_error>
#include <vector>

#include <fmt/format.h>
#include <link.h>

#include "doctor/ask.hpp"
#include "plugin/stamp.hpp"
#include "support/machine.hpp"
#include "support/text.hpp"
#include "train/engine.hpp"
#include "train/torch_info.hpp"

namespace labhost {

namespace fs = std::filesystem;

namespace {

constexpr std::chrono::seconds load_limit{60};  // from a network file system it takes its time

/// The path of the libtorch_cpu that is loaded here, all links followed.
fs::path loaded_torch() {
    fs::path found;
    dl_iterate_phdr(
        [](dl_phdr_info* info, std::size_t, void* target) {
            const fs::path path = info->dlpi_name;
            if (path.filename().native().starts_with("libtorch_cpu.so")) *static_cast<fs::path*>(target) = path;
            return 0;
        },
        &found);
    std::error_code error;
    const fs::path real = fs::canonical(found, error);
    return error ? found : real;
}

std::string torch_text(const std::string& version, const std::string& build) {
    return fmt::format("{}+{}", version, build);
}

void tell_of_torch(const Tell& tell) {
    const TorchInfo info = engine().torch_info();  // not as the cache remembers it: it is to be loaded
    const fs::path library = loaded_torch();
    tell({.name = "LibTorch",
          .says = fmt::format("{}, {}", torch_text(info.version, info.build), library.native()),
          .data = {{"version", info.version}, {"build", info.build}, {"library", library.native()}, {"python", ""}}});
    tell(judge_blas(info.blas, instruction_set()));
}

/// The torch that this interpreter would import: its package's folder. Or why there is none.
struct ImportedTorch {
    fs::path folder{};
    std::string fault{};
};

ImportedTorch torch_of(const fs::path& python) {
    // Not what lies in the folder that we happen to be in; and no __pycache__ is to be left.
    const Answer answer = ask_program({python.native(), "-B", "-c",
                                       "import sys; sys.path[:] = [p for p in sys.path if p]\n"
                                       "import importlib.util as u; s = u.find_spec('torch')\n"
                                       "print(s.origin if s and s.origin else '')"});
    if (!answer.found) return {.fault = fmt::format("{} is not there", python.native())};
    if (!answer.fault.empty()) return {.fault = fmt::format("{}: {}", python.native(), answer.fault)};
    const auto lines = split(answer.out, '\n');
    if (lines.empty()) return {.fault = fmt::format("{} has no torch", python.native())};
    return {.folder = fs::path(lines.back()).parent_path()};
}

/// Finds the interpreter whose torch is this LibTorch, and adds it to the finding's words.
void add_python(Finding& torch) {
    const fs::path library = text_at(torch.data, "library");
    const fs::path beside = library.empty() ? fs::path() : interpreter_of(library.parent_path());
    if (beside.empty()) {
        torch.says += "; of no Python";
        return;
    }
    std::string why_none;
    for (const fs::path& python : {beside, beside.filename()}) {  // packages in ~/.local are the interpreter's in PATH
        const ImportedTorch imported = torch_of(python);
        std::error_code error;
        if (imported.fault.empty() && fs::equivalent(imported.folder / "lib" / "libtorch_cpu.so", library, error)) {
            torch.says += fmt::format("; Python: {}", python.native());
            torch.data["python"] = python.native();
            return;
        }
        if (why_none.empty())
            why_none = imported.fault.empty()
                           ? fmt::format("{} has another torch, {}", python.native(), imported.folder.native())
                           : imported.fault;
    }
    torch.says += fmt::format("; Python: none ({})", why_none);
}

}  // namespace

Findings look_at_torch() {
    Findings findings = look_in_child({.name = "LibTorch",
                                       .limit = load_limit,
                                       .remedy = "look at what is loaded with it (LD_PRELOAD, LD_LIBRARY_PATH; the "
                                                 "limits below), or install LibTorch again"},
                                      tell_of_torch);
    for (Finding& finding : findings)
        if (finding.name == "LibTorch" && finding.data.contains("library")) add_python(finding);
    if (findings.empty() || findings.front().name != "LibTorch")
        findings.insert(findings.begin(), {.name = "LibTorch",
                                           .status = Finding::Status::failure,
                                           .says = "cannot be asked",
                                           .remedy = "build labhost again"});
    if (findings.front().data.empty())  // it has not been loaded
        findings.front().data["built_with"] = torch_text(host_stamp().field("torch"), host_stamp().field("build"));
    return findings;
}

fs::path interpreter_of(const fs::path& library_folder) {
    for (fs::path folder = library_folder; folder.has_relative_path(); folder = folder.parent_path()) {
        const std::string name = folder.filename().native();
        if (name != "site-packages" && name != "dist-packages") continue;
        const fs::path version = folder.parent_path();  // PREFIX/lib/python3.11, or Debian's /usr/lib/python3
        if (!version.filename().native().starts_with("python")) return {};
        return version.parent_path().parent_path() / "bin" / version.filename();
    }
    const std::string text = library_folder.native();  // a package of the distribution's: /usr/lib/x86_64-linux-gnu
    return text == "/usr/lib" || text.starts_with("/usr/lib/") || text == "/usr/lib64" ? "/usr/bin/python3"
                                                                                       : fs::path();
}

BlasName parse_blas(const std::string& blas) {
    if (!blas.starts_with("OpenBLAS")) return {.name = blas};
    // "OpenBLAS 0.3.21 NO_LAPACKE DYNAMIC_ARCH NO_AFFINITY USE_OPENMP Haswell MAX_THREADS=128"
    const auto words = split(blas, ' ');
    BlasName name{.name = "OpenBLAS", .openmp = std::ranges::find(words, "USE_OPENMP") != words.end()};
    if (words.size() > 1) name.name += " " + words[1];
    for (std::size_t i = 2; i < words.size(); ++i)
        if (std::ranges::any_of(words[i], [](unsigned char c) { return std::islower(c) != 0; }))
            name.kernels = words[i];
    // Some names have no small letter: ZEN, SKYLAKEX, ARMV8. Such a one stands before the number of threads.
    for (std::size_t i = 3; i < words.size() && name.kernels.empty(); ++i)
        if (words[i].starts_with("MAX_THREADS") && words[i - 1].find('_') == std::string::npos)
            name.kernels = words[i - 1];
    return name;
}

Finding judge_blas(const std::string& blas, std::string_view vectors) {
    const BlasName name = parse_blas(blas);
    Finding finding{.name = "BLAS",
                    .says = name.name,
                    .data = {{"blas", blas}, {"kernels", name.kernels}, {"instruction_set", vectors}}};
    if (blas.empty()) {
        finding.status = Finding::Status::warning;
        finding.says = "LibTorch does not tell which one it computes with";
        finding.remedy = "compare its speed with Python's (make bench); and report this";
        return finding;
    }
    if (!name.kernels.empty())
        finding.says = fmt::format("{}, {}, kernels for {}", name.name, name.openmp ? "OpenMP" : "threads of its own",
                                   name.kernels);
    std::vector<std::string> doubts;
    std::vector<std::string> remedies;
    if (const std::string fault = blas_fault(blas); !fault.empty()) {
        const Finding words = finding_of("", Finding::Status::warning, Error(ExitCode::ok, fault));
        doubts.push_back(words.says);
        remedies.push_back(words.remedy);
    }
    constexpr std::array<std::string_view, 8> without_avx2{"Prescott",  "Core2",     "Penryn",      "Nehalem",
                                                           "Northwood", "Barcelona", "Sandybridge", "Generic"};
    if (vectors != "none" && std::ranges::find(without_avx2, name.kernels) != without_avx2.end()) {
        doubts.push_back(
            fmt::format("its {} kernels do without this processor's AVX2, at a fraction of its speed", name.kernels));
        remedies.push_back(
            fmt::format("unset OPENBLAS_CORETYPE if it is set; else set OPENBLAS_CORETYPE={}, or install a newer "
                        "OpenBLAS (other kernels, other last digits: labhost takes it for another BLAS)",
                        vectors == "avx512" ? "SkylakeX" : "Haswell"));
    }
    if (doubts.empty()) return finding;
    finding.status = Finding::Status::warning;
    finding.says += fmt::format("; {}", join(doubts, "; "));
    finding.remedy = join(remedies, "; ");
    return finding;
}

}  // namespace labhost
