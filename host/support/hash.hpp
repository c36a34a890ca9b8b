// SHA-256, in lower-case hexadecimal, and base64.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

struct evp_md_ctx_st;

namespace labhost {

/// A hash that is fed piece by piece.
class Sha256 {
public:
    Sha256();
    void update(std::string_view bytes);
    /// 64 hexadecimal digits; call once.
    std::string finish();
    /// 32 bytes, in its place.
    std::string finish_bytes();

private:
    struct Free {
        void operator()(evp_md_ctx_st* context) const;
    };
    std::unique_ptr<evp_md_ctx_st, Free> context_;
};

std::string sha256(std::string_view bytes);
/// The 32 bytes themselves.
std::string sha256_bytes(std::string_view bytes);
/// MD5, in lower-case hexadecimal: for files whose publishers give no other.
std::string md5(std::string_view bytes);
std::string sha256_of_file(const std::filesystem::path& path);

/// RFC 4648, padded, on one line.
std::string base64(std::string_view bytes);

}  // namespace labhost
