#pragma once

#include <optional>
#include <string>
#include <vector>

#include "rapport/store/operation.hpp"

namespace rapport {

/// A look-up by a key of one member or more: the documents with these values.
struct KeyLookup {
    std::vector<std::string> paths{};
    std::vector<std::vector<Scalar>> values{};
};

/// What a find that names values of a key, and nothing else, looks up; absent for any other.
std::optional<KeyLookup> key_lookup(const FindDocuments& find);

/// True where it finds one document a value at most, so that many may run as one. Of a key that is
/// not unique there may be millions: such a look-up runs alone, with its limit.
bool asks_by_unique_key(const FindDocuments& find);

/// For a find of the first documents, in an order that an index gives, which have one text or one
/// id at one path, and no other condition: that comparison. Such pages can be read one after
/// another by one command, and told apart. Null for any other find.
const Compare* key_of_page(const FindDocuments& find);

}  // namespace rapport
