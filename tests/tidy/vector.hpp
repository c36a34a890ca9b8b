// For Clang only (make tidy, make fuzz), included before everything else: std::vector without C++20's constexpr.
//
// clang instantiates constexpr members eagerly, and LibTorch 1.13 has a std::vector<IValue> where IValue is still
// incomplete; GCC takes it. Nothing of labhost needs a vector at compile time.
// NOLINTBEGIN(bugprone-reserved-identifier)
#include <bits/algorithmfwd.h>
#include <string>                    // what <vector> itself includes keeps its constexpr
#define __fill_a1 __fill_a1_of_bits  // declared constexpr by <string>, defined by <vector>
#undef _GLIBCXX20_CONSTEXPR
#define _GLIBCXX20_CONSTEXPR
#include <vector>
#undef _GLIBCXX20_CONSTEXPR
#define _GLIBCXX20_CONSTEXPR constexpr
#undef __fill_a1
// NOLINTEND(bugprone-reserved-identifier)
