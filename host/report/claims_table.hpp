// Verdicts on claims, for people and as JSON.
#pragma once

#include <span>
#include <string>

#include "analysis/claims.hpp"
#include "support/json.hpp"

namespace labhost {

/// A block of lines, verdicts first; "" without claims.
std::string verdicts_text(std::span<const ClaimVerdict> verdicts);

/// "claims" of --json.
Json verdicts_json(std::span<const ClaimVerdict> verdicts);

}  // namespace labhost
