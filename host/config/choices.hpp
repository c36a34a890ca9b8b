// Settings of which there are a few: each an enumeration, with the words that a file and a run's record have for it.
#pragma once

#include <array>

#include "support/enum_text.hpp"

namespace labhost {

enum class Loss {
    nll,
    cross_entropy,
    mse,
    l1,
    huber,
    bce_with_logits,
    model,  ///< that the plugin brings
};
template <>
inline constexpr std::array texts_of<Loss>{
    EnumText{Loss::nll, "nll"},     EnumText{Loss::cross_entropy, "cross_entropy"},
    EnumText{Loss::mse, "mse"},     EnumText{Loss::l1, "l1"},
    EnumText{Loss::huber, "huber"}, EnumText{Loss::bce_with_logits, "bce_with_logits"},
    EnumText{Loss::model, "model"}};

/// What a loss compares outputs with.
enum class TargetKind {
    classes,  ///< one of them for each example
    reals,    ///< a regression: a number for each output
    labels,   ///< several labels: 0 or 1 for each output
    given,    ///< numbers as the data have them, for a model's own loss; it follows from the model, and has no text
};
template <>
inline constexpr std::array texts_of<TargetKind>{EnumText{TargetKind::classes, "classes"},
                                                 EnumText{TargetKind::reals, "reals"},
                                                 EnumText{TargetKind::labels, "labels"}};
constexpr bool is_of_classes(Loss loss) { return loss == Loss::nll || loss == Loss::cross_entropy; }
/// `has_classes`: whether the model declares classes, which a loss of its own goes by.
constexpr TargetKind target_kind(Loss loss, bool has_classes) {
    if (is_of_classes(loss) || (loss == Loss::model && has_classes)) return TargetKind::classes;
    if (loss == Loss::model) return TargetKind::given;
    return loss == Loss::bce_with_logits ? TargetKind::labels : TargetKind::reals;
}

enum class Numerics {
    pytorch,  ///< PyTorch's bits
    fast,     ///< the same sums in another order
};
template <>
inline constexpr std::array texts_of<Numerics>{EnumText{Numerics::pytorch, "pytorch"},
                                               EnumText{Numerics::fast, "fast"}};

/// Others than float32 go with fast numerics only.
enum class Precision { float32, tf32, bf16 };
template <>
inline constexpr std::array texts_of<Precision>{EnumText{Precision::float32, "float32"},
                                                EnumText{Precision::tf32, "tf32"}, EnumText{Precision::bf16, "bf16"}};

/// Which epoch's weights and predictions a run leaves.
enum class Keep { last, best };
template <>
inline constexpr std::array texts_of<Keep>{EnumText{Keep::last, "last"}, EnumText{Keep::best, "best"}};

/// What becomes of a run when a loss is not a number.
enum class OnNan { fail, proceed };
template <>
inline constexpr std::array texts_of<OnNan>{EnumText{OnNan::fail, "fail"}, EnumText{OnNan::proceed, "continue"}};

/// What becomes of a folder of images of which some cannot be decoded.
enum class OnDamaged { fail, skip };
template <>
inline constexpr std::array texts_of<OnDamaged>{EnumText{OnDamaged::fail, "fail"}, EnumText{OnDamaged::skip, "skip"}};

/// In which order an image's axes lie.
enum class Layout { nchw, nhwc };
template <>
inline constexpr std::array texts_of<Layout>{EnumText{Layout::nchw, "nchw"}, EnumText{Layout::nhwc, "nhwc"}};

}  // namespace labhost
