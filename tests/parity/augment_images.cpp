// Augments the images that augment.py gives it, for the comparison with Python.
//
// For each line SEED COUNT CHANNELS HEIGHT WIDTH MEAN STD CROP FLIP ROTATION ERASING ("-": none) on stdin, and COUNT
// images of bytes behind it, there are COUNT images of float32 on stdout, and the state that the generator was left in.
// With --version only LibTorch's.
#include <iostream>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include <torch/torch.h>

#include "engine/augment.hpp"
#include "engine/loader.hpp"

namespace {

template <class Number>
std::optional<Number> optional_number(std::istream& line) {
    std::string word;
    line >> word;
    if (word == "-") return std::nullopt;
    return static_cast<Number>(std::stod(word));
}

template <class Value>
void write(const Value* values, std::size_t count) {
    std::cout.write(reinterpret_cast<const char*>(values), static_cast<std::streamsize>(count * sizeof(Value)));
}

void augment(std::istream& line) {
    std::uint64_t seed = 0;
    std::size_t count = 0;
    labhost::ImageSize size{};
    double mean = 0.0;
    double std = 1.0;
    line >> seed >> count >> size.channels >> size.height >> size.width >> mean >> std;
    labhost::AugmentSettings settings{};
    settings.crop_padding = optional_number<std::int64_t>(line);
    settings.horizontal_flip = optional_number<double>(line);
    settings.rotation = optional_number<double>(line);
    settings.erasing = optional_number<double>(line);

    labhost::Augment augment(settings, size, labhost::Normalizer({.mean = {mean}, .std = {std}}, 1, 1).tables());
    std::vector<std::uint8_t> bytes(static_cast<std::size_t>(size.bytes()));
    std::vector<float> image(bytes.size());
    torch::manual_seed(seed);
    for (std::size_t i = 0; i < count; ++i) {
        std::cin.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
        augment.fill(bytes.data(), image.data());
        write(image.data(), image.size());
    }
    const torch::Tensor state = at::globalContext().defaultGenerator(torch::kCPU).get_state();
    write(state.data_ptr<std::uint8_t>(), static_cast<std::size_t>(state.numel()));
    std::cout.flush();
}

}  // namespace

int main(int argc, char** argv) {
    if (argc > 1 && std::string_view(argv[1]) == "--version") {
        std::cout << TORCH_VERSION << "\n";
        return 0;
    }
    torch::set_num_threads(1);
    for (std::string line; std::getline(std::cin, line);) {
        std::istringstream words(line);
        augment(words);
    }
}
