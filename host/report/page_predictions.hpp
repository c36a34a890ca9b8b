// What runs predicted, as the page shows it: confusion matrices, and the images, or the values, of mistakes.
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "support/json.hpp"

namespace labhost {

/// Images that several runs get wrong are there once.
class PageImages {
public:
    /// The image's index in the list; nothing if there is no room for another.
    /// `image`: "pixels", "height", "width" and, unless there is one, "channels".
    std::optional<std::size_t> add(const Json& image);
    const Json& list() const { return list_; }

private:
    std::map<std::string, std::size_t> index_;
    std::size_t bytes_ = 0;  ///< of the list's pixels
    Json list_ = Json::array();
};

/// "confusion" and "mistakes", or "fit", of a run that recorded them; what another program wrote there is left out.
void add_predictions(Json& run, const std::filesystem::path& folder, PageImages& images);

}  // namespace labhost
