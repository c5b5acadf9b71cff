// Text on its way to the descriptor, through one fixed buffer.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

namespace graph {

class Output {
 public:
  void Open(int descriptor) { descriptor_ = descriptor; }
  // Makes room for that many bytes, at most kRoom, so that the functions below need not look.
  static constexpr size_t kRoom = 256;
  void Room(size_t bytes) {
    if (filled_ + bytes > sizeof(buffer_)) Flush();
  }
  void Char(char character) { buffer_[filled_++] = character; }
  void Number(uint64_t value) {
    char digits[20];
    size_t at = sizeof(digits);
    do {
      digits[--at] = static_cast<char>('0' + value % 10);
      value /= 10;
    } while (value != 0);
    memcpy(buffer_ + filled_, digits + at, sizeof(digits) - at);
    filled_ += sizeof(digits) - at;
  }
  // These make room themselves.
  void Text(const char* text) { Text(text, strlen(text)); }
  void Text(const char* text, size_t bytes);
  // One UTF-16 unit within a string of JSON.
  void Escaped(uint32_t unit);
  void Flush();
  // Sent so far.
  uint64_t Bytes() const { return sent_ + filled_; }

 private:
  int descriptor_ = -1;
  size_t filled_ = 0;
  uint64_t sent_ = 0;
  char buffer_[1 << 16];
};
extern Output out;

}  // namespace graph
