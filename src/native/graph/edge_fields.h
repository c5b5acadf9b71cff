// What all kinds of object share when their edges are enumerated: which of their words have an edge already, and how a
// word becomes one.
#pragma once

#include "names.h"
#include "scopes.h"
#include "types.h"

namespace graph {

// In the order of the snapshot's header.
enum EdgeKind : uint8_t { kContextEdge, kElementEdge, kPropertyEdge, kInternalEdge, kHiddenEdge, kShortcutEdge, kWeakEdge };

template <typename Sink>
class FieldEdges {
 protected:
  FieldEdges(Word object, Sink& sink)
      : sink_(sink), object_(object), class_(WordAt(object, 0)), type_(TypeOf(object)), words_(FixedWords(class_)) {}

  Sink& sink_;
  const Word object_, class_;
  const int type_;
  const size_t words_;
  // Words that have an edge with a name. A fixed size is at most 255 words.
  uint64_t seen_[4] = {};

  void See(size_t offset) { seen_[offset / kWord / 64 & 3] |= uint64_t{1} << offset / kWord % 64; }
  bool IsSeen(size_t word) const { return word < 256 && (seen_[word / 64] >> word % 64 & 1) != 0; }

  void Value(EdgeKind kind, Name name, Word word) {
    if (!IsSmall(word)) sink_.Edge((word & kWeakBit) != 0 ? kWeakEdge : kind, name, word & ~kWeakBit);
    else if (kind <= kPropertyEdge) sink_.Small(kind, name, word);
  }
  void Field(EdgeKind kind, Name name, size_t offset) {
    See(offset);
    Value(kind, name, WordAt(object_, offset));
  }
  void Field(EdgeKind kind, Name name, int offset) { Field(kind, name, static_cast<size_t>(offset)); }

  // Looks strong, but is not.
  void WeakField(Name name, int offset) {
    See(static_cast<size_t>(offset));
    const Word word = WordAt(object_, static_cast<size_t>(offset));
    if (!IsSmall(word)) sink_.Edge(kWeakEdge, name, word & ~kWeakBit);
  }

  // The words from `begin` to `end` that have no edge yet. Their edges are numbered from `index` on; returns what comes next.
  uint64_t Rest(size_t end, size_t begin = 1, uint64_t index = 1) {
    for (size_t i = begin; i < end; i++) {
      if (IsSeen(i)) continue;
      const Word word = WordAt(object_, kWord * i);
      if (IsWeak(word)) sink_.Edge(kWeakEdge, NameOf(kIndexText, index++), word & ~kWeakBit);
      else if (IsStrong(word)) sink_.Edge(kHiddenEdge, NameOf(kIndexNumber, index++), word);
    }
    return index;
  }
  void Words(size_t begin, size_t count) {
    for (size_t i = 0; i < count; i++) {
      const Word word = WordAt(object_, begin + kWord * i);
      if (!IsSmall(word)) Value(kInternalEdge, NameOf(kIndexText, i), word);
    }
  }

  Name Key(Word key) {
    if (!Sink::kNames) return 0;
    if (TypeOf(key) != types.symbol) return HeapName(key);
    const Word description = WordAt(key, kFirstWord);
    if (!IsNode(description) || !IsText(TypeOf(description))) return tAnonymous;
    // Private names stand as they are; which bit of a symbol says that it is one differs between versions.
    Characters characters;
    const bool is_private = TextLength(description) > 0 && CharactersOf(description, &characters) && characters[0] == '#';
    return is_private ? HeapName(description) : Composed(kSymbolFrame, description);
  }
};

}  // namespace graph
