// A zip archive, read from memory.
#pragma once

#include <memory>
#include <string>
#include <vector>

struct zip;

namespace labhost {

/// Its members stored or deflated. What is wrong with it is an Error (usage) that begins with `where`.
class ZipArchive {
public:
    enum class Checks {
        all,  ///< of all that the archive says twice: of files that people bring
        few,  ///< of what was compared with its publisher's digest
    };
    /// The whole file.
    ZipArchive(std::string bytes, std::string where, Checks checks = Checks::all);

    const std::string& bytes() const { return bytes_; }
    /// Of its members, in their order.
    std::vector<std::string> names() const;
    bool has(const std::string& name) const;
    /// A member's bytes, its checksum compared.
    std::string read(const std::string& name) const;

private:
    struct Discard {
        void operator()(zip* archive) const;
    };
    std::string bytes_;
    std::string where_;
    std::unique_ptr<zip, Discard> archive_;
};

}  // namespace labhost
