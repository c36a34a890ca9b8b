#include "config/settings.hpp"

#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "support/text.hpp"

namespace labhost {

namespace fs = std::filesystem;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

/// Overlays `value` on `target` if there is one.
template <class Target, class Value>
void assign(Target& target, const std::optional<Value>& value) {
    if (value) target = static_cast<Target>(*value);
}

fs::path resolve(const std::string& text, const Location& where, const fs::path& folder) {
    const bool from_option = where.line == 0;
    return fs::absolute(from_option ? fs::path(text) : folder / text).lexically_normal();
}

/// Seconds, written as a number or as "90s", "10m", "1.5h".
std::optional<double> read_duration(StrictTable& table, std::string_view key) {
    const toml::node* node = table.node(key);
    if (node == nullptr) return std::nullopt;
    std::optional<double> seconds;
    if (node->is_string()) seconds = parse_duration(node->as_string()->get());
    if (node->is_number()) seconds = parse_duration(fmt::format("{}", node->value_or(0.0)));
    if (!seconds) table.fail(key, "must be a time above zero: seconds, or a text such as \"90s\", \"10m\", \"1.5h\"");
    return seconds;
}

/// Bytes, written as an integer or as "512 MiB", "2 GiB".
std::optional<std::uint64_t> read_size(StrictTable& table, std::string_view key) {
    const toml::node* node = table.node(key);
    if (node == nullptr) return std::nullopt;
    std::optional<std::uint64_t> bytes;
    if (node->is_string()) bytes = parse_size(node->as_string()->get());
    if (node->is_integer()) bytes = parse_size(fmt::format("{}", node->as_integer()->get()));
    if (!bytes) table.fail(key, "must be a size above zero: bytes, or a text such as \"512 MiB\" or \"2 GiB\"");
    return bytes;
}

void read_optimizer(StrictTable table, OptimizerSettings& settings) {
    assign(settings.name, table.one_of<OptimizerKind>("name"));
    assign(settings.lr, table.number("lr", 0.0, infinity));
    assign(settings.momentum, table.number("momentum", 0.0, infinity));
    table.finish();
}

}  // namespace

bool is_device(const std::string& name) {
    if (name == "auto" || name == "cpu" || name == "cuda") return true;
    return name.starts_with("cuda:") && name.size() > 5 && name.size() < 9 &&
           name.find_first_not_of("0123456789", 5) == std::string::npos;
}

void read_trainer(StrictTable table, const fs::path& folder, TrainerSettings& settings) {
    constexpr std::int64_t most = 1'000'000'000;
    assign(settings.epochs, table.integer("epochs", 1, most));
    assign(settings.batch_size, table.integer("batch_size", 1, most));
    assign(settings.test_batch_size, table.integer("test_batch_size", 1, most));
    assign(settings.loss, table.one_of<Loss>("loss"));
    if (const auto device = table.string("device")) {
        if (!is_device(*device))
            table.fail("device", fmt::format("must be auto, cpu, cuda or cuda:N, not '{}'", *device));
        settings.device = *device;
    }
    assign(settings.threads, table.integer("threads", 1, 1024));
    assign(settings.numerics, table.one_of<Numerics>("numerics"));
    assign(settings.precision, table.one_of<Precision>("precision"));
    if (const auto path = table.string("init_from"))
        settings.init_from = path->empty() ? fs::path() : resolve(*path, table.where("init_from"), folder);
    if (const toml::node* deterministic = table.node("deterministic")) {
        if (!deterministic->is_boolean())
            table.fail("deterministic", fmt::format("must be true or false, not {}", type_name(*deterministic)));
        settings.deterministic = deterministic->as_boolean()->get();
    }
    if (const auto seconds = read_duration(table, "timeout")) settings.timeout = seconds;
    if (const auto seconds = read_duration(table, "checkpoint_every")) settings.checkpoint_every = seconds;
    if (const auto bytes = read_size(table, "memory_limit")) settings.memory_limit = bytes;
    assign(settings.on_nan, table.one_of<OnNan>("on_nan"));
    if (auto optimizer = table.table("optimizer")) read_optimizer(*optimizer, settings.optimizer);
    table.finish();
}

void read_data(StrictTable table, const fs::path& folder, DataSettings& settings) {
    if (const auto dataset = table.string("dataset")) {
        settings.where = table.where("dataset");
        settings.dataset = *dataset;
        if (dataset->find('/') != std::string::npos)
            settings.dataset = resolve(*dataset, settings.where, folder).native();
    }
    if (auto normalize = table.table("normalize")) {
        assign(settings.mean, normalize->number("mean", -1e6, 1e6));
        if (const auto std = normalize->number("std", 0.0, 1e6)) {
            if (static_cast<float>(*std) == 0.0F)
                normalize->fail("std", fmt::format("= {} would divide by zero (it is a float32)", *std));
            settings.std = *std;
        }
        normalize->finish();
    }
    if (const auto limit = table.integer("train_limit", 1)) {
        settings.train_limit = limit;
        settings.train_limit_where = table.where("train_limit");
    }
    if (const auto limit = table.integer("test_limit", 1)) {
        settings.test_limit = limit;
        settings.test_limit_where = table.where("test_limit");
    }
    table.finish();
}

ParamValue param_value(const toml::node& node, const std::string& name, const Location& where) {
    if (node.is_boolean()) return node.as_boolean()->get();
    if (node.is_integer()) return node.as_integer()->get();
    if (node.is_floating_point()) return node.as_floating_point()->get();
    if (node.is_string()) return node.as_string()->get();
    fail_at(where, fmt::format("{} must be a number, a string or a boolean, not {}", name, type_name(node)));
}

void read_params(const StrictTable& table, std::map<std::string, WrittenParam>& params) {
    for (const auto& [key, node] : table.raw()) {
        const std::string name(key.str());
        const Location where = location_of(node.source(), table.where(name));
        params[name] = {param_value(node, table.name_of(name), where), where};
    }
}

void read_reference(StrictTable table, Reference& reference) {
    assign(reference.train_loss, table.numbers("train_loss"));
    assign(reference.train_accuracy, table.numbers("train_accuracy"));
    assign(reference.test_loss, table.numbers("test_loss"));
    assign(reference.test_accuracy, table.numbers("test_accuracy"));
    table.finish();
}

}  // namespace labhost
