// Anchors labhost::Model in one library: its vtable and typeinfo exist once, whatever plugins are loaded.
#include <labhost/model.hpp>

namespace labhost {

Model::Model() = default;
Model::~Model() = default;

}  // namespace labhost
