// The writer's own memory, in the child only. All of it comes from mmap, never from malloc: a custom allocator of the
// service may hold a lock in the child, and pages of malloc's that are shared with the parent would be copied. Nothing is
// freed, because the child ends after the graph. Without memory the child ends (problem.h).
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace graph {

// Zeroed.
void* TakeMemory(size_t bytes);
// Moves a mapping to a larger one; the added part is zeroed.
void* GrowMemory(void* memory, size_t bytes, size_t grown_bytes);
// Everything taken so far.
size_t MemoryTaken();

// Small zeroed pieces of one mapping after the other; they must not be larger than kPieceLimit.
constexpr size_t kPieceLimit = 1 << 16;
void* TakePiece(size_t bytes);

// Grows by doubling. T has no constructor that matters, and zero is a valid value of it.
template <typename T>
struct List {
  T* items = nullptr;
  size_t count = 0;
  size_t capacity = 0;

  void Add(const T& item) {
    if (count == capacity) Grow();
    items[count++] = item;
  }
  T& operator[](size_t index) { return items[index]; }
  const T& operator[](size_t index) const { return items[index]; }

  void Grow() {
    const size_t grown = capacity == 0 ? 1024 : 2 * capacity;
    items = static_cast<T*>(capacity == 0 ? TakeMemory(grown * sizeof(T))
                                          : GrowMemory(items, capacity * sizeof(T), grown * sizeof(T)));
    capacity = grown;
  }
};

// In place, no recursion, no memory: a heap sort. `less` orders two items.
template <typename T, typename Less>
void Sort(List<T>& list, Less less) {
  const auto sink = [&](size_t at, size_t end) {
    for (size_t child; (child = 2 * at + 1) < end; at = child) {
      if (child + 1 < end && less(list[child], list[child + 1])) child++;
      if (!less(list[at], list[child])) return;
      const T moved = list[at];
      list[at] = list[child];
      list[child] = moved;
    }
  };
  for (size_t at = list.count / 2; at > 0; at--) sink(at - 1, list.count);
  for (size_t end = list.count; end > 1; end--) {
    const T last = list[end - 1];
    list[end - 1] = list[0];
    list[0] = last;
    sink(0, end - 1);
  }
}

// Open addressing from a 64-bit key, never 0, to the place of an entry in `entries`. Entry has a member function Key().
template <typename Entry>
struct Table {
  List<Entry> entries;
  List<uint32_t> places;  // 0: free; otherwise an index into entries, plus one

  // The index of the entry with this key, or entries.count.
  size_t Find(uint64_t key, size_t hash) const {
    if (places.capacity == 0) return entries.count;
    for (size_t at = hash;; at++) {
      const uint32_t place = places[at & (places.capacity - 1)];
      if (place == 0) return entries.count;
      if (entries[place - 1].Key() == key) return place - 1;
    }
  }
  // The key must not be present.
  size_t Insert(const Entry& entry, size_t hash) {
    entries.Add(entry);
    if (2 * entries.count > places.capacity) Rebuild();
    else Put(entries.count, hash);
    return entries.count - 1;
  }

 private:
  void Put(size_t place, size_t hash) {
    size_t at = hash;
    while (places[at & (places.capacity - 1)] != 0) at++;
    places[at & (places.capacity - 1)] = static_cast<uint32_t>(place);
  }
  void Rebuild() {
    places.Grow();
    for (size_t at = 0; at < places.capacity; at++) places[at] = 0;
    for (size_t at = 0; at < entries.count; at++) Put(at + 1, entries[at].Hash());
  }
};

}  // namespace graph
