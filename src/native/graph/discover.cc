// Depth first, with a ring of objects whose memory is on its way to the cache: without it the walk waits for memory nine
// tenths of the time (2.2 s for 3.4 million objects, against 0.2 s).
//
// A word that may be a pointer is marked without a look at its target; once the target is in the cache, Admit() decides
// whether it is an object and takes the mark away if it is not. An object is admitted only if its hidden class is one and
// all of its words are in known memory; so later passes read it without checks. Raw words in objects (native pointers,
// doubles) thus do no harm.
//
// What is weak and does not look so, by its type:
//   WeakRef, WeakCell      their targets (and a WeakCell's unregister token) are strong pointers
//   WeakMap, WeakSet       keys and values are: see DiscoverPairs()
//   native context         ends with links to other contexts and to code
//   allocation site        ends with a link to the next one
// Weak and traced handles, to which vm contexts belong, are no roots: roots.cc.

#include "discover.h"

#include "edges.h"
#include "memory.h"

namespace graph {

DiscoverFigures discovered;

namespace {

constexpr size_t kAhead = 16;
List<Word> pending;
List<Word> tables;  // of WeakMaps and WeakSets

// Values of WeakMaps whose keys were not reached yet, in lists by key; only if keys hold each other's keys in a long chain.
constexpr int kMostRounds = 4;
struct WaitingKey {
  Word key;
  size_t last;  // of its values, plus one
  uint64_t Key() const { return key; }
  size_t Hash() const { return HashOf(key >> 3); }
};
struct WaitingValue {
  Word value;
  size_t before;  // the next of the same key, plus one
};
Table<WaitingKey> waiting;
List<WaitingValue> waiting_values;
bool values_wait = false;
size_t tables_read = 0;  // whose pairs all are reached, or wait

inline void Mark(Word word) {
  if (!IsStrong(word)) return;
  Chunk* chunk = ChunkOf(word);
  if (chunk == nullptr || !SetBit(&chunk->nodes, word)) return;
  __builtin_prefetch(reinterpret_cast<const void*>(word - 1));
  pending.Add(word);
}

bool Reject(Word word) {
  ClearBit(ChunkAt(word - 1)->nodes, word);
  discovered.false_marks++;
  return false;
}

bool Admit(Word word) {
  const Word hidden_class = WordAt(word, 0);
  if (!IsHiddenClass(hidden_class)) return Reject(word);
  const int type = Read<uint16_t>(hidden_class, static_cast<size_t>(at.map_type));
  if (!IsKnown(word, SizeOf(word, hidden_class, type))) return Reject(word);
  if (IsText(type)) SetBit(&ChunkAt(word - 1)->strings, word);
  discovered.objects++;
  return true;
}

void MarkWords(Word object, size_t begin, size_t end) {
  for (size_t i = begin; i < end; i++) Mark(WordAt(object, kWord * i));
}

// Leaves out the words at two offsets.
void MarkWordsBut(Word object, size_t words, int first, int second) {
  for (size_t i = 1; i < words; i++) {
    const int offset = static_cast<int>(kWord * i);
    if (offset != first && offset != second) Mark(WordAt(object, kWord * i));
  }
}

void MarkJavaScript(Word object, Word hidden_class, int type, size_t words) {
  if (type == types.weak_ref) return MarkWordsBut(object, words, types.ref_target, types.ref_target);
  if (type == types.buffer) {
    MarkWords(object, 1, static_cast<size_t>(at.buffer_bytes) / kWord);
  } else if (IsView(type)) {
    MarkWords(object, 1, 3);
    Mark(WordAt(object, static_cast<size_t>(types.view_buffer)));
    if (type == types.typed_array) Mark(WordAt(object, static_cast<size_t>(at.view_base)));
  } else {
    return MarkWords(object, 1, words);
  }
  MarkWords(object, FirstInside(hidden_class), words);
}

void MarkArray(Word object, int type, Body body, size_t size) {
  const size_t words = size / kWord, length = LengthOf(object);
  switch (body) {
    case kArray:
      return MarkWords(object, 2, 2 + length);
    case kOutside:
      return MarkWords(object, 2, 2 + (length & 1023));
    case kList:
      return MarkWords(object, 3, 3 + length);
    case kPairs:
      return tables.Add(object);
    case kContext:
      for (size_t i = 0; i < length; i++) {
        const Word word = Item(object, i);
        if (!EdgesOf<int>::IsWeakLink(word, type, i, length)) Mark(word);
      }
      return;
    default:
      return MarkWords(object, 1, words);
  }
}

void MarkContent(Word object) {
  const Word hidden_class = WordAt(object, 0);
  const int type = Read<uint16_t>(hidden_class, static_cast<size_t>(at.map_type));
  const size_t words = FixedWords(hidden_class);
  Mark(hidden_class);
  if (IsJavaScript(type)) return MarkJavaScript(object, hidden_class, type, words);
  const Body body = infos[type].body;
  if (IsText(type)) {
    const int representation = type & kRepresentation;
    if (representation == kCons) MarkWords(object, 2, 4);
    else if (representation == kSliced || representation == kThin) MarkWords(object, 2, 3);
  } else if (body == kLeading) {
    MarkWords(object, 1, infos[type].leading);
  } else if (type == types.weak_cell) {
    MarkWordsBut(object, words, types.cell_target, types.cell_token);
  } else if (body == kFixed && words != 0) {
    MarkWords(object, 1, words);
  } else if (body != kNothing) {
    MarkArray(object, type, body, body == kFixed ? SizeOf(object, hidden_class, type) : 0);
  }
}

void MarkWaiting(Word key) {
  const size_t index = waiting.Find(key, HashOf(key >> 3));
  if (index == waiting.entries.count) return;
  for (size_t at = waiting.entries[index].last; at != 0; at = waiting_values[at - 1].before) Mark(waiting_values[at - 1].value);
}

void Wait(Word key, Word value) {
  const size_t hash = HashOf(key >> 3);
  size_t index = waiting.Find(key, hash);
  if (index == waiting.entries.count) index = waiting.Insert(WaitingKey{key, 0}, hash);
  waiting_values.Add(WaitingValue{value, waiting.entries[index].last});
  waiting.entries[index].last = waiting_values.count;
}

void Walk() {
  Word ring[kAhead];
  size_t head = 0, filled = 0;
  for (;;) {
    while (filled < kAhead && pending.count > 0) {
      const Word object = pending[--pending.count];
      __builtin_prefetch(reinterpret_cast<const void*>(object - 1));
      __builtin_prefetch(reinterpret_cast<const void*>(object + 63));
      ring[(head + filled++) % kAhead] = object;
    }
    if (filled == 0) return;
    const Word object = ring[head++ % kAhead];
    filled--;
    if (Admit(object)) {
      MarkContent(object);
      if (values_wait) MarkWaiting(object);
    }
    if (pending.count > discovered.most_pending) discovered.most_pending = pending.count;
  }
}

// Pairs whose values were not reached yet.
template <typename Visit>
void EachPair(Word table, Visit visit) {
  const size_t count = LengthOf(table);
  for (size_t i = 3; i + 1 < count; i += 2) {
    const Word key = Item(table, i), value = Item(table, i + 1);
    if (IsStrong(key) && IsStrong(value) && !IsNode(value)) visit(key, value);
  }
}

}  // namespace

void DiscoverFrom(Word root) {
  Mark(root);
  Walk();
}

// In rounds, most often two or three. A long chain would need as many as it has links, so from then on each value waits for
// its key.
void DiscoverPairs() {
  bool changed = true;
  for (int round = 0; changed && !values_wait; round++) {
    changed = false;
    values_wait = round == kMostRounds;
    // The list grows while values are walked.
    for (size_t i = 0; i < tables.count && !values_wait; i++) {
      const size_t before = discovered.objects;
      EachPair(tables[i], [](Word key, Word value) {
        if (IsNode(key)) DiscoverFrom(value);
      });
      changed = changed || discovered.objects > before;
    }
  }
  for (; values_wait && tables_read < tables.count; tables_read++) {
    EachPair(tables[tables_read], [](Word key, Word value) {
      if (IsNode(key)) DiscoverFrom(value);
      else Wait(key, value);
    });
  }
}

}  // namespace graph
