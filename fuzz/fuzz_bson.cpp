#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "rapport/core/codec.hpp"
#include "rapport/core/error.hpp"
#include "rapport/core/json.hpp"
#include "rapport/domain/lead.hpp"
#include "rapport/domain/message.hpp"

namespace {

using namespace rapport;

/// Reads an entity that a database may hold; one that can be read is written so that it reads the
/// same.
template <class T>
void decode(const Document& document) noexcept {
    T entity;
    Document written;
    try {
        entity = from_document<T>(document);
        written = to_document(entity);
    } catch (const Error&) {
        return;
    }
    if (from_document<T>(written) != entity) std::abort();
}

}  // namespace

/// Any bytes are a document, an entity, or refused by one of our errors.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    try {
        const Document document(std::string(reinterpret_cast<const char*>(data), size));
        decode<Lead>(document);
        decode<Message>(document);
        to_json(document);
    } catch (const Error&) {
        return 0;
    }
    return 0;
}
