// A shared library's file, read without loading it.
#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <labhost/abi.h>

struct Elf;

namespace labhost {

/// A symbol that a library exports.
struct ExportedSymbol {
    std::string name{};
    std::uint64_t address = 0;
};

/// A descriptor copied out of a file. `descriptor` points into this object; its functions are there or null as in the
/// file, but cannot be called.
struct StoredDescriptor {
    labhost_descriptor descriptor{};
    std::vector<labhost_param> params{};
    std::deque<std::string> texts{};
};

class ElfFile {
public:
    /// `bytes`: the file's content.
    explicit ElfFile(std::string bytes);
    ~ElfFile();
    ElfFile(const ElfFile&) = delete;
    ElfFile& operator=(const ElfFile&) = delete;
    ElfFile(ElfFile&&) = delete;
    ElfFile& operator=(ElfFile&&) = delete;

    /// Why it is no whole shared library that this machine can load; "" if it is.
    std::string fault() const;

    std::vector<ExportedSymbol> exported() const;

    /// The descriptor as it will be once the loader has relocated it; nothing if there is none that can be read.
    std::unique_ptr<StoredDescriptor> descriptor() const;

private:
    class Image;

    std::string bytes_;
    Elf* elf_;  ///< libelf's handle on bytes_
};

}  // namespace labhost
