#include "doctor/doctor.hpp"

#include <algorithm>
#include <exception>

#include "doctor/data.hpp"
#include "doctor/gpus.hpp"
#include "doctor/machine.hpp"
#include "doctor/plugins.hpp"
#include "doctor/storage.hpp"
#include "doctor/tools.hpp"
#include "doctor/torch.hpp"

namespace labhost {

Findings look_at_all(const DoctorPlaces& places, const std::function<void(const Finding&)>& found) {
    Findings all;
    const auto add = [&](const char* name, const std::function<Findings()>& look) {
        Findings findings;
        try {
            findings = look();
        } catch (const StopError&) {
            throw;
        } catch (const std::exception& e) {  // one subject is not to keep the others from being looked at
            findings = {{.name = name,
                         .status = Finding::Status::warning,
                         .says = e.what(),
                         .remedy = "look at the other lines; if they do not explain it, report it"}};
        }
        for (Finding& finding : findings) {
            found(finding);
            all.push_back(std::move(finding));
        }
    };
    add("versions", look_at_versions);
    add("working folder", look_at_working_folder);  // before what fails without one
    add("LibTorch", look_at_torch);
    const bool torch_loads = std::ranges::none_of(all, [](const Finding& finding) {
        return finding.name == "LibTorch" && finding.status == Finding::Status::failure;
    });
    add("machine", look_at_machine);
    add("GPU", [&] { return look_at_gpus(torch_loads); });
    add("data folder", [&] { return look_at_data(places.data); });
    add("plugins", [&] { return look_at_plugins(places.plugins, torch_loads); });
    add("runs folder", [&] { return look_at_runs_folder(places.runs); });
    add("tools", look_at_tools);
    return all;
}

}  // namespace labhost
