#include "plugin/elf_file.hpp"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <map>
#include <optional>
#include <stdexcept>
#include <utility>

#include <elf.h>
#include <fmt/format.h>
#include <gelf.h>
#include <libelf.h>

namespace labhost {

namespace {

#if defined(__x86_64__)
constexpr unsigned this_machine = EM_X86_64;
#elif defined(__aarch64__)
constexpr unsigned this_machine = EM_AARCH64;
#else
#error "name this machine's ELF number here"
#endif

std::string machine_text(unsigned machine, unsigned elf_class) {
    static const std::map<unsigned, const char*> names{
        {EM_386, "x86"},       {EM_X86_64, "x86-64"},      {EM_AARCH64, "ARM"}, {EM_ARM, "ARM"},
        {EM_RISCV, "RISC-V"},  {EM_PPC64, "PowerPC"},      {EM_S390, "IBM Z"},  {EM_SPARC, "SPARC"},
        {EM_SPARCV9, "SPARC"}, {EM_LOONGARCH, "LoongArch"}};
    const auto found = names.find(machine);
    return fmt::format("{} ({} bit)", found != names.end() ? found->second : fmt::format("machine {}", machine),
                       elf_class == ELFCLASS64 ? 64 : 32);
}

/// Relocations that store an address: of a place in the library itself, or of a symbol.
bool is_relative(std::uint64_t type) { return type == R_X86_64_RELATIVE || type == R_AARCH64_RELATIVE; }
bool is_symbolic(std::uint64_t type) { return type == R_X86_64_64 || type == R_AARCH64_ABS64; }

/// Calls `visit(section, header)` for every section.
template <class Visit>
void for_each_section(Elf* elf, Visit visit) {
    for (Elf_Scn* section = nullptr; (section = elf_nextscn(elf, section)) != nullptr;) {
        GElf_Shdr header{};
        if (gelf_getshdr(section, &header) != nullptr) visit(section, header);
    }
}

}  // namespace

ElfFile::ElfFile(std::string bytes) : bytes_(std::move(bytes)) {
    elf_version(EV_CURRENT);
    elf_ = elf_memory(bytes_.data(), bytes_.size());
}

ElfFile::~ElfFile() { elf_end(elf_); }

std::string ElfFile::fault() const {
    GElf_Ehdr header{};
    if (elf_ == nullptr || elf_kind(elf_) != ELF_K_ELF || gelf_getehdr(elf_, &header) == nullptr)
        return "this is not a shared library";
    const unsigned elf_class = header.e_ident[EI_CLASS];
    if (elf_class != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB || header.e_machine != this_machine)
        return fmt::format("this shared library is for {}, this host runs on {}; rebuild it on this machine",
                           machine_text(header.e_machine, elf_class), machine_text(this_machine, ELFCLASS64));
    if (header.e_type != ET_DYN) return "this is an ELF file, but not a shared library";
    std::uint64_t end = header.e_shoff + std::uint64_t{header.e_shnum} * header.e_shentsize;
    std::size_t segments = 0;
    elf_getphdrnum(elf_, &segments);
    for (std::size_t i = 0; i < segments; ++i) {
        GElf_Phdr segment{};
        if (gelf_getphdr(elf_, static_cast<int>(i), &segment) != nullptr)
            end = std::max({end, segment.p_offset, segment.p_filesz, segment.p_offset + segment.p_filesz});
    }
    for_each_section(elf_, [&](Elf_Scn*, const GElf_Shdr& section) {
        constexpr std::uint64_t largest = std::uint64_t{1} << 40U;  // so that the sum does not wrap
        if (section.sh_type != SHT_NOBITS && section.sh_type != SHT_NULL)
            end = std::max(end, std::min(section.sh_offset, largest) + std::min(section.sh_size, largest));
    });
    if (header.e_shoff == 0 || segments == 0 || end > bytes_.size())
        return "this shared library is truncated; build or copy it again";
    return "";
}

std::vector<ExportedSymbol> ElfFile::exported() const {
    std::vector<ExportedSymbol> symbols;
    for_each_section(elf_, [&](Elf_Scn* section, const GElf_Shdr& header) {
        Elf_Data* data = header.sh_type == SHT_DYNSYM ? elf_getdata(section, nullptr) : nullptr;
        if (data == nullptr || header.sh_entsize == 0) return;
        for (std::size_t i = 0; i < data->d_size / header.sh_entsize; ++i) {
            GElf_Sym symbol{};
            if (gelf_getsym(data, static_cast<int>(i), &symbol) == nullptr) continue;
            const unsigned binding = GELF_ST_BIND(symbol.st_info);
            const unsigned visibility = GELF_ST_VISIBILITY(symbol.st_other);
            const char* name = elf_strptr(elf_, header.sh_link, symbol.st_name);
            if (symbol.st_shndx == SHN_UNDEF || binding == STB_LOCAL || name == nullptr || *name == '\0') continue;
            if (visibility != STV_DEFAULT && visibility != STV_PROTECTED) continue;
            symbols.push_back({.name = name, .address = symbol.st_value});
        }
    });
    return symbols;
}

/// The library's memory as the loader would make it.
class ElfFile::Image {
public:
    explicit Image(const ElfFile& file) : file_(&file) {
        for_each_section(file.elf_, [&](Elf_Scn* section, const GElf_Shdr& header) {
            Elf_Data* data = elf_getdata(section, nullptr);
            if (data == nullptr || header.sh_entsize == 0) return;
            const std::size_t count = data->d_size / header.sh_entsize;
            if (header.sh_type == SHT_RELA) add_relocations(data, count, symbol_addresses(header.sh_link));
        });
    }

    /// Copies `size` bytes at `address`; throws std::out_of_range if the file does not hold them.
    void read(std::uint64_t address, void* target, std::size_t size) const {
        std::memcpy(target, at(address).substr(0, checked(address, size)).data(), size);
    }

    /// The pointer stored at `address`, relocated. Where there is no relocation, what the file holds is relocated
    /// already (RELR) or null.
    std::uint64_t pointer(std::uint64_t address) const {
        const auto found = relocations_.find(address);
        if (found != relocations_.end()) return found->second;
        std::uint64_t value = 0;
        read(address, &value, sizeof value);
        return value;
    }

    std::string text(std::uint64_t address) const {
        const std::string_view bytes = at(address);
        return std::string(bytes.substr(0, checked(address, bytes.find('\0'))));
    }

private:
    std::map<std::size_t, std::uint64_t> symbol_addresses(std::size_t section_index) const {
        std::map<std::size_t, std::uint64_t> addresses;
        Elf_Scn* section = elf_getscn(file_->elf_, section_index);
        Elf_Data* data = section != nullptr ? elf_getdata(section, nullptr) : nullptr;
        GElf_Sym symbol{};
        for (int i = 0; data != nullptr && gelf_getsym(data, i, &symbol) != nullptr; ++i)
            if (symbol.st_shndx != SHN_UNDEF) addresses[static_cast<std::size_t>(i)] = symbol.st_value;
        return addresses;
    }

    void add_relocations(Elf_Data* data, std::size_t count, const std::map<std::size_t, std::uint64_t>& symbols) {
        for (std::size_t i = 0; i < count; ++i) {
            GElf_Rela relocation{};
            if (gelf_getrela(data, static_cast<int>(i), &relocation) == nullptr) continue;
            const std::uint64_t type = GELF_R_TYPE(relocation.r_info);
            const auto addend = static_cast<std::uint64_t>(relocation.r_addend);
            const auto symbol = symbols.find(GELF_R_SYM(relocation.r_info));
            if (is_relative(type)) {
                relocations_[relocation.r_offset] = addend;
            } else if (is_symbolic(type) && symbol != symbols.end()) {
                relocations_[relocation.r_offset] = symbol->second + addend;
            }
        }
    }

    /// The bytes from `address` to the end of what the file holds of its segment.
    std::string_view at(std::uint64_t address) const {
        std::size_t segments = 0;
        elf_getphdrnum(file_->elf_, &segments);
        for (std::size_t i = 0; i < segments; ++i) {
            GElf_Phdr segment{};
            if (gelf_getphdr(file_->elf_, static_cast<int>(i), &segment) == nullptr || segment.p_type != PT_LOAD)
                continue;
            if (address >= segment.p_vaddr && address - segment.p_vaddr < segment.p_filesz)
                return std::string_view(file_->bytes_)
                    .substr(segment.p_offset, segment.p_filesz)
                    .substr(address - segment.p_vaddr);
        }
        throw std::out_of_range("an address outside of the file");
    }

    std::size_t checked(std::uint64_t address, std::size_t size) const {
        if (size > at(address).size()) throw std::out_of_range("a value outside of its segment");
        return size;
    }

    const ElfFile* file_;
    std::map<std::uint64_t, std::uint64_t> relocations_;  ///< what the loader stores where
};

std::unique_ptr<StoredDescriptor> ElfFile::descriptor() const {
    const auto symbols = exported();
    const auto symbol = std::ranges::find(symbols, LABHOST_PLUGIN_SYMBOL, &ExportedSymbol::name);
    if (symbol == symbols.end()) return nullptr;
    try {
        const Image image(*this);
        auto stored = std::make_unique<StoredDescriptor>();
        const auto text = [&](std::uint64_t place) -> const char* {
            const std::uint64_t address = image.pointer(place);
            return address == 0 ? nullptr : stored->texts.emplace_back(image.text(address)).c_str();
        };
        labhost_descriptor& d = stored->descriptor;
        const std::uint64_t base = symbol->address;
        std::uint32_t size = 0;
        image.read(base, &size, sizeof size);
        image.read(base, &d, std::min<std::size_t>(size, sizeof d));  // what later minors append stays 0
        d.id = text(base + offsetof(labhost_descriptor, id));
        d.version = text(base + offsetof(labhost_descriptor, version));
        d.summary = text(base + offsetof(labhost_descriptor, summary));
        d.create = reinterpret_cast<decltype(d.create)>(image.pointer(base + offsetof(labhost_descriptor, create)));
        d.forward = reinterpret_cast<decltype(d.forward)>(image.pointer(base + offsetof(labhost_descriptor, forward)));
        if (size >= offsetof(labhost_descriptor, loss) + sizeof d.loss)
            d.loss = reinterpret_cast<decltype(d.loss)>(image.pointer(base + offsetof(labhost_descriptor, loss)));
        const std::uint64_t params = image.pointer(base + offsetof(labhost_descriptor, params));
        for (std::uint32_t i = 0; params != 0 && i < d.param_count; ++i) {
            const std::uint64_t place = params + i * sizeof(labhost_param);
            labhost_param& param = stored->params.emplace_back();
            image.read(place, &param, sizeof param);
            param.name = text(place + offsetof(labhost_param, name));
            param.doc = text(place + offsetof(labhost_param, doc));
            param.initial.text = text(place + offsetof(labhost_param, initial) + offsetof(labhost_value, text));
            param.choices = text(place + offsetof(labhost_param, choices));
        }
        d.params = params == 0 ? nullptr : stored->params.data();
        return stored;
    } catch (const std::out_of_range&) {
        return nullptr;
    }
}

}  // namespace labhost
