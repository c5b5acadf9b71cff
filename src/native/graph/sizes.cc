// Sizes of objects by their layout. Those that cannot be derived from it (feedback vectors, code, and some more: 1 % of
// the objects) come from V8's function, where it is found. checks.cc compares the two for a sample of all others.

#include "scopes.h"
#include "types.h"

namespace graph {

bool counts_outside = false;

size_t ShownSize(Word object, int type, size_t size) {
  if (!counts_outside) return size;
  if (IsReadOnly(object)) return 0;
  if (!IsText(type) || (type & kRepresentation) != kExternal) return size;
  const size_t characters = Read<uint32_t>(object, static_cast<size_t>(at.string_length));
  return size + ((type & kOneByte) != 0 ? characters : 2 * characters);
}

size_t OwnSize(Word object, Word hidden_class, int type) {
  const size_t words = FixedWords(hidden_class);
  if (words != 0) return words * kWord;
  if (IsText(type)) {
    if ((type & kRepresentation) != kSequential) return 4 * kWord;
    const size_t characters = Read<uint32_t>(object, static_cast<size_t>(at.string_length));
    return RoundUp(kFirstWord + ((type & kOneByte) != 0 ? characters : 2 * characters));
  }
  const size_t length = LengthOf(object);
  // Behind its words a native context has one that is not tagged.
  if (type == types.native_context) return kFirstWord + kWord * (length + 1);
  switch (infos[type].body) {
    case kArray:
    case kPairs:
    case kContext:
      return kFirstWord + kWord * length;
    case kOutside:
      return kFirstWord + kWord * (length & 1023);
    case kList:
      return kFirstField + kWord * length;
    default:
      break;
  }
  if (type == types.doubles) return kFirstWord + kWord * length;
  if (type == types.bytes || type == types.trusted_bytes) return RoundUp(kFirstWord + length);
  if (type == types.bytecode) return RoundUp(static_cast<size_t>(at.bytecode_data) + length);
  if (type == types.descriptors) {
    const size_t descriptors = Read<uint16_t>(object, kLength);
    return static_cast<size_t>(at.descriptors_header) + kWord * static_cast<size_t>(at.descriptor_words) * descriptors;
  }
  const bool has_v8 = symbols.size_from_map != nullptr || symbols.layout_size_from_map != nullptr;
  return type == types.scope && !has_v8 ? ScopeSize(object) : 0;
}

}  // namespace graph
