#include "engine/updates.hpp"

#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <torch/torch.h>
#include <torch/version.h>

#include "engine/clipping.hpp"

namespace labhost {

namespace {

std::unique_ptr<Schedule> schedule_of(const TrainerSettings& settings, std::int64_t total_steps, Optimizer& optimizer) {
    const Algorithm& algorithm = settings.optimizer.algorithm();
    const ScheduleSettings schedule = settings.schedule->completed();
    const ScheduleContext context{
        .torch = {TORCH_VERSION_MAJOR, TORCH_VERSION_MINOR},
        .has_momentum = algorithm.argument("momentum") != nullptr || algorithm.argument("betas") != nullptr,
        .total_steps = total_steps};
    std::vector<GroupRates> rates = optimizer.rates();
    auto made = make_schedule(schedule, context, rates);
    optimizer.set_rates(rates);
    return made;
}

}  // namespace

Updates::Updates(const torch::nn::Module& module, const TrainerSettings& settings, StepKind kind,
                 std::int64_t total_steps)
    : optimizer_(module, settings, kind),
      clip_value_(settings.clip_grad_value),
      clip_norm_(settings.clip_grad_norm),
      accumulate_(settings.accumulate) {
    if (settings.ema_decay) average_.emplace(optimizer_.parameters(), *settings.ema_decay);
    if (!settings.schedule) return;
    schedule_ = schedule_of(settings, total_steps, optimizer_);
    schedule_steps_ = settings.schedule->steps();
    schedule_follows_metric_ = settings.schedule->follows_a_metric();
}

void Updates::before_batch() {
    if (accumulated_ == 0) optimizer_.zero_grad();
}

void Updates::after_batch(bool last) {
    if (++accumulated_ < accumulate_ && !last) return;
    accumulated_ = 0;
    if (clip_value_) clip_grad_value(optimizer_.gradients(), *clip_value_);
    if (clip_norm_) clip_grad_norm(optimizer_.gradients(), *clip_norm_);
    optimizer_.step();
    if (average_) average_->update();
    if (schedule_ && schedule_steps_ == Every::step) step_schedule(std::nullopt);
}

std::vector<torch::Tensor> Updates::gradients() const {
    std::vector<torch::Tensor> gradients;
    for (const torch::Tensor& parameter : optimizer_.parameters()) gradients.push_back(parameter.grad());
    return gradients;
}

void Updates::set_gradients(const std::vector<torch::Tensor>& gradients) {
    for (std::size_t i = 0; i < gradients.size(); ++i) {
        const torch::Tensor& parameter = optimizer_.parameters()[i];
        parameter.mutable_grad() = gradients[i];
    }
}

void Updates::after_epoch(double metric) {
    if (schedule_ && schedule_steps_ == Every::epoch)
        step_schedule(schedule_follows_metric_ ? std::optional(metric) : std::nullopt);
}

void Updates::step_schedule(std::optional<double> metric) {
    std::vector<GroupRates> rates = optimizer_.rates();
    schedule_->step(rates, metric);
    optimizer_.set_rates(rates);
}

void Updates::save(StateWriter state) const {
    optimizer_.save(state);
    if (average_) average_->save(state.under("average"));
    if (schedule_)
        for (const auto& [name, values] : schedule_->state()) state.under("schedule").reals(name, values);
    if (accumulated_ == 0) return;
    state.integer("accumulated", accumulated_);
    const auto& parameters = optimizer_.parameters();
    for (std::size_t i = 0; i < parameters.size(); ++i)
        if (parameters[i].grad().defined()) state.under("gradients").tensor(fmt::format("{}", i), parameters[i].grad());
}

void Updates::load(const StateReader& state) {
    optimizer_.load(state);
    if (average_) average_->load(state.under("average"));
    if (schedule_) {
        ScheduleState saved;
        const StateReader of = state.under("schedule");
        for (const auto& [name, tensor] : of.all()) saved[name] = of.reals(name);
        schedule_->restore(saved);
    }
    if (!state.has("accumulated")) return;
    accumulated_ = state.integer("accumulated");
    for (std::size_t i = 0; i < optimizer_.parameters().size(); ++i) {
        torch::Tensor parameter = optimizer_.parameters()[i];
        const std::string name = fmt::format("gradients.{}", i);
        if (state.has(name))
            parameter.mutable_grad() =
                state.tensor(name, parameter.scalar_type(), parameter.sizes()).to(parameter.device());
    }
}

}  // namespace labhost
