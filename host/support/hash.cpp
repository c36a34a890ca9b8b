#include "support/hash.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>

#include "support/error.hpp"
#include "support/files.hpp"

namespace labhost {

namespace {

std::string hexadecimal(std::string_view bytes) {
    std::string text;
    for (const char byte : bytes) text += fmt::format("{:02x}", static_cast<unsigned char>(byte));
    return text;
}

}  // namespace

void Sha256::Free::operator()(evp_md_ctx_st* context) const { EVP_MD_CTX_free(context); }

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
    if (!context_ || EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) != 1)
        throw Error(ExitCode::run_failed, "OpenSSL cannot compute SHA-256 here");
}

void Sha256::update(std::string_view bytes) { EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()); }

std::string Sha256::finish_bytes() {
    std::string digest(32, '\0');
    EVP_DigestFinal_ex(context_.get(), reinterpret_cast<unsigned char*>(digest.data()), nullptr);
    return digest;
}

std::string Sha256::finish() { return hexadecimal(finish_bytes()); }

std::string sha256(std::string_view bytes) {
    Sha256 hash;
    hash.update(bytes);
    return hash.finish();
}

std::string sha256_bytes(std::string_view bytes) {
    Sha256 hash;
    hash.update(bytes);
    return hash.finish_bytes();
}

std::string md5(std::string_view bytes) {
    std::string digest(16, '\0');
    if (EVP_Digest(bytes.data(), bytes.size(), reinterpret_cast<unsigned char*>(digest.data()), nullptr, EVP_md5(),
                   nullptr) != 1)
        throw Error(ExitCode::run_failed, "OpenSSL cannot compute MD5 here");
    return hexadecimal(digest);
}

std::string sha256_of_file(const std::filesystem::path& path) { return sha256(read_file(path)); }

std::string base64(std::string_view bytes) {
    std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');  // OpenSSL ends it with a zero
    const int length =
        EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                        reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
    text.resize(static_cast<std::size_t>(length));
    return text;
}

}  // namespace labhost
